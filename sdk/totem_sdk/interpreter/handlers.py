"""The handler of every opcode, all of one shape: operands, charge, effect.

The walker takes an operation's *operands*, has its *charge* paid where the operation is a site (the size is that of
the operands, so the charge is known before the work), then lets the *effect* happen and stores what it returns in the
destination. The charge needs no code of its own here: ``OPCODES`` says what it counts.
"""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from totem_sdk.caught import is_caught
from totem_sdk.interpreter import bits, dates, effects, mathematics, texts
from totem_sdk.interpreter.arithmetic import (
    checked,
    divide,
    exact_sum,
    floor_divide,
    modulo,
    range_rounds,
    round_half_even,
    round_to,
    rounded_down,
    rounded_up,
)
from totem_sdk.interpreter.deques import DEQUE_COUNTED, DEQUE_EFFECTS
from totem_sdk.interpreter.dicts import DICT_COUNTED, DICT_EFFECTS
from totem_sdk.interpreter.folded import Folded
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.interpreter.held import put_bytes
from totem_sdk.interpreter.lists import COUNTED, LIST_EFFECTS
from totem_sdk.interpreter.regex_effects import REGEX_EFFECTS
from totem_sdk.interpreter.text_effects import TEXT_EFFECTS, TEXT_SIZES
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Op
from totem_sdk.types import List
from totem_sdk.values import text_bytes

__all__ = ["HANDLERS", "Effect", "Handler", "Operands", "measure"]

Operands = Callable[[Frame, Op], Sequence[Datum]]
Effect = Callable[..., Datum]
"""Called with the frame, the operation and its operands; what can't be done raises ``Fault``."""


@dataclass(frozen=True, slots=True)
class Handler:
    """How one opcode is executed."""

    effect: Effect
    operands: Operands


_OPERANDS: dict[str, tuple[int, ...]] = {"first": (0,), "second": (1,), "third": (2,), "entry": (1, 2)}
"""Of which operands a sizing counts the texts."""


def measure(op: Op, operands: Sequence[Datum]) -> tuple[int, int]:
    """Return over how many values (of folds and lists) and how many bytes a sized operation is charged."""
    if op.code in DICT_COUNTED:
        return DICT_COUNTED[op.code](op, *operands)
    if op.code in DEQUE_COUNTED:
        return DEQUE_COUNTED[op.code](op, *operands)
    if op.code in COUNTED and isinstance(op.type, List):
        return COUNTED[op.code](op, *operands)
    sizing = OPCODES[op.code].sizing
    if sizing in _OPERANDS:
        return 0, sum(put_bytes(operands[position]) for position in _OPERANDS[sizing])
    match sizing:
        case "min":
            return 0, _shorter_bytes(operands[0], operands[1])
        case "all" | "row":
            return 0, sum(text_bytes(operand) for operand in operands)
        case "fold":
            (values,) = operands
            # What is folded early has no texts.
            if isinstance(values, Folded):
                return values.number, 0
            return len(values), sum(text_bytes(value) for value in values)
        case "" | "items":
            return 0, 0
        case _:
            return 0, TEXT_SIZES[sizing](operands)


def _shorter_bytes(a: Datum, b: Datum) -> int:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return sum(_shorter_bytes(x, y) for x, y in zip(a, b, strict=True))
    return min(text_bytes(a), text_bytes(b))


def _registers(frame: Frame, op: Op) -> list[Datum]:
    return [frame.registers[register] for register in op.args]


def _row(frame: Frame, op: Op) -> list[Datum]:
    return [frame.role.row[position] for position in frame.role.charged(op)]


def _pair(frame: Frame, _op: Op) -> Sequence[Datum]:
    return frame.role.pair


def _key(frame: Frame, _op: Op) -> Sequence[Datum]:
    return (frame.role.group[0],)


def _value(frame: Frame, _op: Op) -> Sequence[Datum]:
    return frame.role.next_values()


def _values(frame: Frame, _op: Op) -> Sequence[Datum]:
    return (frame.role.all_values(),)


def _plain(function: Callable[..., Datum]) -> Handler:
    """Return the handler of an operation that needs nothing but its operands."""
    return Handler(lambda _frame, _op, *operands: function(*operands), _registers)


def _with(effect: Effect) -> Handler:
    """Return the handler of an operation on registers that needs the frame or its immediates too."""
    return Handler(effect, _registers)


def _folding(function: Callable[[Sequence[Datum]], Datum]) -> Handler:
    """Return the handler of an operation that draws all values; where they were folded early, it is done already."""

    def effect(frame: Frame, _op: Op, values: Sequence[Datum] | Folded) -> Datum:
        frame.role.draw(values.number if isinstance(values, Folded) else len(values))
        return values.result() if isinstance(values, Folded) else function(values)

    return Handler(effect, _values)


def _drawn(frame: Frame, _op: Op, value: Datum) -> Datum:
    frame.role.draw(1)
    return value


def _same(value: Datum) -> Datum:
    return value


HANDLERS: dict[str, Handler] = {
    "read_row": Handler(lambda frame, _op, *_cells: frame.role.read(), _row),
    "read_pair": Handler(lambda frame, _op, _key, _value: frame.role.read(), _pair),
    "read_key": Handler(lambda _frame, _op, key: key, _key),
    "read_value": Handler(_drawn, _value),
    "fold_sum": _folding(exact_sum),
    "fold_min": _folding(lambda values: effects.smallest(*values)),
    "fold_max": _folding(lambda values: effects.largest(*values)),
    "emit": _with(lambda frame, _op, key, value: frame.role.emits.append((key, value))),
    "assign": _plain(_same),
    "store": _with(lambda frame, op, value: frame.role.store(op.imm[0], value)),
    "const": _with(lambda _frame, op: op.imm[0]),
    "move": _plain(_same),
    "widen": _with(lambda frame, op, value: effects.widened(value, frame.type_of(op), op.type)),
    "column": _with(lambda frame, op: frame.role.row[op.imm[0]]),
    "pair_key": _with(lambda frame, _op: frame.role.pair[0]),
    "pair_value": _with(lambda frame, _op: frame.role.pair[1]),
    "more_values": _with(lambda frame, _op: frame.role.has_values()),
    "load": _with(lambda frame, op: frame.role.load(op.imm[0])),
    "param": _with(lambda frame, op: frame.role.params[op.imm[0]]),
    "tuple": _plain(lambda *items: items),
    "item": _with(lambda _frame, op, items: items[op.imm[0]]),
    "unwrap": _plain(_same),
    "range_at": _plain(lambda start, step, counter: start + step * counter),
    "caught": _with(lambda _frame, op, code: is_caught(code, op.imm[0])),
    "raise": _plain(effects.raised),
    "add": _plain(dates.with_spans(lambda a, b: checked(a + b), operator.add)),
    "sub": _plain(dates.with_spans(lambda a, b: checked(a - b), operator.sub)),
    "mul": _plain(dates.with_spans(lambda a, b: checked(a * b), operator.mul)),
    "div": _plain(dates.with_spans(divide, operator.truediv)),
    "floordiv": _plain(dates.with_spans(floor_divide, operator.floordiv)),
    "mod": _plain(dates.with_spans(modulo, operator.mod)),
    "neg": _plain(dates.with_spans(lambda a: checked(-a), operator.neg)),
    "abs": _plain(dates.with_spans(lambda a: checked(abs(a)), abs)),
    "round": _plain(round_half_even),
    "round_to": _with(lambda _frame, op, a: round_to(a, op.imm[0])),
    "divmod": _plain(lambda a, b: (floor_divide(a, b), modulo(a, b))),
    "pow": _plain(mathematics.power),
    "pow_by": _with(lambda _frame, op, a: mathematics.whole_power(a, op.imm[0])),
    "math": _with(lambda _frame, op, *operands: mathematics.compute(op.imm[0], operands)),
    "math_int": _with(lambda _frame, op, *operands: mathematics.compute_int(op.imm[0], operands)),
    "floor": _plain(rounded_down),
    "ceil": _plain(rounded_up),
    "float_is": _with(lambda _frame, op, a: mathematics.float_is(a, op.imm[0])),
    "bit_and": _plain(lambda a, b: a & b),
    "bit_or": _plain(lambda a, b: a | b),
    "bit_xor": _plain(lambda a, b: a ^ b),
    "bit_not": _plain(lambda a: ~a),
    "shl": _plain(bits.shifted_left),
    "shr": _plain(bits.shifted_right),
    "bit_length": _plain(lambda a: a.bit_length()),
    "is_integer": _plain(lambda a: a.is_integer()),
    "eq": _plain(effects.equal),
    "ne": _plain(lambda a, b: not effects.equal(a, b)),
    "lt": _plain(effects.less),
    "le": _plain(effects.at_most),
    "gt": _plain(lambda a, b: effects.less(b, a)),
    "ge": _plain(lambda a, b: effects.at_most(b, a)),
    "min": _plain(effects.smaller),
    "max": _plain(effects.larger),
    "is_none": _plain(lambda a: a is None),
    "truth": _plain(bool),
    "not": _plain(lambda a: not a),
    "and": _plain(_same),
    "or": _plain(_same),
    "to_int": _plain(effects.to_int),
    "to_float": _plain(effects.to_float),
    "to_str": _with(lambda frame, _op, a: effects.to_str(frame, a)),
    "concat": _with(lambda frame, _op, a, b: effects.made(frame, a + b)),
    "len": _plain(len),
    "lower": _with(lambda frame, _op, a: effects.made(frame, texts.lower(a))),
    "upper": _with(lambda frame, _op, a: effects.made(frame, texts.upper(a))),
    "strip": _with(lambda _frame, op, a: texts.strip(a, *op.imm)),
    "startswith": _plain(lambda a, b: a.startswith(b)),
    "endswith": _plain(lambda a, b: a.endswith(b)),
    "split": _with(lambda frame, op, a: effects.pieces(frame, a, op.imm[0] if op.imm else None)),
    "at": _plain(effects.at),
    "unpack": _with(lambda _frame, op, items: effects.counted(items, op.imm[0])),
    "date_part": _with(lambda _frame, op, a: dates.date_part(a, op.imm[0])),
    "make_date": _plain(dates.made(datetime.date)),
    "make_datetime": _plain(dates.made(datetime.datetime)),
    "make_span": _plain(dates.made(datetime.timedelta)),
    "range_start": _plain(range_rounds),
    "range_test": _plain(lambda counter, rounds: counter < rounds),
    "range_step": _plain(lambda counter: counter + 1),
    "call": _with(lambda frame, op, *arguments: frame.role.call(op.imm[0], arguments)),
    **{name: _with(effect) for name, effect in TEXT_EFFECTS.items()},
    **{code: _with(effect) for code, effect in LIST_EFFECTS.items()},
    **{code: _with(effect) for code, effect in DEQUE_EFFECTS.items()},
    **{code: _with(effect) for code, effect in DICT_EFFECTS.items()},
    **{name: _with(effect) for name, effect in REGEX_EFFECTS.items()},
}
