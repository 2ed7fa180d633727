"""Rules of operations on the bits of ints, and of what tells about one number (abstract machine, §7)."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_sdk.program import Op
from totem_sdk.types import BOOL

__all__ = ["RULES"]

_INSTRUCTIONS = {"bit_and": "and", "bit_or": "or", "bit_xor": "xor"}


def _combined(code: FunctionCode, op: Op) -> None:
    a, b = (code.get(register)[0] for register in op.args)
    code.set(op.dst, [f"({'i32' if op.type == BOOL else 'i64'}.{_INSTRUCTIONS[op.code]} {a} {b})"])


def _inverted(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(i64.xor {code.get(op.args[0])[0]} (i64.const -1))"])


def _shifted_left(code: FunctionCode, op: Op) -> None:
    value, count = (code.get(register)[0] for register in op.args)
    code.fail_if(f"(i64.lt_s {count} (i64.const 0))", "value")
    # WebAssembly shifts by the count modulo 64.
    shifted = code.temp("i64", f"(i64.shl {value} {count})")
    lost = f"(i64.ne (i64.shr_s {shifted} {count}) {value})"
    far = f"(i32.and (i64.gt_s {count} (i64.const 63)) (i64.ne {value} (i64.const 0)))"
    code.fail_if(f"(i32.or {lost} {far})", "overflow")
    code.set(op.dst, [shifted])


def _shifted_right(code: FunctionCode, op: Op) -> None:
    value, count = (code.get(register)[0] for register in op.args)
    code.fail_if(f"(i64.lt_s {count} (i64.const 0))", "value")
    most = f"(select {count} (i64.const 63) (i64.lt_s {count} (i64.const 63)))"
    code.set(op.dst, [f"(i64.shr_s {value} {most})"])


def _length(code: FunctionCode, op: Op) -> None:
    value = code.get(op.args[0])[0]
    size = f"(select {value} (i64.sub (i64.const 0) {value}) (i64.ge_s {value} (i64.const 0)))"
    code.set(op.dst, [f"(i64.sub (i64.const 64) (i64.clz {size}))"])


def _is_integer(code: FunctionCode, op: Op) -> None:
    value = code.get(op.args[0])[0]
    finite = f"(f64.lt (f64.abs {value}) (f64.const inf))"
    code.set(op.dst, [f"(i32.and {finite} (f64.eq (f64.trunc {value}) {value}))"])


RULES: dict[str, Rule] = {
    **dict.fromkeys(_INSTRUCTIONS, _combined),
    "bit_not": _inverted,
    "shl": _shifted_left,
    "shr": _shifted_right,
    "bit_length": _length,
    "is_integer": _is_integer,
}
