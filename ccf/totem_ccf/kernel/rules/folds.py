"""Rules of ``sum``, ``min`` and ``max`` over the values of a group (abstract machine, §7)."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.rules.compare import smaller
from totem_ccf.kernel.rules.flow import advance, draw, left, refill
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, INT, NUM

__all__ = ["RULES"]


def _extreme(*, largest: bool) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        # The best value so far is in dst, where a refill finds its texts.
        if op.dst is None:
            raise InternalError(f"line {op.line}: {op.code!r} has no destination")
        refill(code)
        code.set(op.dst, draw(code))
        advance(code)
        again = code.label()
        with code.within(f"(loop {again}"):
            refill(code)
            with code.within("(if (i32.ne (local.get $cursor) (local.get $end)) (then", "))"):
                type_ = code.type_of(op.dst)
                code.set(op.dst, smaller(code, type_, code.get(op.dst), draw(code), largest=largest))
                advance(code)
                code.put(f"(br {again})")

    return rule


def _sum(code: FunctionCode, op: Op) -> None:
    """Add up whole columns in the runtime's accumulator, a refill at a time."""
    value = code.plan.group_value
    functions = {INT: "$sum_ints", FLOAT: "$sum_floats", NUM: "$sum_nums"}
    if value.type not in functions:
        raise InternalError(f"line {op.line}: the kernel has no sum of {value.type}")
    columns = " ".join(
        f"(i32.add (i32.const {slot.address}) (i32.mul (local.get $cursor) (i32.const {slot.width})))"
        for slot in value.slots
    )
    code.put("(call $sum_begin)")
    again = code.label()
    with code.within(f"(loop {again}"):
        refill(code)
        code.put(
            f"(call {functions[value.type]} {columns} (i32.sub (local.get $end) (local.get $cursor)))",
            "(local.set $cursor (local.get $end))",
            f"(br_if {again} (i64.ne {left(code)} (i64.const 0)))",
        )
    result = f"(i32.const {code.plan.scratch})"
    if value.type == FLOAT:
        code.set(op.dst, ["(call $sum_float_result)"])
        return
    if value.type == INT:
        code.fail_if(f"(call $sum_int_result {result})", "overflow")
        code.set(op.dst, [f"(i64.load {result})"])
        return
    tag = code.temp("i32", f"(call $sum_num_result {result})")
    code.fail_if(f"(i32.eq {tag} (i32.const 2))", "overflow")
    code.set(op.dst, [tag, f"(i64.load {result})"])


RULES: dict[str, Rule] = {
    "fold_sum": _sum,
    "fold_min": _extreme(largest=False),
    "fold_max": _extreme(largest=True),
}
