"""Paper III, section 5.2: the operators of the published snippet, in the order in which they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from totem_sdk.cost import price
from totem_sdk.errors import ProgramError
from totem_sdk.interpreter import run_snippet
from totem_sdk.lang import compile_snippet
from totem_sdk.opcodes import OPCODES
from totem_sdk.table import load
from totem_sdk.task import Escrow, OutOfTotem

SNIPPET = (Path(__file__).parents[2] / "examples" / "paper3.py").read_text()
PUBLISHED = {
    ("assign", "int"): "INTassign",
    ("assign", "float"): "FLOATassign",
    ("compare", "int"): "RelationalOperation",
}
MATH = {(cls, type_): "MathOperation" for cls in ("add", "sub") for type_ in ("int", "float")}


def run(source, escrow=10**6):
    snippet = compile_snippet(source)
    operators = []
    priced = price(snippet.program, load("standard-1"))
    registers = run_snippet(
        priced, Escrow(escrow), trace=lambda op: operators.append((OPCODES[op.code].cls, str(op.type)))
    )
    variables = {name: registers[register] for register, name in snippet.names.items()}
    return variables, [operator for operator in operators if operator[0] is not None]


def test_the_operator_array_has_the_published_18_entries():
    _, operators = run(SNIPPET)
    assert [{**PUBLISHED, **MATH}[operator] for operator in operators] == [
        "INTassign", "INTassign", "MathOperation", "FLOATassign", "INTassign", "RelationalOperation",
        *["MathOperation", "MathOperation", "MathOperation", "RelationalOperation"] * 3,
    ]  # fmt: skip


def test_the_variables_become_what_python_makes_of_them():
    variables, _ = run(SNIPPET)
    expected: dict[str, object] = {}
    exec(SNIPPET, expected)  # noqa: S102 - the published snippet, in our own repository
    assert variables == {name: expected[name] for name in ("a", "b", "c", "d", "i")}


@pytest.mark.slow
def test_a_snippet_that_fails_or_never_ends():
    with pytest.raises(ProgramError, match="zero_division in line 2"):
        run("x = 0\ny = 1 // x")
    with pytest.raises(OutOfTotem):
        run("x = 1\nwhile x > 0:\n    x = 3 - x")
