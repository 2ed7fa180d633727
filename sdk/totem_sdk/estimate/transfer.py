"""What each operation makes of what is known: one rule an opcode, the mirror of the interpreter's handlers.

A rule gets the type of the destination, the operation and what is known of its operands. Where it has nothing better
to say it gives what is true of every value of the type. Operations that read or draw, and calls, have no rule here:
what they give depends on the phase (``totem_sdk.estimate.analysis``).
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from totem_sdk.caught import is_caught
from totem_sdk.deque_opcodes import DEQUE_ROWS
from totem_sdk.dict_opcodes import DICT_ROWS
from totem_sdk.estimate.expected import expected_mean
from totem_sdk.estimate.forms import as_float, within
from totem_sdk.estimate.known import Known, anything, combinations, constant, count, join
from totem_sdk.estimate.transfer_bits import BIT_RULES, rule_of_divmod
from totem_sdk.estimate.transfer_dates import date_part
from totem_sdk.estimate.transfer_math import MATH_RULES
from totem_sdk.estimate.transfer_texts import TEXT_RULES
from totem_sdk.limits import INT_MAX, INT_MIN, rounds_of_range
from totem_sdk.program import Op
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, TIMEDELTA, Option, Tuple, Type, Union, union_kind

__all__ = ["RULES", "Rule"]

Rule = Callable[[Type, Op, Sequence[Known]], Known]

_ERRORS = 1 / 64
"""How probable it is taken to be that an operation ends in an error which the program catches."""


def _any(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    """Say only what the type says."""
    del op
    top = anything(type_)
    return replace(top, distinct=combinations(operands) if top.distinct is None else top.distinct)


def _number(type_: Type, low: Any, high: Any, operands: Sequence[Known]) -> Known:
    """Return a number's range as far as its type holds it."""
    if type_ == INT:
        low, high = max(INT_MIN, min(INT_MAX, low)), max(INT_MIN, min(INT_MAX, high))
    elif type_ == FLOAT:
        low, high = _as_float(low), _as_float(high)
    nan = type_ != INT and any(operand.nan for operand in operands)
    return Known(low, high, nan=nan, distinct=combinations(operands))


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _finite(*operands: Known) -> bool:
    """Return whether all operands are numbers between finite bounds."""
    bounds = [bound for operand in operands for bound in (operand.low, operand.high)]
    return all(bound is not None and (isinstance(bound, int) or math.isfinite(bound)) for bound in bounds)


def _corners(function: Callable[[Any, Any], Any]) -> Rule:
    """Return the rule of an operation whose extremes are at the corners of its operands' ranges."""

    def rule(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
        a, b = operands
        if not _finite(a, b):
            return _any(type_, op, operands)
        try:
            values = [function(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        except OverflowError:
            return _any(type_, op, operands)
        if type_ != INT:
            # A tagged number can be an int here and a float there: each bound as what it is rounded to as well.
            values += [_as_float(value) for value in values]
        return _number(type_, min(values), max(values), operands)

    return rule


def _divided(function: Callable[[Any, Any], Any]) -> Rule:
    """Return the rule of a division, which says something only where the divisor can't be 0."""
    corners = _corners(function)

    def rule(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
        divisor = operands[1]
        inexact = op.code == "floordiv" and type_ != INT
        return (_any if inexact or divisor.low <= 0 <= divisor.high else corners)(type_, op, operands)

    return rule


def _modulo(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    divisor = operands[1]
    if not _finite(*operands) or divisor.low <= 0 <= divisor.high:
        return _any(type_, op, operands)
    last = 1 if type_ == INT else 0
    low, high = (0, divisor.high - last) if divisor.low > 0 else (divisor.low + last, 0)
    return _number(type_, low, high, operands)


def _monotone(function: Callable[[Any, Op], Any]) -> Rule:
    """Return the rule of a function of one number that never falls."""

    def rule(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
        (a,) = operands
        if not _finite(a):
            return _any(type_, op, operands)
        return _number(type_, function(a.low, op), function(a.high, op), operands)

    return rule


def _rounded(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    (a,) = operands
    digits = int(op.imm[0] or 0)
    if not _finite(a):
        return _any(type_, op, operands)
    try:
        ends = [round(bound, digits) for bound in (a.low, a.high)]
    except OverflowError:
        return _any(type_, op, operands)
    if type_ != INT:
        # A tagged number can be an int here and a float there: each end as what it is rounded to as well.
        ends += [_as_float(end) for end in ends]
    return _number(type_, min(ends), max(ends), operands)


def _negated(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del op
    (a,) = operands
    return _number(type_, -a.high, -a.low, operands)


def _absolute(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del op
    (a,) = operands
    ends = (abs(a.low), abs(a.high))
    return _number(type_, 0 if a.low <= 0 <= a.high else min(ends), max(ends), operands)


def _extreme(pick: Callable[[Any, Any], Any]) -> Rule:
    """Return the rule of min or max: one of the two operands."""

    def rule(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
        del type_, op
        a, b = operands
        both = replace(join(a, b), column=None, key=False)
        if both.low is None or both.nan:
            return both
        return replace(both, low=pick(a.low, b.low), high=pick(a.high, b.high))

    return rule


def _compared(never: Callable[[Known, Known], bool], always: Callable[[Known, Known], bool]) -> Rule:
    """Return the rule of a comparison from when it is certainly false and when certainly true."""

    def rule(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
        a, b = operands
        if a.none or b.none or a.low is None or b.low is None:
            return _any(type_, op, operands)
        if never(a, b) and not (op.code == "ne" and (a.nan or b.nan)):
            return Known(False, False, chance=0.0, distinct=1)
        if always(a, b) and (op.code == "ne" or not (a.nan or b.nan)):
            return Known(True, True, chance=1.0, distinct=1)
        return _any(type_, op, operands)

    return rule


def _apart(a: Known, b: Known) -> bool:
    return bool(a.high < b.low or b.high < a.low)


def _same(a: Known, b: Known) -> bool:
    return bool(a.low == a.high == b.low == b.high)


_less = _compared(lambda a, b: a.low >= b.high, lambda a, b: a.high < b.low)
_at_most = _compared(lambda a, b: a.low > b.high, lambda a, b: a.high <= b.low)
_equal = _compared(_apart, _same)
_unequal = _compared(_same, _apart)


def _flipped(rule: Rule) -> Rule:
    return lambda type_, op, operands: rule(type_, op, (operands[1], operands[0]))


def _certain(value: bool) -> Known:
    return Known(value, value, chance=float(value), distinct=1)


def _is_none(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    (a,) = operands
    return _any(type_, op, operands) if a.none and a.some else _certain(a.none)


def _truth(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    (a,) = operands
    if not a.some:
        return _certain(False)
    if a.none:
        return _any(type_, op, operands)
    if isinstance(a.low, bool | int | float):
        if a.low > 0 or a.high < 0:
            return _certain(True)
        return _certain(False) if a.low == a.high == 0 and not a.nan else replace(_any(type_, op, operands))
    if isinstance(a.low, datetime.timedelta):
        return _any(type_, op, operands)
    if a.low is not None or a.items or a.shortest > 0:
        return _certain(True)
    return _certain(False) if a.longest == 0 and a.item is None else _any(type_, op, operands)


def _not(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    (a,) = operands
    chance = 1.0 - a.chance
    return Known(not a.high, not a.low, chance=chance, distinct=count(a), tested=a.untested, untested=a.tested)


def _copied(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    return operands[0]


def _widened(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    return _as_wider(type_, op.type, *operands)


def _as_wider(type_: Type, narrow: Type, a: Known) -> Known:
    if isinstance(type_, Union):
        return _united(type_, narrow, a)
    bare = narrow.item if isinstance(narrow, Option) else narrow
    if isinstance(type_, Tuple) and isinstance(bare, Tuple):
        each = zip(type_.items, bare.items, a.items, strict=True)
        items = tuple(_as_wider(part, given, item) for part, given, item in each)
        return replace(a, items=items, key=a.key and items == a.items)
    inner = type_.item if isinstance(type_, Option) else type_
    if inner == FLOAT and isinstance(a.low, int):
        # Two ints can become one float: it is not the column or the key any more.
        return replace(a, low=_as_float(a.low), high=_as_float(a.high), column=None, key=False)
    return a


def _united(type_: Union, narrow: Type, a: Known) -> Known:
    """Say what a value is as one of a union: what is not of its kind is None."""
    bare = narrow.item if isinstance(narrow, Option) else narrow
    parts = zip(bare.items, a.items, strict=True) if isinstance(bare, Union) else [(bare, a)]
    items = [constant(None)] * len(type_.items)
    for given, item in parts:
        inner = given.item if isinstance(given, Option) else given
        place = type_.place_of(union_kind(inner))
        if place is not None and item.some:
            items[place] = _as_wider(type_.items[place], inner, item)
    return Known(items=tuple(items))


def _unwrapped(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del op
    (a,) = operands
    return replace(a, none=False) if a.some else anything(type_)


def _item_of(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    items = operands[0].items
    # A value that is certainly None has no items; what would use them is never reached.
    return items[int(op.imm[0] or 0)] if items else anything(type_)


def _item_at(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    item = operands[0].item
    return _any(type_, op, operands) if item is None else item


def _of_numbers(rule: Rule) -> Rule:
    """Return a rule of arithmetic that says of dates and timedeltas only what their type says."""
    return lambda type_, op, operands: (_any if op.type in _DATED else rule)(type_, op, operands)


def _rounds(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    start, stop, step = operands
    if start.low == start.high == 0 and step.low == step.high == 1 and stop.amount is not None:
        return Known(max(0, stop.low), max(0, stop.high), amount=stop.amount)
    if step.low <= 0 <= step.high:
        low, high = 0, INT_MAX
    elif step.low > 0:
        low, high = rounds_of_range(start.high, stop.low, step.high), rounds_of_range(start.low, stop.high, step.low)
    else:
        low, high = rounds_of_range(start.low, stop.high, step.low), rounds_of_range(start.high, stop.low, step.high)
    means = [expected_mean(operand) for operand in operands]
    expected = float(low if high >= INT_MAX else (low + high) / 2)
    if means[0] is not None and means[1] is not None and means[2]:
        expected = min(as_float(high), max(float(low), (means[1] - means[0]) / means[2]))
    amount = within(low, None if high >= INT_MAX else high, expected)
    return Known(low, high, amount=amount, distinct=combinations(operands))


def _range_at(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del op
    start, step, counter = operands
    turns = [x * y for x in (step.low, step.high) for y in (counter.low, counter.high)]
    return _number(type_, start.low + min(turns), start.high + max(turns), operands)


def _caught(_type: Type, op: Op, operands: Sequence[Known]) -> Known:
    (code,) = operands
    if isinstance(code.low, int) and code.low == code.high:
        return constant(is_caught(int(code.low), int(op.imm[0] or 0)))
    # Errors that are caught are exceptions: most rows have none.
    return replace(anything(BOOL), chance=_ERRORS)


def _unknown(type_: Type, _op: Op, _operands: Sequence[Known]) -> Known:
    """Say only what the type says: a list can change after this, and so can what was found in it before."""
    return anything(type_)


_OF_CONTAINERS = (
    "append", "put", "insert", "clear", "extend", "sort", "sort_lines", "reverse", "list_new", "list_of", "pop",
    "pop_at", "list_add", "list_times", "list_slice", "list_contains", "list_find", "occurrences", "list_view",
    "sorted", "list_sum", "list_min", "list_max", "list_test", "unpack_list",
)  # fmt: skip
_DATED = (DATE, DATETIME, TIMEDELTA)

RULES: dict[str, Rule] = {
    "assign": _copied,
    "const": lambda _type, op, _operands: constant(op.imm[0]),
    "move": _copied,
    "widen": _widened,
    "tuple": lambda _type, _op, operands: Known(items=tuple(operands)),
    "item": _item_of,
    "unwrap": _unwrapped,
    "range_at": _range_at,
    "caught": _caught,
    "add": _of_numbers(_corners(lambda a, b: a + b)),
    "sub": _of_numbers(_corners(lambda a, b: a - b)),
    "mul": _of_numbers(_corners(lambda a, b: a * b)),
    "div": _of_numbers(_divided(lambda a, b: a / b)),
    "floordiv": _of_numbers(_divided(lambda a, b: a // b)),
    "mod": _of_numbers(_modulo),
    "divmod": rule_of_divmod(_divided(lambda a, b: a // b), _modulo),
    "neg": _of_numbers(_negated),
    "abs": _of_numbers(_absolute),
    "round": _monotone(lambda a, _op: round(a)),
    "round_to": _rounded,
    "eq": _equal,
    "ne": _unequal,
    "lt": _less,
    "le": _at_most,
    "gt": _flipped(_less),
    "ge": _flipped(_at_most),
    "min": _extreme(min),
    "max": _extreme(max),
    "is_none": _is_none,
    "truth": _truth,
    "not": _not,
    "and": _copied,
    "or": _copied,
    "to_int": _monotone(lambda a, _op: int(a)),
    "to_float": _monotone(lambda a, _op: _as_float(a)),
    "startswith": _any,
    "endswith": _any,
    "at": _item_at,
    "date_part": date_part,
    "make_date": _any,
    "make_datetime": _any,
    "make_span": _any,
    "range_start": _rounds,
    "range_test": _any,
    "range_step": lambda _type, _op, operands: Known(0, min(INT_MAX, operands[0].high + 1)),
    **BIT_RULES,
    **dict.fromkeys((*_OF_CONTAINERS, *(row[0] for row in (*DEQUE_ROWS, *DICT_ROWS))), _unknown),
    **MATH_RULES,
    **TEXT_RULES,
}
