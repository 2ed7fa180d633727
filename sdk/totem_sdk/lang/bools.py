"""Bools where numbers are wanted: True is 1 and False is 0, as in Python."""

from __future__ import annotations

from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.types import BOOL, FLOAT, INT, NUM, STR, Option, Type

__all__ = ["as_number", "as_numbers", "as_operands"]

_NUMBERS: tuple[Type, ...] = (INT, FLOAT, NUM)


def as_number(expr: Expr) -> Expr:
    """Return a bool as the int that it is; anything else is returned as it is."""
    if expr.type != BOOL:
        return expr
    if isinstance(expr, Const):
        return Const(INT, expr.at, int(bool(expr.value)))
    return Apply(INT, expr.at, "to_int", BOOL, (expr,))


def as_operands(left: Expr, right: Expr, *, repeats: bool) -> tuple[Expr, Expr]:
    """Return the operands of arithmetic, a bool beside a number as one; ``repeats``: also beside a text."""
    numbers = (*_NUMBERS, BOOL, *((STR,) if repeats else ()))
    if left.type in numbers and right.type in numbers:
        return as_number(left), as_number(right)
    return left, right


def as_numbers(operands: list[Expr | None]) -> list[Expr | None]:
    """Return what is compared with each other: bools among numbers as the ints that they are."""
    types = [operand.type for operand in operands if operand is not None]
    if not any((type_.item if isinstance(type_, Option) else type_) in _NUMBERS for type_ in types):
        return operands
    return [None if operand is None else as_number(operand) for operand in operands]
