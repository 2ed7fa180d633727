"""Rules of what comes in and goes out: rows, pairs, groups and emits."""

from __future__ import annotations

from totem_ccf.kernel.areas import Area, entry, total
from totem_ccf.kernel.code import FunctionCode, Rule, SizeOf
from totem_ccf.kernel.emitcode import LOCALS, parameters_of, write_emit
from totem_ccf.kernel.flatten import slots, text_slots
from totem_ccf.kernel.rules.values import text_sizes
from totem_sdk.errors import InternalError
from totem_sdk.program import Op

__all__ = ["RULES", "SIZES", "advance", "draw", "left", "refill"]

_ROW, _GROUP, _CURSOR, _END = "(local.get $row)", "(local.get $group)", "(local.get $cursor)", "(local.get $end)"


def _nothing(_code: FunctionCode, _op: Op) -> None:
    """Write nothing: the charge was all, the row or pair is there."""


def _column(code: FunctionCode, op: Op) -> None:
    position = op.imm[0]
    if not isinstance(position, int) or position not in code.plan.columns:
        raise InternalError(f"line {op.line}: there is no column {position!r} in the row")
    code.set(op.dst, code.plan.columns[position].load(_ROW))


def _pair(code: FunctionCode) -> tuple[Area, Area]:
    if code.plan.pair is None:
        raise InternalError(f"function {code.function.name!r} reads pairs in a step that gets rows")
    return code.plan.pair


def _pair_key(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, _pair(code)[0].load(_ROW))


def _pair_value(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, _pair(code)[1].load(_ROW))


def _read_key(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, code.groups.key.load(_GROUP))


def left(code: FunctionCode) -> str:
    """Return the instruction (an i64) for the number of the group's values that are not yet in memory."""
    return f"(i64.load (i32.const {code.groups.left}))"


def refill(code: FunctionCode) -> None:
    """Write what gets the group's next values into memory if those that were there are drawn."""
    with code.within(f"(if (i32.eq {_CURSOR} {_END}) (then (if (i64.ne {left(code)} (i64.const 0)) (then", "))))"):
        if text_slots(code.groups.value.type) and code.plan.root_registers(code.number):
            first = f"(i32.load (i32.const {code.groups.texts}))"
            code.keeping_roots(lambda: code.put(f"(call $keep_input {first} {code.roots})", "(call $more)"))
        else:
            code.put("(call $more)")
        code.put("(local.set $cursor (i32.const 0))")
        code.put(f"(local.set $end (i32.load (i32.const {code.groups.end})))")


def draw(code: FunctionCode) -> list[str]:
    """Return the slots of the next value, which is in memory."""
    return code.groups.value.load(_CURSOR)


def advance(code: FunctionCode) -> None:
    """Write the step to the next value."""
    code.put(f"(local.set $cursor (i32.add {_CURSOR} (i32.const 1)))")


def _read_value(code: FunctionCode, op: Op) -> None:
    refill(code)
    code.set(op.dst, draw(code))
    advance(code)


def _more_values(code: FunctionCode, op: Op) -> None:
    code.set(op.dst, [f"(i32.or (i32.lt_u {_CURSOR} {_END}) (i64.ne {left(code)} (i64.const 0)))"])


def _emit(code: FunctionCode, op: Op) -> None:
    key, value = op.args
    out = code.role.out
    value_type = out.value.type if out.table is None else out.table.fold.value
    for register, type_ in ((key, out.key.type), (value, value_type)):
        if slots(code.type_of(register)) != slots(type_):
            raise InternalError(f"line {op.line}: emits a {code.type_of(register)} where the step has {type_}")
    values = [*code.get(key), *code.get(value)]
    if not code.role.emits_inline:
        code.put(f"(call $emit_{code.role.name} {' '.join(values)})")
        return
    for (name, wasm), given in zip(parameters_of(code.role).items(), values, strict=True):
        code.put(f"(local.set {code.local(name, wasm)} {given})")
    for name, wasm in LOCALS.items():
        code.local(name, wasm)
    write_emit(code.out, code.role)


_NO_VALUES = "(i64.const 0)"


def _size_first(code: FunctionCode, op: Op) -> tuple[str, str]:
    return _NO_VALUES, text_sizes(code.type_of(op.args[0]), code.get(op.args[0]))


def _size_second(code: FunctionCode, op: Op) -> tuple[str, str]:
    return _NO_VALUES, text_sizes(code.type_of(op.args[1]), code.get(op.args[1]))


def _size_third(code: FunctionCode, op: Op) -> tuple[str, str]:
    return _NO_VALUES, text_sizes(code.type_of(op.args[2]), code.get(op.args[2]))


def _size_all(code: FunctionCode, op: Op) -> tuple[str, str]:
    return _NO_VALUES, total(text_sizes(code.type_of(r), code.get(r)) for r in op.args)


def _size_min(code: FunctionCode, op: Op) -> tuple[str, str]:
    """Of each pair of texts the shorter one."""
    a, b = (code.get(register) for register in op.args)
    sizes = []
    for i in text_slots(code.type_of(op.args[0])):
        x, y = (f"(i64.and {values[i]} (i64.const 0xffffffff))" for values in (a, b))
        sizes.append(f"(select {x} {y} (i64.lt_u {x} {y}))")
    return _NO_VALUES, total(sizes)


def _size_row(code: FunctionCode, op: Op) -> tuple[str, str]:
    plan = code.plan
    all_columns = plan.priced.table.read == "row" and not plan.program.lines
    charged = plan.columns if all_columns else [position for position in op.imm if isinstance(position, int)]
    return _NO_VALUES, total(plan.columns[position].size(_ROW) for position in charged)


def _size_pair(code: FunctionCode, _op: Op) -> tuple[str, str]:
    return _NO_VALUES, total(area.size(_ROW) for area in _pair(code))


def _size_key(code: FunctionCode, _op: Op) -> tuple[str, str]:
    return _NO_VALUES, code.groups.key.size(_GROUP)


def _size_value(code: FunctionCode, _op: Op) -> tuple[str, str]:
    refill(code)
    return _NO_VALUES, code.groups.value.size(_CURSOR)


def _size_fold(code: FunctionCode, _op: Op) -> tuple[str, str]:
    """All values that are left: those in memory, whose texts lie one after the other, and the others."""
    groups = code.groups
    if groups.fold is not None:
        return (
            f"(i64.load {entry(groups.values, _GROUP, 8)})",
            f"(i64.load {entry(groups.sizes, _GROUP, 8)})",
        )
    values = f"(i64.add (i64.extend_i32_u (i32.sub {_END} {_CURSOR})) {left(code)})"
    sizes = [
        f"(i64.extend_i32_u (i32.sub {slot.offset(_END)} {slot.offset(_CURSOR)}))"
        for slot in groups.value.slots
        if slot.slot.kind == "str"
    ]
    if sizes:
        sizes.append(f"(i64.load (i32.const {groups.left_bytes}))")
    return values, total(sizes)


RULES: dict[str, Rule] = {
    "read_row": _nothing,
    "column": _column,
    "read_pair": _nothing,
    "pair_key": _pair_key,
    "pair_value": _pair_value,
    "read_key": _read_key,
    "read_value": _read_value,
    "more_values": _more_values,
    "emit": _emit,
}

SIZES: dict[str, SizeOf] = {
    "first": _size_first,
    "second": _size_second,
    "third": _size_third,
    "all": _size_all,
    "min": _size_min,
    "row": _size_row,
    "fold": _size_fold,
    "read_pair": _size_pair,
    "read_key": _size_key,
    "read_value": _size_value,
}
