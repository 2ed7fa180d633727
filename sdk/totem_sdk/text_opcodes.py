"""The opcodes of texts beyond the first ones: rows of ``totem_sdk.opcodes``.

What makes a text is charged by the bytes of that text, which its operands tell before it is made: a ``replace`` gets
the number of occurrences from a ``find`` before it, a ``pad`` the number of characters from a ``len``.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["TEXT_ROWS", "TextSizing"]

TextSizing = Literal["replaced", "repeated", "padded", "joined", "wanted"]
"""What a sized charge counts of an operation that makes a text: the bytes of the text, at most those of all memory
(``totem_sdk.limits.MEMORY_BYTES``: more is never made). ``joined`` counts 8 more for each part. ``wanted``, of a
format: the bytes of the operand, the width and the precision, of a float a quarter of its binary exponent as well."""

_Row = tuple[str, str | None, Literal["first", "second", "all", ""] | TextSizing, Literal["leaves"], str, str]

TEXT_ROWS: tuple[_Row, ...] = (
    # name          class      sizing      price     fails      effect
    ("contains", "find", "all", "leaves", "", "dst = args[0] in args[1] of texts"),
    (
        "find",
        "find",
        "all",
        "leaves",
        "value",
        "dst = where args[1] is in args[0], by imm[0]: find, rfind, index, rindex; or count",
    ),
    (
        "text_is",
        "find",
        "first",
        "leaves",
        "",
        "dst = whether args[0] is all imm[0]: isalpha, isdigit, … (TEXT_TESTS)",
    ),
    ("char_at", "index", "first", "leaves", "index", "dst = args[0][args[1]] of a text"),
    ("slice", "split", "first", "leaves", "memory", "dst = args[0][args[1]:args[2]:imm[0]] of a text"),
    (
        "remove",
        "match",
        "second",
        "leaves",
        "",
        "dst = args[0] without args[1] at an end, by imm[0]: removeprefix or removesuffix",
    ),
    (
        "recase",
        "letters",
        "first",
        "leaves",
        "memory",
        "dst = args[0] in other case, by imm[0]: title, capitalize or swapcase",
    ),
    ("json_text", "case", "first", "leaves", "memory", "dst = json.dumps(args[0]) of a text"),
    ("replace", "split", "replaced", "leaves", "memory", "dst = args[0].replace(args[1], args[2], args[3])"),
    ("repeat", "concat", "repeated", "leaves", "memory", "dst = args[0] * args[1] of a text and an int"),
    (
        "pad",
        "concat",
        "padded",
        "leaves",
        "memory",
        "dst = args[0] filled up with args[2] to args[1], by imm[0]: ljust, rjust, center, zfill; args[3]: its length",
    ),
    ("join", "concat", "joined", "leaves", "memory", "dst = args[0].join(args[1]) of a list of texts"),
    (
        "cut",
        "split",
        "first",
        "leaves",
        "memory",
        "dst = parts of args[0], by imm[0]: split, rsplit (at imm[1], imm[2] times), splitlines, list (its characters)",
    ),
    (
        "partition",
        "find",
        "all",
        "leaves",
        "value",
        "dst = args[0] in three parts around args[1], by imm[0]: partition or rpartition",
    ),
    ("build", "concat", "all", "leaves", "memory", "dst = all args, which are texts, one after the other"),
    (
        "format",
        "format",
        "wanted",
        "leaves",
        "memory",
        "dst = args[0] by the format in imm (fill, align, sign, #, width, grouping, precision, type); args[1]: size",
    ),
    ("ord", "convert", "", "leaves", "type", "dst = ord(args[0])"),
    ("chr", "convert", "", "leaves", "memory value", "dst = chr(args[0])"),
)
