"""Which opcode class prices an operation: that of its opcode, but of a few what they work on tells a class of its own.

A class is what takes about the same time for each byte that it is charged (docs/meter.md). The same opcode has another
class where it takes far more: a product of floats that are nearly 0 takes a hundred times as long as others, a
remainder of floats may divide two thousand bits, reading a number's text may need long arithmetic, a text is gone
through character by character.
"""

from __future__ import annotations

from collections.abc import Iterator

from totem_sdk.opcodes import OPCODES, dtype
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, NONE, NUM, STR, List, leaves

__all__ = ["ANGLES", "CLASSES", "LINE_COMPARISON", "MAKE", "class_of", "static_leaves", "sum_width"]

ANGLES = ("cos", "sin", "tan")
"""Functions of ``math`` whose operand is reduced by multiples of pi first."""

CLASSES: tuple[str, ...] = tuple(
    sorted(
        {"angle", "letters", "parse", "product", "remainder"}
        | {opcode.cls for opcode in OPCODES.values() if opcode.cls is not None}
    )
)
"""Every class that an estimator table can price."""


MAKE = "make"
"""The class of making a list or dict, or an exact sum of floats, however many items it gets."""

LINE_COMPARISON = 10
"""As how many comparisons one is charged for which two numbers may have to be written (``sort_lines``)."""


def class_of(op: Op) -> str | None:
    """Return the class that prices an operation; None: it is free."""
    match op.code:
        case "mul" | "div" if {FLOAT, NUM} & set(leaves(op.type)):
            return "product"
        case "mod" | "floordiv" | "divmod" if {FLOAT, NUM} & set(leaves(op.type)):
            return "remainder"
        case "math" if op.imm[0] in (*ANGLES, "fmod"):
            return "remainder" if op.imm[0] == "fmod" else "angle"
        case "to_int" | "to_float" if STR in leaves(op.type):
            return "parse"
        case "to_str" if {FLOAT, NUM} & set(leaves(op.type)):
            return "format"
        case "slice" if op.imm[0] != 1:
            return "letters"
        case "strip" if len(op.imm) > 1:
            return "letters"
    return OPCODES[op.code].cls


def sum_width(op: Op) -> int:
    """Return as how many additions that of an item is charged: an exact sum of floats has two words at least."""
    return 2 if {FLOAT, NUM} & set(leaves(op.type)) else 1


def static_leaves(op: Op) -> Iterator[tuple[str, str]]:
    """Yield the (class, dtype) items that one execution charges statically.

    ``read_row`` is not known here: its columns depend on the table (see ``totem_sdk.cost``).
    """
    cls = class_of(op)
    if cls is None:
        return
    match OPCODES[op.code].price:
        case "leaves":
            for leaf in leaves(op.type):
                yield cls, dtype(leaf)
        case "text":
            # Storing a list is storing a reference.
            for leaf in () if isinstance(op.type, List) else leaves(op.type):
                if leaf == STR:
                    yield cls, dtype(leaf)
        case "once":
            yield cls, NONE.name
        case "made":
            yield cls, NONE.name
            yield MAKE, NONE.name
        case "summed":
            yield cls, NONE.name
            if sum_width(op) > 1:
                # The exact sum that is made, and rounded once, however many floats it gets.
                yield MAKE, NONE.name
                yield "round", NONE.name
        case "row" | "fold":
            return
