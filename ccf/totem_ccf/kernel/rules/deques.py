"""Wasm of what only deques do; what only reads a list reads a deque by the rules of lists."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.flatten import slots
from totem_ccf.kernel.rules.lists import (
    array_length,
    item,
    item_address,
    item_shape,
    item_words,
    load,
    made,
    operand,
    place_item,
)
from totem_ccf.kernel.rules.values import text_sizes
from totem_sdk.program import Op

__all__ = ["RULES"]

_NO_BOUND = "(i64.const -1)"


def _bound(code: FunctionCode, op: Op, position: int) -> str:
    """Return how many items a deque may have."""
    if len(op.args) <= position:
        return _NO_BOUND
    most = operand(code, op, position)
    code.fail_if(f"(i64.lt_s {most} (i64.const 0))", "value")
    return most


def _new(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $deque_new {item_words(op)} {_bound(code, op, 0)})")


def _of(code: FunctionCode, op: Op) -> None:
    made(code, op, f"(call $deque_of {operand(code, op)} {_bound(code, op, 1)} {item_shape(code, op)})")


def _put(function: str) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        values = code.get(op.args[1])
        size = text_sizes(item(op), values)
        place_item(code, op, f"(call ${function} {operand(code, op)} {size} {item_shape(code, op)})", values)

    return rule


def _popleft(code: FunctionCode, op: Op) -> None:
    items, type_ = operand(code, op), item(op)
    code.fail_if(f"(i64.eqz {array_length(items)})", "index")
    address = item_address(code, type_, items, "(i64.const 0)")
    values = [code.temp(slot.wasm, value) for slot, value in zip(slots(type_), load(type_, address), strict=True)]
    code.put(f"(call $deque_popleft {items} {text_sizes(type_, values)})")
    code.set(op.dst, values)


def _extend(code: FunctionCode, op: Op) -> None:
    operands = f"{operand(code, op)} {operand(code, op, 1)} {item_shape(code, op)}"
    code.fail_if(f"(i32.eqz (call $deque_extend {operands}))", "memory")


def _rotate(code: FunctionCode, op: Op) -> None:
    code.put(f"(call $deque_rotate {operand(code, op)} {operand(code, op, 1)})")


RULES: dict[str, Rule] = {
    "deque_new": _new,
    "deque_of": _of,
    "deque_append": _put("deque_append"),
    "deque_appendleft": _put("deque_appendleft"),
    "deque_extend": _extend,
    "deque_popleft": _popleft,
    "deque_rotate": _rotate,
}
