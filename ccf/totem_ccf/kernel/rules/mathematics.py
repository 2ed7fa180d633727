"""Rules of powers and of the functions of ``math``: calls of the runtime library, and what their results tell."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.rules.numbers import whole
from totem_sdk.errors import InternalError
from totem_sdk.mathematics import OVERFLOWING, UNTESTED
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, INT, NUM

__all__ = ["RULES"]

_INSTRUCTIONS = {"fabs": "f64.abs", "sqrt": "f64.sqrt"}
_INFINITE = "(f64.const inf)"


def _is_finite(value: str) -> str:
    return f"(f64.lt (f64.abs {value}) {_INFINITE})"


def _is_infinite(value: str) -> str:
    return f"(f64.eq (f64.abs {value}) {_INFINITE})"


def _all(conditions: list[str]) -> str:
    found = conditions[0]
    for condition in conditions[1:]:
        found = f"(i32.and {found} {condition})"
    return found


def _name(op: Op) -> str:
    if not isinstance(op.imm[0], str):
        raise InternalError(f"line {op.line}: {op.code!r} names no function")
    return op.imm[0]


def _math(code: FunctionCode, op: Op) -> None:
    name, args = _name(op), [code.get(register)[0] for register in op.args]
    if name == "log" and len(args) > 1:
        numerator, denominator = (_checked(code, "log", [argument]) for argument in args)
        code.fail_if(f"(f64.eq {denominator} (f64.const 0))", "zero_division")
        code.set(op.dst, [f"(f64.div {numerator} {denominator})"])
    else:
        code.set(op.dst, [_checked(code, name, args)])


def _checked(code: FunctionCode, name: str, args: list[str]) -> str:
    """Return a function of floats, or fail where its result is NaN or infinite and its operands are not."""
    value = f"({_INSTRUCTIONS.get(name, f'call $math_{name}')} {' '.join(args)})"
    if name in UNTESTED:
        return value
    result = code.temp("f64", value)
    numbers = [f"(f64.eq {argument} {argument})" for argument in args]
    code.fail_if(_all([f"(f64.ne {result} {result})", *numbers]), "value")
    if name not in OVERFLOWING:
        code.fail_if(_all([_is_infinite(result), *map(_is_finite, args)]), "value")
        return result
    with code.within(f"(if {_all([_is_infinite(result), *map(_is_finite, args)])} (then", "))"):
        if name == "pow":
            code.fail_if(f"(f64.eq {args[0]} (f64.const 0))", "value")
        elif name in ("gamma", "lgamma"):
            code.fail_if(f"(f64.le {args[0]} (f64.const 0))", "value")
        code.fail("overflow")
    return result


def _math_int(code: FunctionCode, op: Op) -> None:
    args = " ".join(code.get(register)[0] for register in op.args)
    status = code.temp("i32", f"(call $math_{_name(op)} {args} (i32.const {code.plan.scratch}))")
    code.fail_if(f"(i32.eq {status} (i32.const 1))", "value")
    code.fail_if(f"(i32.eq {status} (i32.const 2))", "overflow")
    code.set(op.dst, [f"(i64.load (i32.const {code.plan.scratch}))"])


def _whole_power(code: FunctionCode, base: str, exponent: str) -> str:
    code.fail_if(f"(call $int_power {base} {exponent} (i32.const {code.plan.scratch}))", "overflow")
    return f"(i64.load (i32.const {code.plan.scratch}))"


def _float_power(code: FunctionCode, a: str, b: str) -> str:
    below = f"(i32.and (f64.lt {b} (f64.const 0)) {_is_finite(b)})"
    code.fail_if(f"(i32.and (f64.eq {a} (f64.const 0)) {below})", "zero_division")
    finite = code.temp("i32", _all([_is_finite(a), _is_finite(b)]))
    complex_ = f"(i32.and (f64.lt {a} (f64.const 0)) (f64.ne {b} (f64.floor {b})))"
    code.fail_if(f"(i32.and {finite} {complex_})", "value")
    result = code.temp("f64", f"(call $math_pow {a} {b})")
    code.fail_if(f"(i32.and {finite} {_is_infinite(result)})", "overflow")
    return result


def _power_by(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [_whole_power(code, code.get(op.args[0])[0], f"(i64.const {op.imm[0]})")])


def _power(code: FunctionCode, op: Op) -> None:
    a, b = (code.get(register) for register in op.args)
    if op.type == FLOAT:
        code.set(op.dst, [_float_power(code, a[0], b[0])])
        return
    if op.type == INT:
        a, b = ["(i32.const 0)", *a], ["(i32.const 0)", *b]
    elif op.type != NUM:
        raise InternalError(f"line {op.line}: the kernel has no rule for {op.code!r} on {op.type}")
    tag, bits = code.local("$num_tag", "i32"), code.local("$num_bits", "i64")
    fraction = f"(i32.or (i32.or {a[0]} {b[0]}) (i64.lt_s {b[1]} (i64.const 0)))"
    with code.within(f"(if {fraction}"):
        with code.within("(then"):
            floats = [code.temp("f64", f"(call $num_float {value[0]} {value[1]})") for value in (a, b)]
            result = _float_power(code, *floats)
            code.put(f"(local.set {bits} (i64.reinterpret_f64 {result}))", f"(local.set {tag} (i32.const 1))")
        with code.within("(else"):
            result = _whole_power(code, a[1], b[1])
            code.put(f"(local.set {bits} {result})", f"(local.set {tag} (i32.const 0))")
    code.set(op.dst, [f"(local.get {tag})", f"(local.get {bits})"])


def _rounded(code: FunctionCode, op: Op) -> None:
    whole(code, op, op.type, f"f64.{op.code}")


def _float_is(code: FunctionCode, op: Op) -> None:
    value = code.get(op.args[0])
    if op.type == INT:
        code.set(op.dst, [f"(i32.const {int(_name(op) == 'finite')})"])
        return
    number = value[0] if op.type == FLOAT else code.temp("f64", f"(call $num_float {value[0]} {value[1]})")
    tests = {"nan": f"(f64.ne {number} {number})", "inf": _is_infinite(number), "finite": _is_finite(number)}
    code.set(op.dst, [tests[_name(op)]])


RULES: dict[str, Rule] = {
    "pow": _power,
    "pow_by": _power_by,
    "math": _math,
    "math_int": _math_int,
    "floor": _rounded,
    "ceil": _rounded,
    "float_is": _float_is,
}
