"""What the opcodes of ``totem_sdk.text_opcodes`` do, and the bytes of what they make (abstract machine, §8 and §9).

Memory is counted before anything is made, so that no text is built which the machine doesn't hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence

from totem_sdk.interpreter import effects, texts
from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.interpreter.unicode_texts import belongs, recased
from totem_sdk.limits import MEMORY_BYTES
from totem_sdk.program import Op
from totem_sdk.values import text_bytes

__all__ = ["TEXT_EFFECTS", "TEXT_SIZES"]

PART_BYTES = 8
"""Logical bytes of a list for each of its texts."""


def _replaced(operands: Sequence[Datum]) -> int:
    text, old, new, count = operands
    return int(text_bytes(text) + count * (text_bytes(new) - text_bytes(old)))


def _repeated(operands: Sequence[Datum]) -> int:
    text, times = operands
    return text_bytes(text) * max(0, int(times))


def _padded(operands: Sequence[Datum]) -> int:
    text, width, fill, length = operands
    return text_bytes(text) + max(0, int(width - length)) * text_bytes(fill)


def _joined(operands: Sequence[Datum]) -> int:
    separator, parts = operands
    return text_bytes(parts) + max(0, len(parts) - 1) * text_bytes(separator)


TEXT_SIZES: dict[str, Callable[[Sequence[Datum]], int]] = {
    "replaced": lambda operands: min(MEMORY_BYTES, _replaced(operands)),
    "repeated": lambda operands: min(MEMORY_BYTES, _repeated(operands)),
    "padded": lambda operands: min(MEMORY_BYTES, _padded(operands)),
    "joined": lambda operands: min(MEMORY_BYTES, _joined(operands)) + PART_BYTES * len(operands[1]),
    "wanted": lambda operands: text_bytes(operands[0]) + _far(operands[0]) + int(operands[1]),
}
"""By sizing (``text_opcodes.TextSizing``): what the operation is charged for."""


def _find(_frame: Frame, op: Op, text: str, wanted: str) -> int:
    how = str(op.imm[0])
    if how == "count":
        return text.count(wanted)
    position = (text.rfind if how.startswith("r") else text.find)(wanted)
    if position < 0 and how.endswith("index"):
        raise Fault("value")
    return position


def _slice(frame: Frame, op: Op, text: str, start: int, stop: int) -> str:
    step = int(op.imm[0] or 1)
    part = text[start:stop:step]
    return part if step == 1 else effects.made(frame, part)


def _remove(_frame: Frame, op: Op, text: str, affix: str) -> str:
    return text.removeprefix(affix) if op.imm[0] == "removeprefix" else text.removesuffix(affix)


def _replace(frame: Frame, _op: Op, *operands: Datum) -> str:
    frame.role.allocate(_replaced(operands))
    text, old, new, count = operands
    return str(text).replace(old, new, count)


def _repeat(frame: Frame, _op: Op, text: str, times: int) -> str:
    frame.role.allocate(_repeated((text, times)))
    return text * times if text else ""


def _pad(frame: Frame, op: Op, *operands: Datum) -> str:
    frame.role.allocate(_padded(operands))
    text, width, fill = str(operands[0]), int(operands[1]), str(operands[2])
    match op.imm[0]:
        case "ljust":
            return text.ljust(width, fill)
        case "rjust":
            return text.rjust(width, fill)
        case "center":
            return text.center(width, fill)
        case _:
            return text.zfill(width)


def _join(frame: Frame, _op: Op, separator: str, parts: Sequence[str]) -> str:
    frame.role.allocate(_joined((separator, parts)))
    return separator.join(parts)


def _cut(frame: Frame, op: Op, text: str) -> tuple[str, ...]:
    how, separator, limit = op.imm
    found = texts.pieces(text, str(how), None if separator is None else str(separator), int(limit or 0))
    frame.role.allocate(PART_BYTES * len(found))
    return found


def _partition(_frame: Frame, op: Op, text: str, separator: str) -> tuple[str, str, str]:
    if not separator:
        raise Fault("value")
    return text.partition(separator) if op.imm[0] == "partition" else text.rpartition(separator)


def _far(value: Datum) -> int:
    """Return a quarter of how far a float's binary exponent is from 0: writing its digits takes that much longer."""
    if not isinstance(value, float) or value == 0.0 or not math.isfinite(value):
        return 0
    return abs(max(math.frexp(value)[1] - 1, -1022)) // 4


def _format(frame: Frame, op: Op, value: Datum, _wanted: int) -> str:
    fill, align, sign, prefix, width, grouping, precision, type_ = op.imm
    digits = "" if precision == -1 else f".{precision}"
    return effects.made(
        frame, format(value, f"{fill}{align}{sign}{'#' if prefix else ''}{width or ''}{grouping}{digits}{type_}")
    )


def _ord(_frame: Frame, _op: Op, text: str) -> int:
    if len(text) != 1:
        raise Fault("type")
    return ord(text)


def _chr(frame: Frame, _op: Op, code: int) -> str:
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise Fault("value")
    return effects.made(frame, chr(code))


TEXT_EFFECTS: dict[str, Callable[..., Datum]] = {
    "contains": lambda _frame, _op, part, text: part in text,
    "find": _find,
    "text_is": lambda _frame, op, text: belongs(text, op.imm[0]),
    "char_at": lambda _frame, _op, text, position: effects.at(text, position),
    "slice": _slice,
    "remove": _remove,
    "recase": lambda frame, op, text: effects.made(frame, recased(text, op.imm[0])),
    "json_text": lambda frame, _op, text: effects.made(frame, json.dumps(text)),
    "replace": _replace,
    "repeat": _repeat,
    "pad": _pad,
    "join": _join,
    "cut": _cut,
    "partition": _partition,
    "build": lambda frame, _op, *parts: effects.made(frame, "".join(parts)),
    "format": _format,
    "ord": _ord,
    "chr": _chr,
}
"""By opcode; called with the frame, the operation and its operands."""
