"""Writes one function of a step: registers, control flow, charges; operations come from the table of rules.

Registers are locals, one for each slot. Structured control flow maps one to one: Loop to ``loop``, Scope to ``block``,
If to ``if``, Exit and Return to ``br``. A function that can't go on (out of totem, an error of the program) jumps to
its label ``$stop``; it is never a trap, so that every frame can write its counters. Two shapes of functions exist:

* *helpers* (methods that others call): ``(param $balance, arguments) (result $balance, results)``; a negative balance
  says that the callee has stopped;
* *step functions*, exported to the host, which run once (init, final) or once for each row, pair or group of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from totem_ccf.kernel.charges import Charges
from totem_ccf.kernel.flatten import slots
from totem_ccf.kernel.plan import StepPlan
from totem_ccf.kernel.prepaid import PrepaidCharges
from totem_ccf.kernel.roles import GroupPlan, RolePlan
from totem_ccf.kernel.rounds import PrepaidLoop, RoundCharges, carried
from totem_ccf.kernel.widening import wider
from totem_ccf.kernel.writer import Writer
from totem_sdk.caught import code_of
from totem_sdk.errors import InternalError, ProgramError
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Block, Body, Exit, If, Loop, Op, Return, Scope
from totem_sdk.types import NONE, Type

__all__ = ["MOST_LOCAL_ROOTS", "FunctionCode", "Rule", "SizeOf"]

MOST_LOCAL_ROOTS = 16
"""References to texts that a function keeps in locals. If it has more, and texts may move while it runs, they stand in
memory all the time: writing them there and reading them again around each move would take code by their number times
the number of moves."""

Rule = Callable[["FunctionCode", Op], None]
"""Writes one operation."""

SizeOf = Callable[["FunctionCode", Op], tuple[str, str]]
"""Gives the instructions for the values and the bytes (both i64) that a site's charge counts."""


class FunctionCode:
    """The code of one function of a step.

    Attributes:
        plan: the step.
        role: the role in which the function runs; a helper that several roles call is written once for each.
        holds_balance: whether the balance is in the local ``$balance`` while the function runs, and not in its global.
        out: where lines go.
    """

    def __init__(
        self,
        plan: StepPlan,
        number: int,
        role: RolePlan,
        rules: Mapping[str, Rule],
        sizes: Mapping[str, SizeOf],
        *,
        metered: bool,
        prepaid: bool = False,
    ) -> None:
        self.plan = plan
        self.role = role
        self.helper = number not in role.functions
        self.holds_balance = not prepaid
        self.number = number
        self.function = plan.program.functions[number]
        self.out = Writer(depth=2)
        self._rules = rules
        self._sizes = sizes
        self._locals: dict[str, str] = {}
        self._exits: list[str] = []
        self._temps = 0
        self._labels = 0
        self._loops = 0
        self._op = 0
        self._line = 0
        self._catch: tuple[int, str] | None = None
        self._block_id = 0
        self._homes = self._make_homes()
        self._charges: Charges | PrepaidCharges | RoundCharges
        if prepaid:
            self._charges = PrepaidCharges(plan, self.out, self.local)
        else:
            self._charges = Charges(plan.priced, plan.meter, self.out, self.local, metered=metered)

    # What rules use.

    def put(self, *lines: str) -> None:
        """Write lines."""
        self.out.put(*lines)

    def within(self, head: str, tail: str = ")") -> AbstractContextManager[None]:
        """Write ``head``, what the body of the with statement writes, and ``tail``."""
        return self.out.within(head, tail)

    def local(self, name: str, wasm: str) -> str:
        """Declare a local (once) and return its name."""
        if self._locals.setdefault(name, wasm) != wasm:
            raise InternalError(f"local {name} has two types")
        return name

    def temp(self, wasm: str, value: str) -> str:
        """Write a value into a new local and return the instruction that reads it."""
        self._temps += 1
        name = self.local(f"$t{self._temps}", wasm)
        self.put(f"(local.set {name} {value})")
        return f"(local.get {name})"

    def label(self) -> str:
        """Return a new label."""
        self._labels += 1
        return f"$l{self._labels}"

    def type_of(self, register: int) -> Type:
        """Return the type of a register."""
        return self.function.registers[register]

    def get(self, register: int) -> list[str]:
        """Return the instructions that read a register, slot by slot."""
        return [
            f"(local.get $r{register}_{i})" if home is None else f"(i64.load offset={home} (local.get $roots))"
            for i, home in enumerate(self._homes_of(register))
        ]

    def set(self, register: int | None, values: Sequence[str]) -> None:
        """Write values into a register, slot by slot; the values may read the register itself."""
        if register is None:
            raise InternalError(f"function {self.function.name!r}: an operation has no destination")
        homes = self._homes_of(register)
        if len(homes) != len(values):
            raise InternalError(
                f"function {self.function.name!r}: {len(values)} slots for a register of type {self.type_of(register)}"
            )
        if homes == [None]:
            self.put(f"(local.set $r{register}_0 {values[0]})")
        elif homes:
            self.put(*values)
            self.take(register)

    def take(self, register: int | None) -> None:
        """Write the slots of a value that is on the stack into a register."""
        if register is None:
            raise InternalError(f"function {self.function.name!r}: an operation has no destination")
        taken = []
        for i, home in reversed(list(enumerate(self._homes_of(register)))):
            if home is None:
                taken.append(f"(local.set $r{register}_{i})")
            else:
                moved = self.local("$moved", "i64")
                taken.append(f"(local.set {moved}) (i64.store offset={home} (local.get $roots) (local.get {moved}))")
        self.put(" ".join(taken))

    def fail_if(self, condition: str, kind: str) -> None:
        """End in an error of the program if the condition (an i32) holds."""
        with self.within(f"(if {condition} (then", "))"):
            self.fail(kind)

    def fail(self, kind: str) -> None:
        """End in an error of the program."""
        if self._catch is not None and kind != "memory":
            register, leave = self._catch
            self.put(f"(local.set $r{register}_0 (i64.const {code_of(kind, self._line)})) (br {leave})")
            return
        self.stop(f"(i32.const {2 + ProgramError.KINDS.index(kind)})")

    def stop(self, reason: str) -> None:
        """End in an error; ``reason`` is an i32 (``metermap``)."""
        self._charges.stop(self._block_id, reason, 2 * self._op + 1)

    def keeping_roots(self, action: Callable[[], None]) -> None:
        """Do what may move texts: their references are put where the runtime finds them, and read again afterwards."""
        if self._homes:
            action()
            return
        roots = self.plan.root_registers(self.number)
        self.local("$roots", "i32")
        self.put("(local.set $roots (global.get $roots_end))")
        for i, (register, slot) in enumerate(roots):
            kind = slots(self.type_of(register))[slot].kind
            self.put(
                f"(i64.store offset={16 * i} (local.get $roots) (local.get $r{register}_{slot}))"
                f" (i64.store offset={16 * i + 8} (local.get $roots) (i64.const {int(kind == 'list')}))"
            )
        self.put(f"(global.set $roots_end (i32.add (local.get $roots) (i32.const {16 * len(roots)})))")
        action()
        self.put("(global.set $roots_end (local.get $roots))")
        for i, (register, slot) in enumerate(roots):
            self.put(f"(local.set $r{register}_{slot} (i64.load offset={16 * i} (local.get $roots)))")

    def enter(self) -> None:
        """Write the start of the function: references to texts that stand in memory get their places there."""
        if not self._homes:
            return
        size = 16 * len(self._homes)
        self.put(
            f"(local.set {self.local('$roots', 'i32')} (global.get $roots_end))",
            f"(global.set $roots_end (i32.add (local.get $roots) (i32.const {size})))",
            f"(memory.fill $memory (local.get $roots) (i32.const 0) (i32.const {size}))",
        )
        for (register, slot), home in self._homes.items():
            if slots(self.type_of(register))[slot].kind == "list":
                self.put(f"(i64.store offset={home + 8} (local.get $roots) (i64.const 1))")
            if self.helper and register in self.function.params:
                self.put(f"(i64.store offset={home} (local.get $roots) (local.get $r{register}_{slot}))")

    def leave(self) -> None:
        """Write the end of the function: the places are free again; after a stop nothing needs them any more."""
        if self._homes:
            self.put("(global.set $roots_end (local.get $roots))")

    def _make_homes(self) -> dict[tuple[int, int], int]:
        """Return where registers' references to texts stand behind ``$roots``; empty if they are in locals."""
        roots = self.plan.root_registers(self.number)
        if len(roots) <= MOST_LOCAL_ROOTS or not self.plan.moves_texts(self.number):
            return {}
        return {root: 16 * i for i, root in enumerate(roots)}

    def _homes_of(self, register: int) -> list[int | None]:
        return [self._homes.get((register, i)) for i in range(len(slots(self.type_of(register))))]

    @property
    def groups(self) -> GroupPlan:
        """The groups that the function's role reads."""
        if self.role.groups is None:
            raise InternalError(f"function {self.function.name!r} reads groups in a role that has none")
        return self.role.groups

    @property
    def roots(self) -> str:
        """The arguments that tell the runtime where references to texts stand: in roots and in fields."""
        return (
            f"(i32.const {self.plan.roots}) (global.get $roots_end)"
            f" (i32.const {self.role.text_table}) (i32.const {len(self.role.text_cells)})"
        )

    def call(self, op: Op) -> None:
        """Write the call of a helper; if it has stopped, this function stops too."""
        number = op.imm[0]
        if not isinstance(number, int):
            raise InternalError(f"line {op.line}: a call names no function")
        callee = self.plan.program.functions[number]
        arguments = " ".join(
            value
            for register, parameter in zip(op.args, callee.params, strict=True)
            for value in wider(self.type_of(register), callee.registers[parameter], self.get(register))
        )
        returns = callee.returns or NONE
        results = [self.local(f"$result_{slot.wasm}_{i}", slot.wasm) for i, slot in enumerate(slots(returns))]

        def run() -> None:
            self.put(f"(call ${self.role.name}_f{number} (local.get $balance) {arguments})")
            self.put(" ".join(f"(local.set {name})" for name in reversed(["$balance", *results])))

        if number in self.plan.flipping:
            self.keeping_roots(run)
        else:
            run()
        with self.within("(if (i64.lt_s (local.get $balance) (i64.const 0)) (then", "))"):
            self.put(f"(call $frame (i32.const {2 * self._op + 1})) (br $stop)")
        if op.dst is not None:
            self.set(op.dst, wider(returns, self.type_of(op.dst), [f"(local.get {name})" for name in results]))

    def spill(self) -> None:
        """Write the counters to the meter's memory."""
        self._charges.spill(self.out)

    def declarations(self, parameters: Sequence[str] = ()) -> list[str]:
        """Return the declarations of all locals but those that are parameters."""
        registers = {
            f"$r{register}_{i}": slot.wasm
            for register, type_ in enumerate(self.function.registers)
            for i, slot in enumerate(slots(type_))
            if (register, i) not in self._homes
        }
        return [
            f"(local {name} {wasm})" for name, wasm in {**registers, **self._locals}.items() if name not in parameters
        ]

    # The arena: its logical bytes in a global or, where there are lists, in memory beside the address where it goes on.

    @property
    def arena_used(self) -> str:
        """The instruction (an i32) for the logical bytes that the call has used."""
        return f"(i32.load (i32.const {self.plan.cells + 4}))" if self.plan.has_lists else "(global.get $arena_used)"

    @property
    def arena_top(self) -> str:
        """The instruction (an i32) for the address where the arena goes on."""
        if self.plan.has_lists:
            return f"(i32.load (i32.const {self.plan.cells}))"
        return f"(i32.add (i32.const {self.plan.arena}) (global.get $arena_used))"

    def grow_arena(self, size: str) -> list[str]:
        """Return the instructions that count what was written at the end of the arena."""
        if not self.plan.has_lists:
            return [f"(global.set $arena_used (i32.add (global.get $arena_used) {size}))"]
        places = (self.plan.cells, self.plan.cells + 4)
        return [f"(i32.store (i32.const {at}) (i32.add (i32.load (i32.const {at})) {size}))" for at in places]

    def empty_arena(self) -> list[str]:
        """Return the instructions that begin a call of a step function: the arena has only what fields hold."""
        if self.role.holds_lists:
            return ["(call $heap_call)"]
        if not self.plan.has_lists:
            return ["(global.set $arena_used (i32.const 0))"]
        return [
            f"(i32.store (i32.const {self.plan.cells}) (i32.const {self.plan.arena}))",
            f"(i32.store (i32.const {self.plan.cells + 4}) (i32.const 0))",
        ]

    # Control flow.

    def body(self, body: Body) -> None:
        """Write a body."""
        for node in body:
            match node:
                case Block():
                    self._block(node)
                case If(condition=condition, then=then, orelse=orelse):
                    with self.within(f"(if (local.get $r{condition}_0)"):
                        with self.within("(then"):
                            self.body(then)
                        if orelse:
                            with self.within("(else"):
                                self.body(orelse)
                case Loop(body=inner):
                    leave, again = self.label(), self.label()
                    self._loops += 1
                    with self._leaving(leave), self.within(f"(loop {again}"):
                        self._prepaid_rounds(inner, again)
                        self.body(inner)
                        self.put(f"(br {again})")
                    self._loops -= 1
                case Scope(body=inner):
                    with self._leaving(self.label()):
                        self.body(inner)
                case Exit(level=level):
                    self.put(self._charges.leave(self._exits[-1 - level]))
                case Return(register=register):
                    if register is not None and self.function.returns is not None:
                        values = wider(self.type_of(register), self.function.returns, self.get(register))
                        for i, value in enumerate(values):
                            self.put(f"(local.set $return_{i} {value})")
                    self.put(self._charges.leave("$return"))

    def _prepaid_rounds(self, body: Body, again: str) -> None:
        """Write those rounds of a loop that are paid together, if its body is one for that."""
        charges = self._charges
        floats = [
            f"$r{register}_{i}"
            for register in carried(self.function, body)
            for i, slot in enumerate(slots(self.type_of(register)))
            if slot.wasm == "f64"
        ]
        rounds = charges.rounds(PrepaidLoop(body, frozenset({*self._exits, "$return"}), again, floats))
        if rounds is not None:
            self._charges = rounds
            with rounds.paid():
                self.body(body)
            self._charges = charges

    @contextmanager
    def _leaving(self, label: str) -> Iterator[None]:
        """Write a block whose end is where an Exit leads."""
        self._exits.append(label)
        with self.within(f"(block {label}"):
            yield
        self._exits.pop()

    def _block(self, block: Block) -> None:
        in_loop = not self.helper or self._loops > 0
        self._block_id = block.id
        self._charges.block(block.id, in_loop=in_loop)
        sites = self.plan.priced.sites_of_block.get(block.id, {})
        for position, op in enumerate(block.ops):
            self._op = self.plan.first_op[block.id] + position
            site = sites.get(position)
            if site is not None:
                values, size = self._sizes[OPCODES[op.code].sizing if op.code not in self._sizes else op.code](self, op)
                self._charges.site(site, 2 * self._op, size, values, in_loop=in_loop)
            self._line = op.line
            if op.catch is None:
                self._rules[op.code](self, op)
            else:
                self._caught(op, op.catch)

    def _caught(self, op: Op, register: int) -> None:
        """Write an operation whose errors are caught: they jump behind it, with their code in a register."""
        leave = self.label()
        self.put(f"(local.set $r{register}_0 (i64.const 0))")
        with self.within(f"(block {leave}"):
            self._catch = register, leave
            self._rules[op.code](self, op)
            self._catch = None
