"""Constant expressions: what class and module constants, defaults of parameters and endless loops are read by."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final

from totem_sdk.limits import SOURCE_BYTES
from totem_sdk.types import BOOL, FLOAT, INT, NONE, STR, Tuple, Type

__all__ = [
    "HALF",
    "INT_MAX",
    "INT_MIN",
    "MAX_ITEMS",
    "MAX_TYPE_DEPTH",
    "NOT_CONSTANT",
    "Constant",
    "NotConstant",
    "evaluate",
    "has_surrogate",
    "type_of",
]

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1

MAX_ITEMS = 64
"""Most scalars that a tuple may be made of."""


MAX_TYPE_DEPTH = 8
"""Deepest nesting of tuples."""


class NotConstant:
    """The outcome of evaluating what is no constant expression; ``node`` is the first part that isn't."""

    def __init__(self, node: ast.expr, reason: str) -> None:
        self.node = node
        self.reason = reason


NOT_CONSTANT: Final = "not a constant"
_RANGE: Final = "64 bits don't hold this int"
_LONG: Final = "the text is longer than a source may be"
HALF: Final = "half of a surrogate pair is no character"
Constant = int | float | bool | str | None | tuple["Constant", ...]

_BINARY: dict[type[ast.operator], Callable[..., int | float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}

_MOST_SHIFT = 64
"""What is shifted further is an int that 64 bits don't hold, or has no bits left."""


def _shifted(value: int, count: int) -> int:
    if count < 0:
        raise ArithmeticError("negative shift count")
    return value << min(count, _MOST_SHIFT)


def _shifted_back(value: int, count: int) -> int:
    if count < 0:
        raise ArithmeticError("negative shift count")
    return value >> min(count, _MOST_SHIFT)


def _powered(value: int, times: int) -> int:
    if times < 0:
        raise ArithmeticError("a negative power is no int")
    if times >= _MOST_SHIFT and abs(value) > 1:
        raise ArithmeticError(_RANGE)
    return int(value**times)


_INTS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: _shifted,
    ast.RShift: _shifted_back,
    ast.Pow: _powered,
}


def has_surrogate(text: str) -> bool:
    """Return whether a text holds half of a surrogate pair, which UTF-8 can't write."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def evaluate(node: ast.expr, names: Mapping[str, Constant]) -> Constant | NotConstant:
    """Return the value of a constant expression: literals, ``names``, arithmetic, ``+`` of texts, tuples.

    A constant of the class stands in ``names`` as ``self.NAME``.
    """
    match node:
        case ast.Constant(value=str() as value) if has_surrogate(value):
            return NotConstant(node, HALF)
        case ast.Constant(value=bool() | float() | str() | None as value):
            return value
        case ast.Constant(value=int() as value):
            return value if value <= INT_MAX else NotConstant(node, _RANGE)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if f"self.{name}" in names:
            return names[f"self.{name}"]
        case ast.Attribute(value=ast.Name(id="math" | "string" as module), attr=name) if f"{module}.{name}" in names:
            return names[f"{module}.{name}"]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return _signed(node, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(node, op, evaluate(left, names), evaluate(right, names))
        case ast.Tuple(elts=[_, *_]):
            return _tuple(node, names)
    return NotConstant(node, NOT_CONSTANT)


def _tuple(node: ast.Tuple, names: Mapping[str, Constant]) -> Constant | NotConstant:
    items: list[Constant] = []
    for element in node.elts:
        item = evaluate(element, names)
        if isinstance(item, NotConstant):
            return item
        items.append(item)
    if len(_scalars(tuple(items))) > MAX_ITEMS:
        return NotConstant(node, f"a tuple has at most {MAX_ITEMS} items in all")
    if _depth(tuple(items)) > MAX_TYPE_DEPTH:
        return NotConstant(node, f"tuples are nested at most {MAX_TYPE_DEPTH} deep")
    return tuple(items)


def _scalars(value: Constant) -> list[Constant]:
    if not isinstance(value, tuple):
        return [value]
    return [scalar for item in value for scalar in _scalars(item)]


def _depth(value: Constant) -> int:
    return 1 + max(map(_depth, value)) if isinstance(value, tuple) else 0


def _signed(node: ast.UnaryOp, names: Mapping[str, Constant]) -> Constant | NotConstant:
    match node.operand:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            found: Constant | NotConstant = value
        case operand:
            found = evaluate(operand, names)
    if isinstance(found, NotConstant):
        return found
    if isinstance(found, bool) or not isinstance(found, int | float):
        return NotConstant(node, NOT_CONSTANT)
    number = found
    return _checked(node, lambda: -number if isinstance(node.op, ast.USub) else number)


def _binary(
    node: ast.expr, op: ast.operator, left: Constant | NotConstant, right: Constant | NotConstant
) -> Constant | NotConstant:
    if isinstance(left, str) and isinstance(right, str) and isinstance(op, ast.Add):
        return left + right if len(left) + len(right) <= SOURCE_BYTES else NotConstant(node, _LONG)
    for side in (left, right):
        if isinstance(side, NotConstant):
            return side
        if isinstance(side, bool) or not isinstance(side, int | float):
            return NotConstant(node, NOT_CONSTANT)
    compute_int = _INTS.get(type(op))
    if compute_int is not None and isinstance(left, int) and isinstance(right, int):
        whole = left, right
        return _checked(node, lambda: compute_int(*whole))
    compute = _BINARY.get(type(op))
    if compute is None:
        return NotConstant(node, NOT_CONSTANT)
    return _checked(node, lambda: compute(left, right))


def _checked(node: ast.expr, compute: Callable[[], int | float]) -> Constant | NotConstant:
    try:
        value = compute()
    except ArithmeticError as error:
        return NotConstant(node, str(error))
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        return NotConstant(node, _RANGE)
    return value


def type_of(value: Constant) -> Type:
    """Return the type of a constant."""
    match value:
        case None:
            return NONE
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return STR
        case tuple():
            return Tuple(tuple(type_of(item) for item in value))
