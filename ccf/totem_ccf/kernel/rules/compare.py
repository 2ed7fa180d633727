"""Rules of comparison and truth: by items for tuples, exact between int and float (abstract machine, §7)."""

from __future__ import annotations

from collections.abc import Callable

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.comparing import FALSE, TRUE, Values, equal, less
from totem_ccf.kernel.flatten import slots
from totem_ccf.kernel.rules.lists import array_compare
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    NONE,
    NUM,
    STR,
    TIMEDELTA,
    Array,
    List,
    Option,
    Tuple,
    Type,
)

__all__ = ["RULES", "smaller"]


def smaller(code: FunctionCode, type_: Type, a: Values, b: Values, *, largest: bool = False) -> list[str]:
    """Return min(a, b), or max(a, b), slot by slot: the first where they compare equal or not at all."""
    second = code.temp("i32", less(type_, a, b) if largest else less(type_, b, a))
    return [f"(select {y} {x} {second})" for x, y in zip(a, b, strict=True)]


def _operands(code: FunctionCode, op: Op) -> tuple[Type, list[str], list[str]]:
    a, b = op.args
    type_ = code.type_of(a)
    if slots(type_) != slots(code.type_of(b)):
        raise InternalError(f"line {op.line}: {op.code!r} of a {type_} and a {code.type_of(b)}")
    return type_, code.get(a), code.get(b)


def _comparison(compare: Callable[[Type, Values, Values], str]) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        if isinstance(op.type, Array):
            array_compare(code, op)
        else:
            code.set(op.dst, [compare(*_operands(code, op))])

    return rule


def _choice(*, largest: bool) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        type_, a, b = _operands(code, op)
        code.set(op.dst, smaller(code, type_, a, b, largest=largest))

    return rule


def _is_none(code: FunctionCode, op: Op) -> None:
    match code.type_of(op.args[0]):
        case Option():
            value = f"(i32.eqz {code.get(op.args[0])[0]})"
        case type_:
            value = TRUE if type_ == NONE else FALSE
    code.set(op.dst, [value])


def _truth(type_: Type, a: Values) -> str:
    match type_:
        case Option(item=item):
            return f"(i32.and {a[0]} {_truth(item, a[1:])})"
        case Tuple(items=items):
            return TRUE if items else FALSE
        case List():
            length = f"(i32.load {a[0]})" if isinstance(type_, Array) else f"(i32.wrap_i64 {a[0]})"
            return f"(i32.ne {length} (i32.const 0))"
        case _ if type_ in (INT, TIMEDELTA):
            return f"(i64.ne {a[0]} (i64.const 0))"
        case _ if type_ == FLOAT:
            return f"(f64.ne {a[0]} (f64.const 0))"
        case _ if type_ == BOOL:
            return a[0]
        case _ if type_ == STR:
            return f"(i32.ne (i32.wrap_i64 {a[0]}) (i32.const 0))"
        case _ if type_ == NUM:
            return f"(f64.ne (call $num_float {a[0]} {a[1]}) (f64.const 0))"
        case _ if type_ == NONE:
            return FALSE
        case _ if type_ in (DATE, DATETIME):
            return TRUE
    raise InternalError(f"the kernel knows no truth of a {type_}")


def _truth_rule(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [_truth(code.type_of(op.args[0]), code.get(op.args[0]))])


def _not(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(i32.eqz {_truth(code.type_of(op.args[0]), code.get(op.args[0]))})"])


RULES: dict[str, Rule] = {
    "eq": _comparison(equal),
    "ne": _comparison(lambda type_, a, b: f"(i32.eqz {equal(type_, a, b)})"),
    "lt": _comparison(less),
    "le": _comparison(lambda type_, a, b: less(type_, a, b, or_equal=True)),
    "gt": _comparison(lambda type_, a, b: less(type_, b, a)),
    "ge": _comparison(lambda type_, a, b: less(type_, b, a, or_equal=True)),
    "min": _choice(largest=False),
    "max": _choice(largest=True),
    "is_none": _is_none,
    "truth": _truth_rule,
    "not": _not,
}
