"""What operations on patterns do: all go by the automaton (``totem_sdk.regex``) that the kernel goes by as well."""

from __future__ import annotations

from collections.abc import Callable

from totem_sdk.errors import InternalError
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.interpreter.text_effects import PART_BYTES
from totem_sdk.program import Op
from totem_sdk.regex import Automaton, automaton, find_all, find_first, split_at

__all__ = ["REGEX_EFFECTS"]


def _machine(op: Op) -> Automaton:
    match op.imm:
        case (str() as pattern, int() as flags, *how):
            return automaton(pattern, flags, whole=how == ["fullmatch"])
    raise InternalError(f"line {op.line}: an operation on a pattern has none")


def _cut(text: str, span: tuple[int, int]) -> str | None:
    return None if span[0] < 0 else text[span[0] : span[1]]


def _match(_frame: Frame, op: Op, text: str) -> Datum:
    spans = find_first(_machine(op), text, anywhere=op.imm[2] == "search")
    if spans is None:
        return None
    whole, *groups = (_cut(text, span) for span in spans)
    return (whole, tuple(groups), *spans) if groups else (whole, *spans)


def _findall(frame: Frame, op: Op, text: str) -> tuple[str, ...]:
    found = tuple(_cut(text, spans[-1]) or "" for spans in find_all(_machine(op), text))
    frame.role.allocate(PART_BYTES * len(found))
    return found


def _split(frame: Frame, op: Op, text: str) -> tuple[str, ...]:
    found = split_at(_machine(op), text)
    frame.role.allocate(PART_BYTES * len(found))
    return found


REGEX_EFFECTS: dict[str, Callable[..., Datum]] = {"re_match": _match, "re_findall": _findall, "re_split": _split}
"""By opcode; called with the frame, the operation and its operands."""
