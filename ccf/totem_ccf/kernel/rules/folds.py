"""Rules of ``sum``, ``min`` and ``max`` over the values of a group (abstract machine, §7), or over folds of them."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.rules.compare import smaller
from totem_ccf.kernel.rules.flow import advance, draw, left, refill
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, INT, NUM

__all__ = ["RULES"]

_AT_END = "(i32.eq (local.get $cursor) (local.get $end))"


def _extreme(*, largest: bool) -> Rule:
    def rule(code: FunctionCode, op: Op) -> None:
        if op.dst is None:
            raise InternalError(f"line {op.line}: {op.code!r} has no destination")
        fold = code.groups.fold
        if fold is not None and fold.value == FLOAT:
            _extreme_of_floats(code, op.dst, largest=largest)
            return
        # The best value so far is in dst, where a refill finds its texts.
        refill(code)
        code.set(op.dst, draw(code))
        advance(code)
        again = code.label()
        with code.within(f"(loop {again}"):
            refill(code)
            with code.within(f"(if {_AT_END} (then) (else", "))"):
                type_ = code.type_of(op.dst)
                code.set(op.dst, smaller(code, type_, code.get(op.dst), draw(code), largest=largest))
                advance(code)
                code.put(f"(br {again})")

    return rule


def _extreme_of_floats(code: FunctionCode, dst: int, *, largest: bool) -> None:
    """Merge folds: NaN if that is the first value of all, else the best of the values that are not."""
    refill(code)
    first, has_best, best = draw(code)
    nan = code.temp("i32", first)
    found, result = code.local("$found", "i32"), code.local("$best", "f64")
    code.put(f"(local.set {found} (i32.const 0))")
    again = code.label()
    with code.within(f"(loop {again}"):
        refill(code)
        with code.within(f"(if {_AT_END} (then) (else", "))"):
            value = code.temp("f64", best)
            compare = f"(f64.{'gt' if largest else 'lt'} {value} (local.get {result}))"
            better = f"(i32.or (i32.eqz (local.get {found})) {compare})"
            with code.within(f"(if (i32.and {has_best} {better}) (then", "))"):
                code.put(f"(local.set {result} {value}) (local.set {found} (i32.const 1))")
            advance(code)
            code.put(f"(br {again})")
    code.set(dst, [f"(select (f64.const nan) (local.get {result}) {nan})"])


def _sum(code: FunctionCode, op: Op) -> None:
    """Add up whole columns in the runtime's accumulator, a refill at a time."""
    groups = code.groups
    type_ = groups.value.type if groups.fold is None else groups.fold.value
    functions = {INT: "sum_ints", FLOAT: "sum_floats", NUM: "sum_nums"}
    if type_ not in functions:
        raise InternalError(f"line {op.line}: the kernel has no sum of {type_}")
    function = functions[type_] if groups.fold is None else f"{functions[type_]}_folded"
    columns = " ".join(
        f"(i32.add (i32.const {slot.address}) (i32.mul (local.get $cursor) (i32.const {slot.width})))"
        for slot in groups.value.slots
    )
    code.put("(call $sum_begin)")
    again = code.label()
    with code.within(f"(loop {again}"):
        refill(code)
        code.put(
            f"(call ${function} {columns} (i32.sub (local.get $end) (local.get $cursor)))",
            "(local.set $cursor (local.get $end))",
            f"(br_if {again} (i64.ne {left(code)} (i64.const 0)))",
        )
    result = f"(i32.const {code.plan.scratch})"
    if type_ == FLOAT:
        code.set(op.dst, ["(call $sum_float_result)"])
        return
    if type_ == INT:
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
