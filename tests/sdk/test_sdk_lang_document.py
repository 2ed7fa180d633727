"""docs/language.md is the contract: its lists are those of the code."""

import ast
import re
from pathlib import Path

import pytest
from mrjob.job import MRJob

from totem_sdk import TotemJob
from totem_sdk.lang import CODES
from totem_sdk.lang.annotation_forms import TYPING, usual_annotations
from totem_sdk.lang.annotations import read_annotation
from totem_sdk.lang.calls import MAX_CALL_DEPTH, MAX_NESTING
from totem_sdk.lang.forms import MAX_LOOPS
from totem_sdk.lang.reserved import COLLECTIONS, FORBIDDEN, FUNCTIONS, MRJOB_NAMES, MRJOB_OPTIONS, STEP_FUNCTIONS
from totem_sdk.lang.scope import MAX_HELPERS, MAX_WORK
from totem_sdk.lang.sizes import MAX_BLOCKS, MAX_CALL_SLOTS, MAX_REGISTER_SLOTS, MAX_SEPARATOR_BYTES
from totem_sdk.lang.source import MAX_DEPTH, MAX_LINES, MAX_NODES
from totem_sdk.lang.steps import MAX_STEPS
from totem_sdk.limits import SOURCE_BYTES
from totem_sdk.opcodes import OPCODES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "language.md").read_text()


def table(title):
    """Return the rows of the first table of a chapter, without its head."""
    chapter = re.search(rf"^## [0-9]+\. {title}$(.*?)(?=^## |\Z)", DOCUMENT, flags=re.MULTILINE | re.DOTALL)[1]
    rows = [line for line in chapter.split("\n") if line.startswith("|")]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def test_every_opcode_stands_in_the_document_as_it_is_in_the_code():
    def dash(text):
        return text or "—"

    assert table("Opcodes") == [
        [
            f"`{opcode.name}`",
            dash(opcode.cls),
            opcode.price if opcode.cls else "—",
            dash(opcode.sizing),
            dash(", ".join(opcode.fails)),
            opcode.effect,
        ]
        for opcode in OPCODES.values()
    ]


def test_every_refusal_stands_in_the_document_as_it_is_in_the_code():
    assert table("Refusals") == [[f"`{name}`", code.meaning, code.hint] for name, code in CODES.items()]


def test_every_opcode_and_function_is_explained_before_the_lists():
    explained = DOCUMENT[: DOCUMENT.index("## 11. Opcodes")]
    internal = {"move", "pair_key", "pair_value"}  # only name what was read or made
    assert {name for name in OPCODES if f"`{name}`" not in explained} <= internal
    assert all(f"{name.removeprefix('datetime.')}(" in explained for name in FUNCTIONS)


@pytest.mark.parametrize(
    "number",
    [
        MAX_LINES,
        MAX_NODES,
        MAX_DEPTH,
        MAX_STEPS,
        MAX_HELPERS,
        MAX_CALL_DEPTH,
        MAX_NESTING,
        MAX_LOOPS,
        MAX_WORK,
        MAX_BLOCKS,
        MAX_CALL_SLOTS,
        MAX_REGISTER_SLOTS,
        MAX_SEPARATOR_BYTES,
    ],
)
def test_limits_are_those_of_the_code(number):
    assert re.search(rf"\b{number:,}\b", DOCUMENT[DOCUMENT.index("## 13. Limits") :])
    assert SOURCE_BYTES == 256 * 1024


@pytest.mark.parametrize(("what", "number", "read"), [("are checked", 17, True), ("say nothing", 19, False)])
def test_annotations_that_are_listed_are_read(what, number, read):
    listed = re.search(rf"^Annotations that {what}: (.*?)\.$", DOCUMENT, flags=re.MULTILINE)[1]
    names = re.findall(r"`([^`]*)`", listed)
    assert len(names) == number
    for name in names:
        concrete = name.replace("T1", "int").replace("T2", "str").replace("T |", "float |")
        (statement,) = ast.parse(f"x: {concrete} = None").body
        usual = usual_annotations(statement, {*TYPING, *COLLECTIONS}.__contains__, pytest.fail)
        assert isinstance(usual, ast.AnnAssign) == read, name
        assert not read or read_annotation(usual.annotation) is not None, name


def test_every_name_that_mrjob_gives_a_meaning_is_reserved():
    made = (MRJob(args=[]), TotemJob(args=[]))
    names = {name for job in made for name in dir(job) if not name.startswith("__")}
    assert names - MRJOB_OPTIONS - MRJOB_NAMES - set(STEP_FUNCTIONS) == {"steps"}


def test_no_function_of_the_language_is_forbidden():
    assert not FUNCTIONS & FORBIDDEN
