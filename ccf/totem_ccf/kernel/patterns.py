"""The automata of a program's patterns, and what the runtime library (``regex.c``) says of a match."""

from __future__ import annotations

from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.regex import MAX_GROUPS, Automaton, automaton
from totem_sdk.regex_opcodes import REGEX_ROWS

__all__ = ["GROUP_BYTES", "MATCH_BYTES", "REGEX_OPCODES", "automaton_of"]

REGEX_OPCODES = frozenset(row[0] for row in REGEX_ROWS)

GROUP_BYTES = 24
"""What the runtime says of a group: its text, where it begins and where it ends."""

MATCH_BYTES = GROUP_BYTES * (MAX_GROUPS + 1)


def automaton_of(op: Op) -> Automaton:
    """Return the automaton of an operation on a pattern."""
    match op.imm:
        case (str() as pattern, int() as flags, *how):
            return automaton(pattern, flags, whole=how == ["fullmatch"])
    raise InternalError(f"line {op.line}: an operation on a pattern has none")
