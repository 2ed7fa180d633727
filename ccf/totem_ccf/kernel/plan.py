"""What one step's module is made of, computed from the priced program alone: roles, memory map, counters, numbers.

The code generator and the host both compute it, so that nothing about the layout needs to be stored with the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from totem_ccf.kernel.areas import ARENA_BYTES, KEPT_BYTES, ROWS, Area, Regions
from totem_ccf.kernel.flatten import slots, text_slots
from totem_ccf.mapreduce.pairs import PairLayout
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError
from totem_sdk.opcodes import has_text
from totem_sdk.program import Op, Step, blocks_of
from totem_sdk.types import NONE, Type

__all__ = ["Cells", "MeterMap", "OutPlan", "RoleName", "RolePlan", "StepPlan"]

RoleName = Literal["map", "combine", "reduce"]


@dataclass(frozen=True, slots=True)
class Cells:
    """A value at a fixed place: 8 bytes for each slot."""

    type: Type
    address: int

    def load(self) -> list[str]:
        """Return the instructions that load the value, slot by slot."""
        return [f"({s.wasm}.load (i32.const {self.address + 8 * i}))" for i, s in enumerate(slots(self.type))]

    def store(self, values: list[str]) -> list[str]:
        """Return the instructions that store the value, slot by slot."""
        return [
            f"({slot.wasm}.store (i32.const {self.address + 8 * i}) {value})"
            for i, (slot, value) in enumerate(zip(slots(self.type), values, strict=True))
        ]

    def texts(self) -> list[int]:
        """Return the addresses of the slots that refer to texts."""
        return [self.address + 8 * i for i in text_slots(self.type)]


@dataclass(frozen=True, slots=True)
class OutPlan:
    """Where emits go: the layout of the batches and the columns in memory that hold up to ``ROWS`` of them."""

    layout: PairLayout
    key: Area
    value: Area


@dataclass(frozen=True, slots=True)
class RolePlan:
    """One role of the step: its functions, its fields, what it emits; ``text_cells`` is a table of the texts in fields.

    The table lies at ``text_table``: the 32-bit addresses of all cells that refer to texts.
    """

    name: RoleName
    init: int | None
    main: int
    final: int | None
    fields: tuple[Cells, ...]
    text_cells: tuple[int, ...]
    text_table: int
    out: OutPlan

    @property
    def functions(self) -> tuple[int, ...]:
        """The step functions of the role."""
        return tuple(f for f in (self.init, self.main, self.final) if f is not None)


@dataclass(frozen=True, slots=True)
class MeterMap:
    """Places in the meter's own memory.

    ``REASON`` holds why the code stopped (0: it did not, 1: out of totem, 2 + n: the n-th of ProgramError.KINDS);
    from ``TRACE`` on stand the number of frames that were active then and, innermost first, one entry for each:
    twice the number of the operation, plus one if its own charge was paid. Then come 64-bit counters: entries of each
    block, and values and bytes of each site.
    """

    frames: int
    blocks: int
    sites: int

    REASON = 0
    TRACE = 4

    @property
    def counters(self) -> int:
        """The address of the first counter."""
        return (8 + 4 * self.frames + 7) // 8 * 8

    def block(self, number: int) -> int:
        """Return the address of a block's counter."""
        return self.counters + 8 * number

    def site_values(self, number: int) -> int:
        """Return the address of a site's counter of values."""
        return self.counters + 8 * (self.blocks + 2 * number)

    def site_bytes(self, number: int) -> int:
        """Return the address of a site's counter of bytes."""
        return self.site_values(number) + 8

    @property
    def pages(self) -> int:
        """The size of the meter's memory in pages of 64 KiB."""
        return (self.site_values(self.sites) + 65_535) // 65_536


class StepPlan:
    """The memory map and the numbers of one step.

    Attributes:
        columns: the areas of the schema's columns that step 0 reads, by position.
        pair: the areas of key and value of the pairs that a later step's map reads.
        group_key, group_value: the areas of the groups that combiner and reducer read, with the cells around them:
            ``group_ends`` (for each group, the row after its last value), ``group_end`` (the same after a refill),
            ``group_left`` and ``group_left_bytes`` (values of the last group, and the bytes of their texts, that are
            not yet in memory), ``group_texts`` (the address from which on the texts of values lie).
        params: the cells of the job's parameters, by name.
        roles: the roles that the step has.
    """

    def __init__(self, priced: PricedProgram, index: int) -> None:
        self.priced = priced
        self.program = priced.program
        self.index = index
        self.step: Step = priced.program.steps[index]
        self.regions = Regions()
        take = self.regions.take
        self.params: Mapping[str, Cells] = {
            spec.name: Cells(spec.type, take(8 * len(slots(spec.type)))) for spec in self.program.params
        }
        self.columns: dict[int, Area] = {}
        self.pair: tuple[Area, Area] | None = None
        if index == 0:
            for position in priced.columns_charged:
                self.columns[position] = self.regions.area(self.program.schema.columns[position].type, ROWS)
        else:
            key, value = self.program.steps[index - 1].emits
            self.pair = self.regions.area(key, ROWS), self.regions.area(value, ROWS)
        self.group_left = take(8)
        self.group_left_bytes = take(8)
        self.group_end = take(8)
        self.group_texts = take(8)
        self.group_ends = 0
        self.group_key = self.group_value = Area(NONE, ())
        if self.step.shuffled is not None:
            self.group_key = self.regions.area(self.step.shuffled[0], ROWS)
            self.group_value = self.regions.area(self.step.shuffled[1], ROWS)
            self.group_ends = take(4 * ROWS)
        self.roles: dict[RoleName, RolePlan] = {role.name: role for role in self._roles()}
        self.constants, self.constant_bytes = self._constants()
        self.roots = take(16 * sum(len(self.root_registers(f)) for f in range(len(self.program.functions))))
        self.scratch = take(64)
        self.meter = MeterMap(len(self.program.functions) + 1, len(self.program.blocks), len(priced.sites))

    @cached_property
    def map_layout(self) -> PairLayout:
        """The layout of what the map tasks emit."""
        return self.roles["map"].out.layout if "combine" not in self.roles else self.roles["combine"].out.layout

    @cached_property
    def first_op(self) -> tuple[int, ...]:
        """The number of the first operation of each block; operations are numbered over the whole program."""
        numbers: list[int] = [0]
        for block in self.program.blocks:
            numbers.append(numbers[-1] + len(block.ops))
        return tuple(numbers)

    @cached_property
    def ops_by_number(self) -> tuple[Op, ...]:
        """Every operation of the program by its number."""
        return tuple(op for block in self.program.blocks for op in block.ops)

    @cached_property
    def functions(self) -> tuple[int, ...]:
        """The functions that the step's module needs: the step functions and all that they call, in ascending order."""
        return tuple(sorted({number for role in self.roles.values() for number in self.functions_of(role)}))

    def functions_of(self, role: RolePlan) -> tuple[int, ...]:
        """Return the functions that a role needs: its step functions and all that they call, in ascending order."""
        needed: set[int] = set()
        waiting = list(role.functions)
        while waiting:
            number = waiting.pop()
            if number not in needed:
                needed.add(number)
                waiting += self.calls(number)
        return tuple(sorted(needed))

    def ops(self, function: int) -> Iterator[Op]:
        """Yield the operations of a function."""
        for block in blocks_of(self.program.functions[function].body):
            yield from block.ops

    def calls(self, function: int) -> list[int]:
        """Return the functions that a function calls."""
        return [_function_number(op) for op in self.ops(function) if op.code == "call"]

    @cached_property
    def flipping(self) -> frozenset[int]:
        """The functions that may move kept texts: those that store texts in fields, and their callers."""
        found = {f for f in self.functions if any(op.code == "store" and has_text(op.type) for op in self.ops(f))}
        while more := {f for f in self.functions if f not in found and not found.isdisjoint(self.calls(f))}:
            found |= more
        return frozenset(found)

    def root_registers(self, function: int) -> list[tuple[int, int]]:
        """Return (register, slot) of everything in a function's registers that can refer to a text."""
        return [
            (register, slot)
            for register, type_ in enumerate(self.program.functions[function].registers)
            for slot in text_slots(type_)
        ]

    @property
    def arena(self) -> int:
        """The address of the arena."""
        return (self.regions.end + 65_535) // 65_536 * 65_536

    @property
    def kept(self) -> int:
        """The address of the first half of the kept texts."""
        return self.arena + ARENA_BYTES

    @property
    def input(self) -> int:
        """The address of the texts that came in."""
        return self.kept + 2 * KEPT_BYTES

    def _constants(self) -> tuple[dict[str, int], dict[int, bytes]]:
        """Return the packed reference of every text constant, and the bytes to be put at each address."""
        texts = {value for f in self.functions for op in self.ops(f) for value in op.imm if isinstance(value, str)}
        references: dict[str, int] = {}
        data: dict[int, bytes] = {}
        for text in sorted(texts):
            encoded = text.encode()
            address = self.regions.take(len(encoded), 1)
            references[text] = address << 32 | len(encoded)
            data[address] = encoded
        return references, data

    def _roles(self) -> Iterator[RolePlan]:
        step = self.step
        shuffled = step.shuffled or step.emits
        yield self._role("map", (step.mapper_init, step.mapper, step.mapper_final), step.map_state, shuffled)
        if step.combiner is not None:
            functions = step.combiner_init, step.combiner, step.combiner_final
            yield self._role("combine", functions, step.combine_state, shuffled)
        if step.reducer is not None:
            functions = step.reducer_init, step.reducer, step.reducer_final
            yield self._role("reduce", functions, step.reduce_state, step.emits)

    def _role(
        self,
        name: RoleName,
        functions: tuple[int | None, int, int | None],
        fields: tuple[Type, ...],
        emits: tuple[Type, Type],
    ) -> RolePlan:
        take, area = self.regions.take, self.regions.area
        cells = tuple(Cells(type_, take(8 * len(slots(type_)), 8)) for type_ in fields)
        texts = tuple(address for cell in cells for address in cell.texts())
        out = OutPlan(PairLayout(*emits), area(emits[0], ROWS, out=True), area(emits[1], ROWS, out=True))
        init, main, final = functions
        return RolePlan(name, init, main, final, cells, texts, take(4 * len(texts)), out)


def _function_number(op: Op) -> int:
    number = op.imm[0]
    if not isinstance(number, int):
        raise InternalError(f"line {op.line}: a call names no function")
    return number
