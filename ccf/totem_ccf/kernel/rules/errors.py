"""Rules of errors that are caught, and of those that the program raises."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_sdk.program import Op

__all__ = ["RULES"]


def _caught(code: FunctionCode, op: Op) -> None:
    (value,) = code.get(op.args[0])
    kind = f"(i32.and (i32.wrap_i64 {value}) (i32.const 31))"
    code.set(op.dst, [f"(i32.and (i32.shr_u (i32.const {op.imm[0]}) {kind}) (i32.const 1))"])


def _raise(code: FunctionCode, op: Op) -> None:
    """End in the error that a code stands for: kind and line are those of its first time."""
    (value,) = code.get(op.args[0])
    low = f"(i32.wrap_i64 {value})"
    kind = f"(i32.add (i32.and {low} (i32.const 31)) (i32.const 1))"
    code.stop(f"(i32.or (i32.shl (i32.shr_u {low} (i32.const 5)) (i32.const 8)) {kind})")


RULES: dict[str, Rule] = {"caught": _caught, "raise": _raise}
