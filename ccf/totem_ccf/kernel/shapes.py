"""The frames around function bodies: helpers, step functions that run once, and those that run for a whole batch."""

from __future__ import annotations

from totem_ccf.kernel.areas import entry
from totem_ccf.kernel.code import FunctionCode
from totem_ccf.kernel.flatten import slots

__all__ = ["all_rows", "helper", "per_group", "per_row", "run_once"]


def helper(code: FunctionCode) -> list[str]:
    """Return a function that others call; see ``code`` for its convention."""
    function = code.function
    parameters = ["$balance"] + [
        f"$r{register}_{i}" for register in function.params for i in range(len(slots(code.type_of(register))))
    ]
    types = ["i64"] + [slot.wasm for register in function.params for slot in slots(code.type_of(register))]
    results = () if function.returns is None else slots(function.returns)
    code.enter()
    with code.within("(block $stop"):
        with code.within("(block $return"):
            code.body(function.body)
            if function.returns is not None:
                code.put("(unreachable)")
        code.spill()
        code.leave()
        values = " ".join(f"(local.get {code.local(f'$return_{i}', slot.wasm)})" for i, slot in enumerate(results))
        code.put(f"(return (local.get $balance) {values})")
    code.spill()
    code.put("(i64.const -1) " + " ".join(slot.zero for slot in results))
    return [
        f"  (func ${code.role.name}_f{code.number}",
        *(f"    (param {name} {wasm})" for name, wasm in zip(parameters, types, strict=True)),
        f"    (result i64 {' '.join(slot.wasm for slot in results)})",
        *("    " + line for line in code.declarations(parameters)),
        *code.out.lines,
        "  )",
    ]


def run_once(code: FunctionCode, name: str) -> list[str]:
    """Return an ``_init`` or ``_final``: ``() -> stopped``."""
    code.enter()
    with code.within("(block $stop"):
        code.put(*code.empty_arena())
        with code.within("(block $return"):
            code.body(code.function.body)
        _finished(code)
    return _exported(code, name, [])


def per_row(code: FunctionCode, name: str) -> list[str]:
    """Return a mapper, ``(row, end) -> stopped``, for the rows in memory from ``row`` to before ``end``."""
    code.enter()
    code.put(f"(local.set {code.local('$first', 'i32')} (local.get $row))")
    with code.within("(block $stop"):
        with code.within("(block $done"), code.within("(loop $rows"):
            code.put("(br_if $done (i32.ge_u (local.get $row) (local.get $last)))")
            code.put(*code.empty_arena())
            with code.within("(block $return"):
                code.body(code.function.body)
            code.put("(local.set $row (i32.add (local.get $row) (i32.const 1)))", "(br $rows)")
        _finished(code)
    # The row at which it stopped was begun.
    code.put("(local.set $row (i32.add (local.get $row) (i32.const 1)))")
    return _stoppable(code, f"${name}", ["$row", "$last"])


def all_rows(role: str, bound: int | None) -> list[str]:
    """Return the exported mapper, ``(rows) -> stopped``.

    With a ``bound`` of what a row costs, as many rows as the balance is sure to cover are prepaid, and others run one
    at a time until the host has granted more.
    """
    head = f'  (func (export "{role}_main") (param $rows i32) (result i32)'
    if bound is None:
        return [head, f"    (call ${role}_checked (i32.const 0) (local.get $rows)))"]
    return [
        head,
        "    (local $row i32) (local $next i32) (local $sure i64)",
        "    (loop $more",
        "      (if (i32.ge_u (local.get $row) (local.get $rows)) (then (return (i32.const 0))))",
        f"      (local.set $sure (i64.div_u (global.get $balance) (i64.const {bound})))",
        "      (if (i64.eqz (local.get $sure))",
        "        (then",
        "          (local.set $next (i32.add (local.get $row) (i32.const 1)))",
        f"          (if (call ${role}_checked (local.get $row) (local.get $next)) (then (return (i32.const 1)))))",
        "        (else",
        "          (local.set $next (select (local.get $rows)",
        "            (i32.add (local.get $row) (i32.wrap_i64 (local.get $sure)))",
        "            (i64.gt_u (local.get $sure)",
        "              (i64.extend_i32_u (i32.sub (local.get $rows) (local.get $row))))))",
        f"          (if (call ${role}_prepaid (local.get $row) (local.get $next)) (then (return (i32.const 1))))))",
        "      (local.set $row (local.get $next))",
        "      (br $more))",
        "    (unreachable))",
    ]


def per_group(code: FunctionCode, name: str) -> list[str]:
    """Return a combiner or reducer: ``(groups) -> stopped``; values are drawn by a cursor over the value columns."""
    group, cursor, end = code.local("$group", "i32"), code.local("$cursor", "i32"), code.local("$end", "i32")
    code.enter()
    with code.within("(block $stop"):
        with code.within("(block $done"), code.within("(loop $groups"):
            code.put(
                f"(br_if $done (i32.ge_u (local.get {group}) (local.get $count)))",
                *code.empty_arena(),
                f"(local.set {cursor} (local.get {end}))",
                f"(local.set {end} (i32.load {entry(code.groups.ends, f'(local.get {group})', 4)}))",
            )
            with code.within("(block $return"):
                code.body(code.function.body)
            code.put(
                f"(local.set {group} (i32.add (local.get {group}) (i32.const 1)))",
                "(global.set $groups_done (i64.add (global.get $groups_done) (i64.const 1)))",
                "(global.set $finished (global.get $emitted))",
                "(br $groups)",
            )
        _finished(code)
    return _exported(code, name, ["$count"])


def _finished(code: FunctionCode) -> None:
    """Write the ordinary end of a step function."""
    if code.holds_balance:
        code.put("(global.set $balance (local.get $balance))")
    code.spill()
    code.leave()
    code.put("(return (i32.const 0))")


def _exported(code: FunctionCode, name: str, parameters: list[str]) -> list[str]:
    return _stoppable(code, f'(export "{name}")', parameters)


def _stoppable(code: FunctionCode, name: str, parameters: list[str]) -> list[str]:
    """Return a step function whose body jumps to ``$stop`` if it can't go on."""
    begin = []
    if code.holds_balance:
        begin.append(f"    (local.set {code.local('$balance', 'i64')} (global.get $balance))")
    code.spill()
    return [
        f"  (func {name} {''.join(f'(param {p} i32) ' for p in parameters)}(result i32)",
        *("    " + line for line in code.declarations(parameters)),
        *begin,
        *code.out.lines,
        "    (i32.const 1)",
        "  )",
    ]
