"""Writes the function that takes a role's emits: appends them to columns, or folds them into a table by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from totem_ccf.kernel.areas import SlotArea, entry
from totem_ccf.kernel.flatten import slots
from totem_ccf.kernel.folding import Fold
from totem_ccf.kernel.roles import FoldPlan, OutPlan, RolePlan
from totem_ccf.kernel.rules.compare import less
from totem_ccf.kernel.writer import Writer
from totem_sdk.errors import InternalError
from totem_sdk.types import FLOAT, INT, NUM, Option, Scalar, Tuple, Type

__all__ = ["emit_function"]

_ROW = "(local.get $row)"
_MULTIPLIER = "(i64.const 0x9e3779b97f4a7c15)"


def emit_function(role: RolePlan) -> list[str]:
    """Return the function ``$emit_<role>``, which takes the slots of a key and of a value."""
    out = role.out
    value_type = out.value.type if out.table is None else out.table.fold.value
    parameters = [*slots(out.key.type), *slots(value_type)]
    code = Writer(depth=1)
    with code.within(f"(func $emit_{role.name}"):
        code.put(*(f"(param $p{i} {slot.wasm})" for i, slot in enumerate(parameters)))
        code.put("(local $row i32) (local $size i32) (local $large i32)")
        keys = [f"$p{i}" for i in range(len(out.key.slots))]
        values = [f"$p{i}" for i in range(len(keys), len(parameters))]
        if out.table is None:
            code.put(*_canonical(out.key.type, keys), *_canonical(out.value.type, values))
            _make_room(code, out, [*keys, *values], "(call $flush)")
            code.put("(local.set $row (global.get $emitted))")
            _append(code, [*out.key.slots, *out.value.slots], [*keys, *values], out.text_bytes)
            code.put("(global.set $emitted (i32.add (local.get $row) (i32.const 1)))")
        else:
            code.put("(local $hash i64) (local $place i32) (local $found i32) (local $low i64) (local $high i64)")
            code.put(*_canonical(out.key.type, keys), *_hash(out, keys))
            _fold(code, out, out.table, keys, values)
        code.put("(if (local.get $large) (then (call $flush)))")
    return code.lines


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
        code.put(f"(local.set $size (i32.wrap_i64 (local.get {name})))")
        with code.within(f"(if (i32.gt_u (local.get $size) (i32.const {text_bytes}))"):
            with code.within("(then"):
                code.put(f"(call $large_text (i32.const {slot.address}) {address} (local.get $size))")
                code.put("(local.set $large (i32.const 1))")
            with code.within("(else"):
                code.put(f"(call $copy_bytes {end} {address} (local.get $size))")
                code.put(f"(i32.store {cell} (i32.add (i32.load {cell}) (local.get $size)))")
        code.put(slot.end_text(_ROW))


def _hash(out: OutPlan, names: Sequence[str]) -> Iterator[str]:
    yield "(local.set $hash (global.get $fold_seed))"
    for slot, name in zip(out.key.slots, names, strict=True):
        value = f"(local.get {name})"
        word = {
            "i32": f"(i64.extend_i32_u {value})",
            "f64": f"(i64.reinterpret_f64 {value})",
            "i64": f"(call $text_hash {value})" if slot.slot.kind == "str" else value,
        }[slot.slot.wasm]
        yield f"(local.set $hash (i64.mul (i64.xor (local.get $hash) {word}) {_MULTIPLIER}))"
        yield "(local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))"


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
    with code.within("(loop $again"):
        with code.within("(block $known"):
            _find(code, out, table, keys)
            # An emptied table has other places.
            _make_room(code, out, keys, f"{flush} (br $again)")
            code.put("(local.set $row (global.get $emitted))")
            _append(code, out.key.slots, keys, out.text_bytes)
            _insert(code, out, table)
        _accumulate(code, out, table.fold, values, f"{flush} (br $again)")
    counts = entry(table.counts, _ROW, 8)
    code.put(f"(i64.store {counts} (i64.add (i64.load {counts}) (i64.const 1)))")


def _find(code: Writer, out: OutPlan, table: FoldPlan, keys: Sequence[str]) -> None:
    """Write the search: to ``$known`` with the key's row, or on with its place in the index."""
    code.put("(local.set $place (i32.wrap_i64 (local.get $hash)))")
    with code.within("(block $new"), code.within("(loop $probe"):
        place = entry(table.index, "(local.get $place)", 4)
        code.put(
            "(local.set $place (i32.and (local.get $place) (global.get $fold_mask)))",
            f"(br_if $new (i32.eqz (local.tee $row (i32.load {place}))))",
            "(local.set $row (i32.sub (local.get $row) (i32.const 1)))",
            f"(br_if $known {_same_key(out, keys)})",
            "(local.set $place (i32.add (local.get $place) (i32.const 1)))",
            "(br $probe)",
        )


def _insert(code: Writer, out: OutPlan, table: FoldPlan) -> None:
    """Write what makes ``$row`` the row of a new key."""
    place = entry(table.index, "(local.get $place)", 4)
    code.put(
        "(global.set $emitted (i32.add (local.get $row) (i32.const 1)))",
        f"(i32.store {place} (global.get $emitted))",
        f"(i32.store {entry(table.hashes, _ROW, 4)} (i32.wrap_i64 (local.get $hash)))",
        f"(i64.store {entry(table.counts, _ROW, 8)} (i64.const 0))",
        *(slot.store(_ROW, slot.slot.zero) for slot in out.value.slots),
    )
    full = "(i32.gt_u (i32.shl (global.get $emitted) (i32.const 1)) (global.get $fold_mask))"
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
            "(local.set $high) (local.set $low)",
            low.store(_ROW, "(local.get $low)"),
            high.store(_ROW, "(local.get $high)"),
        )
    elif fold.kind == "sum":
        places = " ".join(slot.pointer(_ROW) for slot in columns)
        code.put(f"(if (call $fold_float {places} (local.get {values[0]})) (then {retry}))")
    elif fold.value == FLOAT:
        _extreme_of_floats(code, out, fold, values[0])
    else:
        stored = [slot.load(_ROW) for slot in columns]
        given = [f"(local.get {name})" for name in values]
        better = less(fold.value, stored, given) if fold.kind == "max" else less(fold.value, given, stored)
        first = f"(i64.eqz (i64.load {_counts(out)}))"
        with code.within(f"(if (i32.or {first} {better}) (then", "))"):
            code.put(*(slot.store(_ROW, value) for slot, value in zip(columns, given, strict=True)))


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
