"""Which class prices an operation, where that is not its opcode's own."""

import re
from pathlib import Path

import pytest

from totem_sdk.classes import CLASSES, class_of
from totem_sdk.cost import price
from totem_sdk.lang import compile_job
from totem_sdk.opcodes import OPCODES
from totem_sdk.schema import Schema
from totem_sdk.table import load

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
SCHEMA = Schema.of({"n": "int", "x": "float", "t": "str"})


def classes(expression):
    source = (
        "import math\nfrom totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n"
        f"        yield 1, {expression}\n"
    )
    program = compile_job(source, SCHEMA)
    price(program, load("standard-1"))
    return {op.code: class_of(op) for block in program.blocks for op in block.ops}


@pytest.mark.parametrize(
    ("expression", "code", "wanted"),
    [
        ("row.n % 7", "mod", "div"),
        ("row.x % 7.5", "mod", "remainder"),
        ("row.n // 7", "floordiv", "div"),
        ("row.x // 7.5", "floordiv", "remainder"),
        ("divmod(row.x, 7.5)[0]", "divmod", "remainder"),
        ("math.fmod(row.x, 7.5)", "math", "remainder"),
        ("math.sin(row.x)", "math", "angle"),
        ("math.exp(row.x)", "math", "math"),
        ("math.comb(row.n, 2)", "math_int", "integer"),
        ("row.n * 2", "mul", "mul"),
        ("row.x * 2", "mul", "product"),
        ("row.n / 2", "div", "div"),
        ("row.x / 2", "div", "product"),
        ("str(row.n)", "to_str", "convert"),
        ("str(row.x)", "to_str", "format"),
        ("int(row.x)", "to_int", "convert"),
        ("int(row.t)", "to_int", "parse"),
        ("float(row.t)", "to_float", "parse"),
        ("row.t[::-1]", "slice", "letters"),
        ("row.t[1:3]", "slice", "split"),
        ("row.t.strip()", "strip", "strip"),
        ("row.t.strip('ab')", "strip", "letters"),
        ("row.t.title()", "recase", "letters"),
        ("row.t.upper()", "upper", "case"),
        ("f'{row.x:.2f}'", "format", "format"),
        ("'a' in row.t", "contains", "find"),
    ],
)
def test_what_takes_far_longer_has_a_class_of_its_own(expression, code, wanted):
    assert classes(expression)[code] == wanted


def test_the_making_of_a_list_costs_the_same_whatever_makes_it():
    table = load("standard-1")
    once = table.cost("make", "none")

    def made(expression):
        source = (
            "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n"
            f"        items = [row.n]\n        yield 1, {expression}\n"
        )
        priced = price(compile_job(source, SCHEMA), table)
        return sum(items["make", "none"] for items in priced.block_items) * once

    assert made("items[0]") == once
    assert made("items[1:][0]") == made("sorted(items)[0]") == made("(items + items)[0]") == 2 * once


def test_every_class_is_in_the_document_and_in_the_standard_table():
    chapter = DOCUMENT[DOCUMENT.index("## 11. Opcodes") : DOCUMENT.index("## 12. Refusals")]
    named = set(re.findall(r"^\| `\w+` \| (\w+) \|", chapter, flags=re.MULTILINE))
    named |= set(re.findall(r"^\* class `(\w+)`:", chapter, flags=re.MULTILINE)) | {"make"}
    assert set(CLASSES) == set(load("standard-1").weights)
    assert set(CLASSES) <= named
    assert {opcode.cls for opcode in OPCODES.values() if opcode.cls} <= set(CLASSES)
