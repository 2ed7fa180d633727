"""Rules of arithmetic, rounding, conversions between numbers, and counting (abstract machine, §7)."""

from __future__ import annotations

from collections.abc import Callable

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import BOOL, FLOAT, INT, NUM, STR, Type

__all__ = ["RULES", "int_value", "whole"]

_MIN = "(i64.const -9223372036854775808)"
_FLOAT_INSTRUCTIONS = {"add": "f64.add", "sub": "f64.sub", "mul": "f64.mul", "div": "f64.div"}
_FLOAT_FUNCTIONS = {"floordiv": "$float_floordiv", "mod": "$float_mod"}


def _unknown(op: Op) -> InternalError:
    return InternalError(f"line {op.line}: the kernel has no rule for {op.code!r} on {op.type}")


def _binary(code: FunctionCode, op: Op) -> None:
    a, b = (code.get(register) for register in op.args)
    if op.type == INT:
        code.set(op.dst, [_INT_VALUES[op.code](code, a[0], b[0])])
    elif op.type == FLOAT:
        if op.code in ("div", "floordiv", "mod"):
            code.fail_if(f"(f64.eq {b[0]} (f64.const 0))", "zero_division")
        if op.code in _FLOAT_INSTRUCTIONS:
            code.set(op.dst, [f"({_FLOAT_INSTRUCTIONS[op.code]} {a[0]} {b[0]})"])
        else:
            code.set(op.dst, [f"(call {_FLOAT_FUNCTIONS[op.code]} {a[0]} {b[0]})"])
    elif op.type == NUM:
        _num(code, op, [*a, *b])
    else:
        raise _unknown(op)


def _num(code: FunctionCode, op: Op, operands: list[str]) -> None:
    """Do arithmetic on tagged numbers: as ints where all operands are, else as floats."""
    tagged = _tagged(code, op.code, operands)
    if op.dst is not None and code.type_of(op.dst) == FLOAT:
        code.set(op.dst, [f"(f64.reinterpret_i64 {tagged[1]})"])
    else:
        code.set(op.dst, tagged)


def _tagged(code: FunctionCode, name: str, operands: list[str]) -> list[str]:
    """Return tag and bits of an operation on tagged numbers, in locals that the next one uses as well."""
    both_int = " ".join(operands[::2])
    tag = f"(i32.or {both_int})" if len(operands) == 4 else both_int
    result = code.local("$num_bits", "i64"), code.local("$num_tag", "i32")
    with code.within(f"(if {tag}"):
        with code.within("(then"):
            floats = [f"(call $num_float {operands[i]} {operands[i + 1]})" for i in range(0, len(operands), 2)]
            if name in ("div", "floordiv", "mod"):
                code.fail_if(f"(f64.eq {floats[1]} (f64.const 0))", "zero_division")
            instruction = _FLOAT_INSTRUCTIONS.get(name) or {"neg": "f64.neg", "abs": "f64.abs"}.get(name)
            value = f"({instruction or 'call ' + _FLOAT_FUNCTIONS[name]} {' '.join(floats)})"
            code.put(f"(local.set {result[0]} (i64.reinterpret_f64 {value}))", f"(local.set {result[1]} (i32.const 1))")
        with code.within("(else"):
            ints = operands[1::2]
            value = _INT_VALUES[name](code, *ints)
            if name == "div":
                value = f"(i64.reinterpret_f64 {value})"
            code.put(f"(local.set {result[0]} {value})", f"(local.set {result[1]} (i32.const {int(name == 'div')}))")
    return [f"(local.get {result[1]})", f"(local.get {result[0]})"]


def _divmod(code: FunctionCode, op: Op) -> None:
    a, b = (code.get(register) for register in op.args)
    type_ = code.type_of(op.args[0])
    if type_ == INT:
        quotient = code.temp("i64", _int_floordiv(code, a[0], b[0]))
        code.set(op.dst, [quotient, f"(call $int_mod {a[0]} {b[0]})"])
    elif type_ == FLOAT:
        code.fail_if(f"(f64.eq {b[0]} (f64.const 0))", "zero_division")
        code.set(op.dst, [f"(call {_FLOAT_FUNCTIONS[name]} {a[0]} {b[0]})" for name in ("floordiv", "mod")])
    elif type_ == NUM:
        tag, bits = _tagged(code, "floordiv", [*a, *b])
        quotient = code.temp("i64", bits)
        code.set(op.dst, [tag, quotient, *_tagged(code, "mod", [*a, *b])])
    else:
        raise _unknown(op)


def _int_add(code: FunctionCode, a: str, b: str) -> str:
    result = code.temp("i64", f"(i64.add {a} {b})")
    code.fail_if(
        f"(i64.lt_s (i64.and (i64.xor {a} {result}) (i64.xor {b} {result})) (i64.const 0))",
        "overflow",
    )
    return result


def _int_sub(code: FunctionCode, a: str, b: str) -> str:
    result = code.temp("i64", f"(i64.sub {a} {b})")
    code.fail_if(f"(i64.lt_s (i64.and (i64.xor {a} {b}) (i64.xor {a} {result})) (i64.const 0))", "overflow")
    return result


def _int_mul(code: FunctionCode, a: str, b: str) -> str:
    low, high = code.local("$low", "i64"), code.local("$high", "i64")
    code.put(f"(i64.mul_wide_s {a} {b}) (local.set {high}) (local.set {low})")
    code.fail_if(f"(i64.ne (local.get {high}) (i64.shr_s (local.get {low}) (i64.const 63)))", "overflow")
    return f"(local.get {low})"


def _int_div(code: FunctionCode, a: str, b: str) -> str:
    code.fail_if(f"(i64.eqz {b})", "zero_division")
    return f"(call $int_div {a} {b})"


def _int_floordiv(code: FunctionCode, a: str, b: str) -> str:
    code.fail_if(f"(i64.eqz {b})", "zero_division")
    code.fail_if(f"(i32.and (i64.eq {a} {_MIN}) (i64.eq {b} (i64.const -1)))", "overflow")
    return f"(call $int_floordiv {a} {b})"


def _int_mod(code: FunctionCode, a: str, b: str) -> str:
    code.fail_if(f"(i64.eqz {b})", "zero_division")
    return f"(call $int_mod {a} {b})"


def _int_neg(code: FunctionCode, a: str) -> str:
    code.fail_if(f"(i64.eq {a} {_MIN})", "overflow")
    return f"(i64.sub (i64.const 0) {a})"


def _int_abs(code: FunctionCode, a: str) -> str:
    code.fail_if(f"(i64.eq {a} {_MIN})", "overflow")
    return f"(select {a} (i64.sub (i64.const 0) {a}) (i64.ge_s {a} (i64.const 0)))"


_INT_VALUES: dict[str, Callable[..., str]] = {
    "add": _int_add,
    "sub": _int_sub,
    "mul": _int_mul,
    "div": _int_div,
    "floordiv": _int_floordiv,
    "mod": _int_mod,
    "neg": _int_neg,
    "abs": _int_abs,
}


def int_value(code: FunctionCode, name: str, *operands: str) -> str:
    """Return the result of an arithmetic operation on ints (a float for ``div``), or fail."""
    return _INT_VALUES[name](code, *operands)


def _unary(code: FunctionCode, op: Op) -> None:
    a = code.get(op.args[0])
    if op.type == INT:
        code.set(op.dst, [_INT_VALUES[op.code](code, a[0])])
    elif op.type == FLOAT:
        code.set(op.dst, [f"(f64.{op.code} {a[0]})"])
    elif op.type == NUM:
        _num(code, op, a)
    else:
        raise _unknown(op)


def _float_to_int(code: FunctionCode, value: str, whole: str) -> str:
    """Return ``whole`` (an f64 without fraction, made from ``value``) as an i64 or fail."""
    number = code.temp("f64", value)
    code.fail_if(f"(f64.ne {number} {number})", "value")
    rounded = code.temp("f64", f"({whole} {number})")
    inside = f"(i32.and (f64.ge {rounded} (f64.const -0x1p63)) (f64.lt {rounded} (f64.const 0x1p63)))"
    code.fail_if(f"(i32.eqz {inside})", "overflow")
    return f"(i64.trunc_f64_s {rounded})"


def whole(code: FunctionCode, op: Op, type_: Type, instruction: str) -> None:
    """Write a number as an int, a float by the instruction that takes its fraction away."""
    a = code.get(op.args[0])
    if type_ == INT:
        code.set(op.dst, a)
    elif type_ == FLOAT:
        code.set(op.dst, [_float_to_int(code, a[0], instruction)])
    else:
        result = code.local("$num_bits", "i64")
        with code.within(f"(if {a[0]}"):
            with code.within("(then"):
                value = _float_to_int(code, f"(f64.reinterpret_i64 {a[1]})", instruction)
                code.put(f"(local.set {result} {value})")
            code.put(f"(else (local.set {result} {a[1]}))")
        code.set(op.dst, [f"(local.get {result})"])


def _round(code: FunctionCode, op: Op) -> None:
    whole(code, op, op.type, "f64.nearest")


def _round_to(code: FunctionCode, op: Op) -> None:
    a = code.get(op.args[0])
    digits = f"(i32.const {op.imm[0]})"
    negative = isinstance(op.imm[0], int) and op.imm[0] < 0
    if op.type == INT:
        code.set(op.dst, [_int_round(code, a[0], digits)] if negative else a)
    elif op.type == FLOAT:
        code.set(op.dst, [_float_round(a[0], digits, negative=negative)])
    elif op.type == NUM:
        result = code.local("$num_bits", "i64")
        with code.within(f"(if {a[0]}"):
            with code.within("(then"):
                value = _float_round(f"(f64.reinterpret_i64 {a[1]})", digits, negative=negative)
                code.put(f"(local.set {result} (i64.reinterpret_f64 {value}))")
            with code.within("(else"):
                value = _int_round(code, a[1], digits) if negative else a[1]
                code.put(f"(local.set {result} {value})")
        code.set(op.dst, [a[0], f"(local.get {result})"])
    else:
        raise _unknown(op)


def _int_round(code: FunctionCode, value: str, digits: str) -> str:
    """Return an int rounded at a digit before the point, or fail."""
    status = code.temp("i32", f"(call $int_round {value} {digits} (i32.const {code.plan.scratch}))")
    code.fail_if(status, "overflow")
    return f"(i64.load (i32.const {code.plan.scratch}))"


def _float_round(value: str, digits: str, *, negative: bool) -> str:
    return f"(call {'$float_round_tens' if negative else '$float_round'} {value} {digits})"


def _to_int(code: FunctionCode, op: Op) -> None:
    a = code.get(op.args[0])
    if op.type == BOOL:
        code.set(op.dst, [f"(i64.extend_i32_u {a[0]})"])
    elif op.type == STR:
        status = code.temp("i32", f"(call $parse_int {a[0]} (i32.const {code.plan.scratch}))")
        code.fail_if(f"(i32.eq {status} (i32.const 1))", "value")
        code.fail_if(f"(i32.eq {status} (i32.const 2))", "overflow")
        code.set(op.dst, [f"(i64.load (i32.const {code.plan.scratch}))"])
    elif op.type in (INT, FLOAT, NUM):
        whole(code, op, op.type, "f64.trunc")
    else:
        raise _unknown(op)


def _to_float(code: FunctionCode, op: Op) -> None:
    a = code.get(op.args[0])
    if op.type == STR:
        code.fail_if(f"(call $parse_float {a[0]} (i32.const {code.plan.scratch}))", "value")
        code.set(op.dst, [f"(f64.load (i32.const {code.plan.scratch}))"])
        return
    values = {
        INT: lambda: f"(f64.convert_i64_s {a[0]})",
        FLOAT: lambda: a[0],
        BOOL: lambda: f"(f64.convert_i32_u {a[0]})",
        NUM: lambda: f"(call $num_float {a[0]} {a[1]})",
    }
    if op.type not in values:
        raise _unknown(op)
    code.set(op.dst, [values[op.type]()])


def _range_start(code: FunctionCode, op: Op) -> None:
    start, stop, step = (code.get(register)[0] for register in op.args)
    code.fail_if(f"(i64.eqz {step})", "value")
    code.set(op.dst, [f"(call $range_rounds {start} {stop} {step})"])


def _range_at(code: FunctionCode, op: Op) -> None:
    start, step, counter = (code.get(register)[0] for register in op.args)
    code.set(op.dst, [f"(i64.add {start} (i64.mul {step} {counter}))"])


def _range_test(code: FunctionCode, op: Op) -> None:
    # Unsigned: a range over all of 64 bits has more rounds than an int can say.
    counter, rounds = (code.get(register)[0] for register in op.args)
    code.set(op.dst, [f"(i64.lt_u {counter} {rounds})"])


def _range_step(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(i64.add {code.get(op.args[0])[0]} (i64.const 1))"])


RULES: dict[str, Rule] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "floordiv", "mod"), _binary),
    "divmod": _divmod,
    "neg": _unary,
    "abs": _unary,
    "round": _round,
    "round_to": _round_to,
    "to_int": _to_int,
    "to_float": _to_float,
    "range_start": _range_start,
    "range_at": _range_at,
    "range_test": _range_test,
    "range_step": _range_step,
}
