"""The opcodes of regular expressions: rows of ``totem_sdk.opcodes``.

The pattern is part of the operation (imm[0] its text, imm[1] its flags), and so of the program; each executor makes the
same automaton of it (``totem_sdk.regex``). Whatever the pattern, a text is gone through a fixed number of times, so the
charge goes by the text's bytes alone.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["REGEX_ROWS"]

_Row = tuple[str, str, Literal["first"], Literal["leaves"], str, str]

REGEX_ROWS: tuple[_Row, ...] = (
    # name       class    sizing   price     fails     effect
    ("re_match", "scan", "first", "leaves", "", "dst = the match of a pattern: imm[2] is search, match or fullmatch"),
    ("re_findall", "scan", "first", "leaves", "memory", "dst = the texts of all matches, or of their only group"),
    ("re_split", "scan", "first", "leaves", "memory", "dst = the pieces between all matches"),
)
