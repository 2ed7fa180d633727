"""Puts a step's module together: imports, memories, the functions of each role, constants."""

from __future__ import annotations

from collections.abc import Iterator

from totem_ccf.kernel.areas import ROWS, TEXT_BYTES, SlotArea
from totem_ccf.kernel.code import FunctionCode
from totem_ccf.kernel.plan import RolePlan, StepPlan
from totem_ccf.kernel.prelude import GLOBALS, HOST_IMPORTS, PRELUDE, RUNTIME_IMPORTS
from totem_ccf.kernel.rules import RULES, SIZES
from totem_ccf.kernel.shapes import helper, per_group, per_row, run_once
from totem_ccf.kernel.writer import text_bytes_escaped

__all__ = ["step_module"]


def step_module(plan: StepPlan, *, metered: bool = True) -> str:
    """Return the WebAssembly text of one step's module.

    It exports, for each role that the step has, ``<role>_init``, ``<role>_main`` and ``<role>_final`` (those that the
    program has), the globals of ``prelude.GLOBALS`` and the meter's memory.
    """
    lines = ["(module", HOST_IMPORTS, RUNTIME_IMPORTS]
    lines.append(f'  (memory $meter (export "meter") {plan.meter.pages} {plan.meter.pages})')
    lines += [GLOBALS.format(roots=plan.roots), PRELUDE]
    for role in plan.roles.values():
        lines += _emit_function(role)
        lines += _role_functions(plan, role, metered=metered)
    lines += _data(plan)
    lines.append(")")
    return "\n".join(lines) + "\n"


def _role_functions(plan: StepPlan, role: RolePlan, *, metered: bool) -> Iterator[str]:
    for number in plan.functions_of(role):
        if number not in role.functions:
            yield from helper(FunctionCode(plan, number, role, RULES, SIZES, metered=metered))
    if role.init is not None:
        yield from run_once(FunctionCode(plan, role.init, role, RULES, SIZES, metered=metered), f"{role.name}_init")
    shape = per_row if role.name == "map" else per_group
    yield from shape(FunctionCode(plan, role.main, role, RULES, SIZES, metered=metered), f"{role.name}_main")
    if role.final is not None:
        yield from run_once(FunctionCode(plan, role.final, role, RULES, SIZES, metered=metered), f"{role.name}_final")


def _emit_function(role: RolePlan) -> Iterator[str]:
    """Yield the function that appends one emit to the output columns, and takes them out when they are full."""
    slots = [*role.out.key.slots, *role.out.value.slots]
    yield f"  (func $emit_{role.name}"
    for i, slot in enumerate(slots):
        yield f"    (param $p{i} {slot.slot.wasm})"
    yield "    (local $row i32) (local $size i32) (local $large i32)"
    yield f"    (if (i32.eq (global.get $emitted) (i32.const {ROWS})) (then (call $flush)))"
    for i, slot in enumerate(slots):
        if slot.slot.kind == "str":
            used = f"(i32.add (i32.load (i32.const {slot.cell})) (i32.wrap_i64 (local.get $p{i})))"
            yield f"    (if (i32.gt_u {used} (i32.const {TEXT_BYTES})) (then (call $flush)))"
    yield "    (local.set $row (global.get $emitted))"
    for i, slot in enumerate(slots):
        if slot.slot.kind == "str":
            yield from _emit_text(slot, f"$p{i}")
        else:
            yield f"    {slot.store('(local.get $row)', _canonical(slots, i))}"
    yield "    (global.set $emitted (i32.add (local.get $row) (i32.const 1)))"
    yield "    (if (local.get $large) (then (call $flush))))"


def _emit_text(slot: SlotArea, name: str) -> Iterator[str]:
    address = f"(i32.wrap_i64 (i64.shr_u (local.get {name}) (i64.const 32)))"
    cell = f"(i32.const {slot.cell})"
    yield f"    (local.set $size (i32.wrap_i64 (local.get {name})))"
    yield f"    (if (i32.gt_u (local.get $size) (i32.const {TEXT_BYTES}))"
    yield "      (then"
    yield f"        (call $large_text (i32.const {slot.address}) {address} (local.get $size))"
    yield "        (local.set $large (i32.const 1)))"
    yield "      (else"
    yield f"        (memory.copy (i32.add (i32.const {slot.data}) (i32.load {cell})) {address} (local.get $size))"
    yield f"        (i32.store {cell} (i32.add (i32.load {cell}) (local.get $size)))))"
    yield f"    (i32.store offset={slot.address + 4} (i32.shl (local.get $row) (i32.const 2)) (i32.load {cell}))"


def _canonical(slots: list[SlotArea], i: int) -> str:
    """Return the instruction that reads a parameter, with the one bit pattern of NaN where it is a float."""
    value = f"(local.get $p{i})"
    if slots[i].slot.kind == "float":
        return f"(select (f64.const nan) {value} (f64.ne {value} {value}))"
    if slots[i].slot.kind == "bits":
        number = f"(f64.reinterpret_i64 {value})"
        is_nan = f"(i32.and (local.get $p{i - 1}) (f64.ne {number} {number}))"
        return f"(select (i64.reinterpret_f64 (f64.const nan)) {value} {is_nan})"
    return value


def _data(plan: StepPlan) -> Iterator[str]:
    for address, data in plan.constant_bytes.items():
        yield f"  (data (memory $memory) (i32.const {address}) {text_bytes_escaped(data)})"
    for role in plan.roles.values():
        table = b"".join(address.to_bytes(4, "little") for address in role.text_cells)
        if table:
            yield f"  (data (memory $memory) (i32.const {role.text_table}) {text_bytes_escaped(table)})"
