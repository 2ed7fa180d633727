"""Writes the function that takes a role's emits: appends them to columns, or folds them into a table by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from totem_ccf.kernel.areas import SlotArea, entry
from totem_ccf.kernel.comparing import less
from totem_ccf.kernel.flatten import WasmType, slots
from totem_ccf.kernel.folding import Fold
from totem_ccf.kernel.roles import FoldPlan, OutPlan, RolePlan
from totem_ccf.kernel.writer import Writer
from totem_sdk.errors import InternalError
from totem_sdk.types import FLOAT, INT, NUM, Option, Scalar, Tuple, Type

__all__ = ["LOCALS", "emit_function", "parameters_of", "write_emit"]

LOCALS: dict[str, WasmType] = {
    **dict.fromkeys(("$e_row", "$e_size", "$e_large", "$e_place"), "i32"),
    **dict.fromkeys(("$e_hash", "$e_bits", "$e_sign", "$e_low", "$e_high", "$e_old_high", "$e_shift"), "i64"),
}
"""Locals that the writing of an emit needs."""

_ROW = "(local.get $e_row)"
_MULTIPLIER = "(i64.const 0x9e3779b97f4a7c15)"


def emit_function(role: RolePlan) -> list[str]:
    """Return the function ``$emit_<role>``, which takes the slots of a key and of a value."""
    code = Writer(depth=1)
    with code.within(f"(func $emit_{role.name}"):
        parameters = parameters_of(role)
        code.put(*(f"(param {name} {wasm})" for name, wasm in parameters.items()))
        code.put(*(f"(local {name} {wasm})" for name, wasm in LOCALS.items()))
        write_emit(code, role)
    return code.lines


def parameters_of(role: RolePlan) -> dict[str, WasmType]:
    """Return the names and types of the locals from which ``write_emit`` takes the slots of a key and of a value."""
    return {f"$e_p{i}": slot.wasm for i, slot in enumerate([*slots(role.out.key.type), *slots(_value(role.out))])}


def write_emit(code: Writer, role: RolePlan) -> None:
    """Write what takes an emit, from the locals ``parameters_of``; it uses ``LOCALS`` as well."""
    out = role.out
    names = list(parameters_of(role))
    keys, values = names[: len(out.key.slots)], names[len(out.key.slots) :]
    if any(slot.slot.kind == "str" for slot in out.key.slots + out.value.slots):
        code.put("(local.set $e_large (i32.const 0))")
    code.put(*_canonical(out.key.type, keys))
    if out.table is None:
        code.put(*_canonical(out.value.type, values))
        _make_room(code, out, [*keys, *values], "(call $flush)")
        code.put("(local.set $e_row (global.get $emitted))")
        _append(code, [*out.key.slots, *out.value.slots], [*keys, *values], out.text_bytes)
        code.put("(global.set $emitted (i32.add (local.get $e_row) (i32.const 1)))")
    else:
        code.put(*_hash(out, keys))
        _fold(code, out, out.table, keys, values)
    if any(slot.slot.kind == "str" for slot in out.key.slots + out.value.slots):
        code.put("(if (local.get $e_large) (then (call $flush)))")


def _value(out: OutPlan) -> Type:
    return out.value.type if out.table is None else out.table.fold.value


def _canonical(type_: Type, names: Sequence[str]) -> Iterator[str]:
    """Yield what makes equal values have equal slots: one NaN, zeros where there is nothing."""
    match type_:
        case Option(item=item):
            yield from _canonical(item, names[1:])
            for name, slot in zip(names[1:], slots(item), strict=True):
                yield f"(local.set {name} (select (local.get {name}) {slot.zero} (local.get {names[0]})))"
        case Tuple(items=items):
            start = 0
            for item in items:
                end = start + len(slots(item))
                yield from _canonical(item, names[start:end])
                start = end
        case _ if type_ == FLOAT:
            value = f"(local.get {names[0]})"
            yield f"(local.set {names[0]} (select (f64.const nan) {value} (f64.ne {value} {value})))"
        case _ if type_ == NUM:
            tag, bits = names
            number = f"(f64.reinterpret_i64 (local.get {bits}))"
            is_nan = f"(i32.and (local.get {tag}) (f64.ne {number} {number}))"
            yield f"(local.set {bits} (select (i64.reinterpret_f64 (f64.const nan)) (local.get {bits}) {is_nan}))"
        case Scalar():
            return
        case _:
            raise InternalError(f"a {type_} can't be emitted")


def _make_room(code: Writer, out: OutPlan, names: Sequence[str], flush: str) -> None:
    """Write what empties the columns if they have no room for one more row."""
    code.put(f"(if (i32.eq (global.get $emitted) (i32.const {out.rows})) (then {flush}))")
    for slot, name in zip([*out.key.slots, *out.value.slots], names, strict=False):
        if slot.slot.kind == "str":
            used = f"(i32.add (i32.load (i32.const {slot.cell})) (i32.wrap_i64 (local.get {name})))"
            full = f"(i32.gt_u {used} (i32.const {out.text_bytes}))"
            # A text that is too long for an empty column leaves alone.
            code.put(f"(if (i32.and {full} (i32.ne (global.get $emitted) (i32.const 0))) (then {flush}))")


def _append(code: Writer, columns: Sequence[SlotArea], names: Sequence[str], text_bytes: int) -> None:
    """Write what puts a value into row ``$row``."""
    for slot, name in zip(columns, names, strict=True):
        if slot.slot.kind != "str":
            code.put(slot.store(_ROW, f"(local.get {name})"))
            continue
        address = f"(i32.wrap_i64 (i64.shr_u (local.get {name}) (i64.const 32)))"
        cell = f"(i32.const {slot.cell})"
        end = f"(i32.add (i32.const {slot.data}) (i32.load {cell}))"
        code.put(f"(local.set $e_size (i32.wrap_i64 (local.get {name})))")
        with code.within(f"(if (i32.gt_u (local.get $e_size) (i32.const {text_bytes}))"):
            with code.within("(then"):
                code.put(f"(call $large_text (i32.const {slot.address}) {address} (local.get $e_size))")
                code.put("(local.set $e_large (i32.const 1))")
            with code.within("(else"):
                code.put(f"(call $copy_bytes {end} {address} (local.get $e_size))")
                code.put(f"(i32.store {cell} (i32.add (i32.load {cell}) (local.get $e_size)))")
        code.put(slot.end_text(_ROW))


def _hash(out: OutPlan, names: Sequence[str]) -> Iterator[str]:
    yield "(local.set $e_hash (global.get $fold_seed))"
    for slot, name in zip(out.key.slots, names, strict=True):
        value = f"(local.get {name})"
        word = {
            "i32": f"(i64.extend_i32_u {value})",
            "f64": f"(i64.reinterpret_f64 {value})",
            "i64": f"(call $text_hash {value})" if slot.slot.kind == "str" else value,
        }[slot.slot.wasm]
        yield f"(local.set $e_hash (i64.mul (i64.xor (local.get $e_hash) {word}) {_MULTIPLIER}))"
        yield "(local.set $e_hash (i64.xor (local.get $e_hash) (i64.shr_u (local.get $e_hash) (i64.const 32))))"


def _same_key(out: OutPlan, names: Sequence[str]) -> str:
    """Return the instruction that tells whether row ``$row`` has the key."""
    result = ""
    for slot, name in zip(out.key.slots, names, strict=True):
        value = f"(local.get {name})"
        if slot.slot.kind == "str":
            same = f"(call $text_equal {slot.out_text(_ROW)} {value})"
        elif slot.slot.wasm == "f64":
            same = f"(i64.eq (i64.reinterpret_f64 {slot.load(_ROW)}) (i64.reinterpret_f64 {value}))"
        else:
            same = f"({slot.slot.wasm}.eq {slot.load(_ROW)} {value})"
        result = f"(if (result i32) {result} (then {same}) (else (i32.const 0)))" if result else same
    return result or "(i32.const 1)"


def _fold(code: Writer, out: OutPlan, table: FoldPlan, keys: Sequence[str], values: Sequence[str]) -> None:
    flush = f"(call $flush) (call $fold_clear (i32.const {table.index}) (global.get $fold_mask))"
    with code.within("(loop $e_again"):
        with code.within("(block $e_known"):
            _find(code, out, table, keys)
            # An emptied table has other places.
            _make_room(code, out, keys, f"{flush} (br $e_again)")
            code.put("(local.set $e_row (global.get $emitted))")
            _append(code, out.key.slots, keys, out.text_bytes)
            _insert(code, out, table)
        _accumulate(code, out, table.fold, values, f"{flush} (br $e_again)")
    counts = entry(table.counts, _ROW, 8)
    code.put(f"(i64.store {counts} (i64.add (i64.load {counts}) (i64.const 1)))")


def _find(code: Writer, out: OutPlan, table: FoldPlan, keys: Sequence[str]) -> None:
    """Write the search: to ``$e_known`` with the key's row, or on with its place in the index."""
    code.put("(local.set $e_place (i32.wrap_i64 (local.get $e_hash)))")
    with code.within("(block $e_new"), code.within("(loop $e_probe"):
        place = entry(table.index, "(local.get $e_place)", 4)
        code.put(
            "(local.set $e_place (i32.and (local.get $e_place) (global.get $fold_mask)))",
            f"(br_if $e_new (i32.eqz (local.tee $e_row (i32.load {place}))))",
            "(local.set $e_row (i32.sub (local.get $e_row) (i32.const 1)))",
            f"(br_if $e_known {_same_key(out, keys)})",
            "(local.set $e_place (i32.add (local.get $e_place) (i32.const 1)))",
            "(br $e_probe)",
        )


def _insert(code: Writer, out: OutPlan, table: FoldPlan) -> None:
    """Write what makes ``$row`` the row of a new key."""
    place = entry(table.index, "(local.get $e_place)", 4)
    code.put(
        "(global.set $emitted (i32.add (local.get $e_row) (i32.const 1)))",
        f"(i32.store {place} (global.get $emitted))",
        f"(i32.store {entry(table.hashes, _ROW, 4)} (i32.wrap_i64 (local.get $e_hash)))",
        f"(i64.store {entry(table.counts, _ROW, 8)} (i64.const 0))",
        *(slot.store(_ROW, slot.slot.zero) for slot in out.value.slots),
    )
    places = "(i32.add (global.get $fold_mask) (i32.const 1))"
    full = f"(i32.gt_u (i32.shl (global.get $emitted) (i32.const 1)) {places})"
    grow = (
        f"(call $fold_grow (i32.const {table.index}) (global.get $fold_mask)"
        f" (i32.const {table.hashes}) (global.get $emitted))"
    )
    code.put(f"(if {full} (then (global.set $fold_mask {grow})))")


def _accumulate(code: Writer, out: OutPlan, fold: Fold, values: Sequence[str], retry: str) -> None:
    """Write what adds a value to the accumulator of row ``$row``."""
    columns = out.value.slots
    if fold.kind == "sum" and fold.value == INT:
        low, high = columns
        value = f"(local.get {values[0]})"
        code.put(
            f"(i64.add128 {low.load(_ROW)} {high.load(_ROW)} {value} (i64.shr_s {value} (i64.const 63)))",
            "(local.set $e_high) (local.set $e_low)",
            low.store(_ROW, "(local.get $e_low)"),
            high.store(_ROW, "(local.get $e_high)"),
        )
    elif fold.kind == "sum":
        _add_float(code, columns, f"(local.get {values[0]})", retry)
    elif fold.value == FLOAT:
        _extreme_of_floats(code, out, fold, values[0])
    else:
        stored = [slot.load(_ROW) for slot in columns]
        given = [f"(local.get {name})" for name in values]
        better = less(fold.value, stored, given) if fold.kind == "max" else less(fold.value, given, stored)
        first = f"(i64.eqz (i64.load {_counts(out)}))"
        with code.within(f"(if (i32.or {first} {better}) (then", "))"):
            code.put(*(slot.store(_ROW, value) for slot, value in zip(columns, given, strict=True)))


def _add_float(code: Writer, columns: Sequence[SlotArea], value: str, retry: str) -> None:
    """Write what adds a float to a window (``runtime/sums.h``) if it lies between 2^-28 and 2^36, as most do.

    All other values, and the rare sum that leaves the window, are the runtime library's.
    """
    low, high, _wide = columns
    places = " ".join(slot.pointer(_ROW) for slot in columns)
    mantissa = "(i64.or (i64.and (local.get $e_bits) (i64.const 0xfffffffffffff)) (i64.const 0x10000000000000))"
    with code.within("(block $e_added"):
        with code.within("(block $e_outside"):
            code.put(
                f"(local.set $e_bits (i64.reinterpret_f64 {value}))",
                "(local.set $e_shift (i64.sub",
                "  (i64.and (i64.shr_u (local.get $e_bits) (i64.const 52)) (i64.const 0x7ff)) (i64.const 995)))",
                "(br_if $e_outside (i64.gt_u (local.get $e_shift) (i64.const 63)))",
                "(local.set $e_sign (i64.shr_s (local.get $e_bits) (i64.const 63)))",
                f"(local.set $e_bits {mantissa})",
                # The number, or its complement if it is negative; the one that is missing then comes last.
                "(local.set $e_high (i64.xor (local.get $e_sign)",
                "  (i64.shr_u (i64.shr_u (local.get $e_bits) (i64.const 1))"
                " (i64.sub (i64.const 63) (local.get $e_shift)))))",
                "(local.set $e_low (i64.xor (local.get $e_sign) (i64.shl (local.get $e_bits) (local.get $e_shift))))",
                f"(local.set $e_old_high {high.load(_ROW)})",
                f"(i64.add128 {low.load(_ROW)} (local.get $e_old_high) (local.get $e_low) (local.get $e_high))",
                "(i64.add128 (i64.shr_u (local.get $e_sign) (i64.const 63)) (i64.const 0))",
                "(local.set $e_bits) (local.set $e_low)",
                "(br_if $e_outside (i64.lt_s (i64.and",
                "  (i64.xor (local.get $e_old_high) (local.get $e_bits))",
                "  (i64.xor (local.get $e_high) (local.get $e_bits))) (i64.const 0)))",
                low.store(_ROW, "(local.get $e_low)"),
                high.store(_ROW, "(local.get $e_bits)"),
                "(br $e_added)",
            )
        code.put(f"(if (call $fold_float {places} {value}) (then {retry}))")


def _extreme_of_floats(code: Writer, out: OutPlan, fold: Fold, name: str) -> None:
    """Write what keeps the best value that is not NaN, and whether the first value is NaN."""
    nan, present, best = out.value.slots
    value = f"(local.get {name})"
    is_nan = f"(f64.ne {value} {value})"
    compare = f"(f64.{'gt' if fold.kind == 'max' else 'lt'} {value} {best.load(_ROW)})"
    better = f"(i32.or (i32.eqz {present.load(_ROW)}) {compare})"
    with code.within(f"(if {is_nan}"):
        first = f"(i64.eqz (i64.load {_counts(out)}))"
        code.put(f"(then {nan.store(_ROW, f'(i32.or {nan.load(_ROW)} {first})')})")
        with code.within("(else"), code.within(f"(if {better} (then", "))"):
            code.put(best.store(_ROW, value), present.store(_ROW, "(i32.const 1)"))


def _counts(out: OutPlan) -> str:
    if out.table is None:
        raise InternalError("pairs are not counted by key")
    return entry(out.table.counts, _ROW, 8)
