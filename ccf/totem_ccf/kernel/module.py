"""Puts a step's module together: imports, memories, the functions of each role, constants."""

from __future__ import annotations

from collections.abc import Iterator

from totem_ccf.kernel.areas import POOL_BYTES
from totem_ccf.kernel.code import FunctionCode
from totem_ccf.kernel.emitcode import emit_function
from totem_ccf.kernel.plan import StepPlan
from totem_ccf.kernel.prelude import GLOBALS, HOST_IMPORTS, PRELUDE, runtime_imports
from totem_ccf.kernel.prepaid import row_bound
from totem_ccf.kernel.roles import FIRST_PLACES, RolePlan
from totem_ccf.kernel.rules import RULES, SIZES
from totem_ccf.kernel.shapes import all_rows, helper, per_group, per_row, run_once
from totem_ccf.kernel.writer import text_bytes_escaped
from totem_sdk.limits import UNHELD_BYTES

__all__ = ["step_module"]


def step_module(plan: StepPlan, *, metered: bool = True) -> str:
    """Return the WebAssembly text of one step's module.

    It exports, for each role that the step has, ``<role>_begin(seed)``, ``<role>_init``, ``<role>_main`` and
    ``<role>_final`` (those that the program has), globals (``prelude.GLOBALS``) and the meter's memory.
    """
    lines = [f'  (memory $meter (export "meter") {plan.meter.pages} {plan.meter.pages})']
    lines += [GLOBALS.format(roots=plan.roots, last_place=FIRST_PLACES - 1), PRELUDE]
    for role in plan.roles.values():
        if not role.emits_inline:
            lines += emit_function(role)
        lines += _begin(plan, role)
        lines += _role_functions(plan, role, metered=metered)
    code = "\n".join([*lines, *_data(plan)])
    return "\n".join(["(module", HOST_IMPORTS, runtime_imports(code), code, ")", ""])


def _begin(plan: StepPlan, role: RolePlan) -> Iterator[str]:
    """Yield the function that begins a role: no field has a value, nothing is emitted or kept."""
    yield f'  (func (export "{role.name}_begin") (param $seed i64)'
    for name, zero in (("emitted", "i32"), ("finished", "i32"), ("groups_done", "i64"), ("field_bytes", "i64")):
        yield f"    (global.set ${name} ({zero}.const 0))"
    yield "    (global.set $fold_seed (local.get $seed))"
    for cell in role.text_cells:
        yield f"    (i64.store (i32.const {cell}) (i64.const 0))"
    if plan.kept_bytes:
        halves = f"(i32.const {plan.kept}) (i32.const {plan.kept + plan.kept_bytes})"
        yield f"    (call $kept_setup {halves} (i32.const {plan.kept_bytes}))"
    if plan.has_lists:
        yield f"    (call $arena_setup (i32.const {plan.cells}) (i32.const {plan.arena}))"
    if plan.has_dicts:
        yield "    (call $dict_setup (local.get $seed))"
    if role.holds_lists:
        yield f"    (call $heap_setup (i64.const {UNHELD_BYTES}))"
    if role.out.table is not None:
        yield f"    (call $fold_setup (i32.const {role.out.table.pool}) (i32.const {POOL_BYTES}))"
    yield "  )"


def _role_functions(plan: StepPlan, role: RolePlan, *, metered: bool) -> Iterator[str]:
    def code(number: int, *, prepaid: bool = False) -> FunctionCode:
        return FunctionCode(plan, number, role, RULES, SIZES, metered=metered, prepaid=prepaid)

    for number in plan.functions_of(role):
        if number not in role.functions:
            yield from helper(code(number))
    if role.init is not None:
        yield from run_once(code(role.init), f"{role.name}_init")
    if role.name == "map":
        yield from per_row(code(role.main), "map_checked")
        bound = row_bound(plan) if metered else None
        if bound is not None:
            yield from per_row(code(role.main, prepaid=True), "map_prepaid")
        yield from all_rows("map", bound)
    else:
        yield from per_group(code(role.main), f"{role.name}_main")
    if role.final is not None:
        yield from run_once(code(role.final), f"{role.name}_final")


def _data(plan: StepPlan) -> Iterator[str]:
    for address, data in plan.constant_bytes.items():
        yield f"  (data (memory $memory) (i32.const {address}) {text_bytes_escaped(data)})"
    for role in plan.roles.values():
        table = b"".join(address.to_bytes(4, "little") for address in role.text_cells)
        if table:
            yield f"  (data (memory $memory) (i32.const {role.text_table}) {text_bytes_escaped(table)})"
