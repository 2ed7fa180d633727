"""How long lists are expected to be that a program makes and changes.

Of such a list nothing is certain but its type: who else holds it can change it. So an amount here has a mean and no
bounds; what is expected follows the register through which a list is changed, and the fields that keep lists.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from totem_sdk.classes import LINE_COMPARISON, sum_width
from totem_sdk.estimate.forms import NOTHING, ONE, Means, Quantity, saturated
from totem_sdk.estimate.known import Known
from totem_sdk.program import Op

__all__ = ["CHANGES", "averaged", "changed", "hinted", "items_charged", "lengthened", "made"]

CHANGES = (
    "append", "insert", "extend", "pop", "pop_at", "clear", "deque_append", "deque_appendleft", "deque_extend",
    "deque_popleft",
)  # fmt: skip
"""The opcodes that change how long the list in their first operand is."""


def _expected(means: Means) -> Quantity:
    return Quantity({}, None, means)


def _of(known: Known) -> Quantity:
    return NOTHING if known.amount is None else _expected(known.amount.mean)


def changed(op: Op, operands: Sequence[Known]) -> Known:
    """Return what is known of the list in the first operand after an operation that changes it."""
    items, amount = operands[0], _of(operands[0])
    match op.code:
        case "append" | "insert" | "deque_append" | "deque_appendleft":
            value = operands[-1]
            more = _expected({**amount.mean, ONE: saturated(amount.mean.get(ONE, 0.0) + 1.0)})
            return replace(items, amount=more, item=None if items.item is None else hinted(items.item, value))
        case "extend" | "deque_extend":
            return replace(items, amount=_expected((amount + _of(operands[1])).mean))
        case "clear":
            return replace(items, amount=_expected({}))
    return replace(items, amount=_expected({**amount.mean, ONE: max(0.0, amount.mean.get(ONE, 0.0) - 1.0)}))


def made(op: Op, operands: Sequence[Known], result: Known) -> Known:
    """Return what is known of a list that an operation makes, with its expected length."""
    match op.code:
        case "list_new" | "deque_new":
            return replace(result, amount=_expected({}))
        case "list_of" | "sorted" | "list_view" | "deque_of":
            found = _of(operands[0])
        case "list_add":
            found = _of(operands[0]) + _of(operands[1])
        case "list_times":
            number = operands[1].mean if operands[1].low != operands[1].high else float(operands[1].low)
            found = _of(operands[0]).weighted(max(0.0, 1.0 if number is None else number))
        case "list_slice":
            found = _of(operands[0]).weighted(0.5)
        case _:
            return result
    inner = result.item if result.item is None or operands[0].item is None else hinted(result.item, operands[0].item)
    return replace(result, amount=_expected(found.mean), item=inner)


def hinted(known: Known, like: Known) -> Known:
    """Return the same knowledge of a value with the lengths of lists that are expected of a value like it."""
    if known.item is None or like.item is None or like.amount is None:
        return known
    return replace(known, amount=_expected(like.amount.mean), item=hinted(known.item, like.item))


def averaged(known: Known, average: Callable[[Means], float]) -> Known:
    """Return a list with its expected lengths as numbers, which mean the same in any other call."""
    if known.item is None:
        return known
    return replace(known, amount=_expected({ONE: average(_of(known).mean)}), item=averaged(known.item, average))


def lengthened(before: Known | None, after: Known | None, over_all: Callable[[Quantity], Quantity]) -> Known | None:
    """Return a list after a loop from what it was before and after one round; ``over_all`` multiplies by the rounds."""
    if before is None or after is None or after.item is None or before.amount is None or after.amount is None:
        return before
    one, other = before.amount.mean, after.amount.mean
    growth = {var: max(0.0, other.get(var, 0.0) - one.get(var, 0.0)) for var in {**one, **other}}
    amount = _of(before) + over_all(_expected(growth))
    return hinted(before, replace(after, amount=_expected(amount.mean)))


def items_charged(op: Op, operands: Sequence[Known]) -> Quantity:
    """Return over how many items an operation is expected to be charged."""
    first = operands[1] if op.code in ("extend", "deque_extend") else operands[0]
    amount = _of(first)
    if op.code in ("sort", "sorted", "sort_lines"):
        number = max(1.0, amount.mean.get(ONE, 0.0))
        each = LINE_COMPARISON if op.code == "sort_lines" else 1
        return amount.weighted(each * max(1.0, math.log2(number)))
    if op.code == "list_sum":
        return amount.weighted(sum_width(op))
    if op.code == "list_add":
        return _expected((amount + _of(operands[1])).mean)
    if op.code in ("list_times", "list_slice"):
        return made(op, operands, first).amount or amount
    return _expected(amount.mean)
