"""What the charges of operations of lists count: items, and bytes of texts in them."""

from __future__ import annotations

from collections.abc import Callable

from totem_ccf.kernel.code import FunctionCode, SizeOf
from totem_ccf.kernel.rules.lists import array_bytes, array_length, bounds, item, operand
from totem_ccf.kernel.rules.values import text_sizes
from totem_sdk.classes import LINE_COMPARISON, sum_width
from totem_sdk.program import Op
from totem_sdk.types import Array

__all__ = ["sizes"]

_NONE = "(i64.const 0)"


def _smaller(a: str, b: str) -> str:
    return f"(select {a} {b} (i64.lt_u {a} {b}))"


def _size_of_pieces(code: FunctionCode, op: Op) -> tuple[str, str]:
    pieces = operand(code, op)
    return f"(i64.and {pieces} (i64.const 0xffffffff))", f"(call $pieces_bytes {pieces})"


def _length_of(position: int) -> SizeOf:
    return lambda code, op: (array_length(operand(code, op, position)), _NONE)


def _size_insert(code: FunctionCode, op: Op) -> tuple[str, str]:
    return array_length(operand(code, op)), text_sizes(item(op), code.get(op.args[2]))


def _size_add(code: FunctionCode, op: Op) -> tuple[str, str]:
    a, b = (array_length(operand(code, op, position)) for position in (0, 1))
    return f"(i64.add {a} {b})", _NONE


def _size_times(code: FunctionCode, op: Op) -> tuple[str, str]:
    """As the interpreter's formula: at most 2^36 copies, and at most 2^36 items, are counted."""
    number, many = operand(code, op, 1), f"(i64.const {1 << 36})"
    times = code.temp("i64", f"(select {number} {many} (i64.lt_s {number} {many}))")
    positive = f"(select {times} (i64.const 0) (i64.gt_s {times} (i64.const 0)))"
    count = code.temp("i64", f"(i64.mul {array_length(operand(code, op))} {positive})")
    return _smaller(count, many), _NONE


def _size_slice(code: FunctionCode, op: Op) -> tuple[str, str]:
    return f"(call $list_slice_count {operand(code, op)} {bounds(code, op)})", _NONE


def _size_searched(code: FunctionCode, op: Op) -> tuple[str, str]:
    items = operand(code, op)
    each = f"(i64.mul {array_length(items)} {text_sizes(item(op), code.get(op.args[1]))})"
    return array_length(items), _smaller(array_bytes(items), each)


def _size_ordered(code: FunctionCode, op: Op) -> tuple[str, str]:
    items = operand(code, op)
    rounds = code.temp("i64", f"(call $list_rounds (i32.load {items}))")
    return f"(i64.mul {rounds} {array_length(items)})", f"(i64.mul {rounds} {array_bytes(items)})"


def _size_ordered_by_lines(code: FunctionCode, op: Op) -> tuple[str, str]:
    comparisons, texts = _size_ordered(code, op)
    return f"(i64.mul (i64.const {LINE_COMPARISON}) {comparisons})", texts


def _size_texts(code: FunctionCode, op: Op) -> tuple[str, str]:
    items = operand(code, op)
    return array_length(items), array_bytes(items)


def _size_sum(code: FunctionCode, op: Op) -> tuple[str, str]:
    return f"(i64.mul (i64.const {sum_width(op)}) {array_length(operand(code, op))})", _NONE


def _size_both(code: FunctionCode, op: Op) -> tuple[str, str]:
    a, b = operand(code, op), operand(code, op, 1)
    return _smaller(array_length(a), array_length(b)), _smaller(array_bytes(a), array_bytes(b))


def _for_lists(size: SizeOf, other: SizeOf) -> SizeOf:
    return lambda code, op: (size if isinstance(op.type, Array) else other)(code, op)


def sizes(compared: SizeOf) -> dict[str, SizeOf]:
    """Return what is counted by opcode; ``compared`` is what is counted of two values that are no lists."""
    of_two: dict[str, SizeOf] = dict.fromkeys(("eq", "ne"), _for_lists(_size_both, compared))
    return {**_SIZES, **of_two}


_SIZES: dict[str, Callable[[FunctionCode, Op], tuple[str, str]]] = {
    "list_of": _size_of_pieces,
    "pop_at": _length_of(0),
    "insert": _size_insert,
    "extend": _length_of(1),
    "deque_of": _length_of(0),
    "deque_extend": _length_of(1),
    "deque_rotate": _length_of(0),
    "list_add": _size_add,
    "list_times": _size_times,
    "list_slice": _size_slice,
    "list_contains": _size_searched,
    "list_find": _size_searched,
    "occurrences": _size_searched,
    "sort": _size_ordered,
    "sorted": _size_ordered,
    "sort_lines": _size_ordered_by_lines,
    "reverse": _length_of(0),
    "list_sum": _size_sum,
    "list_min": _size_texts,
    "list_max": _size_texts,
}
