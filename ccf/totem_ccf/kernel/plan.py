"""What one step's module is made of, computed from the priced program alone: roles, memory map, counters, numbers.

The code generator and the host both compute it, so that nothing about the layout needs to be stored with the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from totem_ccf.kernel.areas import ARENA_BYTES, HEAP_ARENA_BYTES, KEPT_BYTES, LIST_ARENA_BYTES, ROWS, Area, Regions
from totem_ccf.kernel.charsets import others
from totem_ccf.kernel.flatten import held_shape, line_shape, shape, slots, text_slots
from totem_ccf.kernel.folding import fold_of
from totem_ccf.kernel.making import MAKING_TEXTS
from totem_ccf.kernel.metermap import MeterMap
from totem_ccf.kernel.patterns import MATCH_BYTES, REGEX_OPCODES, automaton_of
from totem_ccf.kernel.roles import Cells, GroupPlan, OutPlan, RoleName, RolePlan
from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError
from totem_sdk.opcodes import has_text
from totem_sdk.program import Op, Step, blocks_of
from totem_sdk.regex import Automaton
from totem_sdk.types import Array, Dict, Type

__all__ = ["StepPlan"]

_MAKING = ("concat", "lower", "upper", "to_str", "split", *MAKING_TEXTS)
"""Operations whose results lie in the arena."""


class StepPlan:
    """The memory map and the numbers of one step.

    Args:
        priced: the program.
        index: the step's.
        combining: the reduce phase of step 0 reads partial groups of other providers, folded where its reducer folds.

    Attributes:
        columns: the areas of the schema's columns that step 0 reads, by position.
        pair: the areas of key and value of the pairs that a later step's map reads.
        params: the cells of the job's parameters, by name.
        roles: the roles that the step has.
    """

    def __init__(self, priced: PricedProgram, index: int, *, combining: bool = False) -> None:
        self.priced = priced
        self.combining = combining and index == 0
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
        self.roles: dict[RoleName, RolePlan] = {role.name: role for role in self._roles()}
        self.constants, self.constant_bytes = self._constants()
        self.roots = take(16 * sum(len(self.root_registers(f)) for f in range(len(self.program.functions))))
        self.scratch = take(64)
        self.cells = take(64)
        self.tables = {machine: self._constant(machine.tables) for machine in self._automata()}
        self.matches = take(MATCH_BYTES) if self.tables else 0
        self.meter = MeterMap(len(self.program.functions) + 1, len(self.program.blocks), len(priced.sites))

    @property
    def map_layout(self) -> PairLayout | FoldLayout:
        """The layout of what the reduce tasks read, and so of what the map tasks emit: pairs, or folds of them."""
        reduce = self.roles.get("reduce")
        if reduce is not None and reduce.groups is not None and reduce.groups.fold is not None:
            return reduce.groups.fold.layout(reduce.groups.key.type)
        return self.roles["combine" if "combine" in self.roles else "map"].out.layout

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
        return self._reached(role.functions)

    def _reached(self, functions: Iterable[int]) -> tuple[int, ...]:
        needed: set[int] = set()
        waiting = list(functions)
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

    def moves_texts(self, function: int) -> bool:
        """Tell whether texts may move while a function runs (``more`` moves those of a group's values)."""
        if function in self.flipping:
            return True
        return any(op.code == "read_value" or op.code.startswith("fold_") for op in self.ops(function))

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

    @cached_property
    def kept(self) -> int:
        """The address of the first half of the kept texts; there is no arena if no operation makes a text or list."""
        made = any(op.code in _MAKING for f in self.functions for op in self.ops(f))
        if any(role.holds_lists for role in self.roles.values()):
            return self.arena + HEAP_ARENA_BYTES
        if self.has_lists:
            return self.arena + LIST_ARENA_BYTES
        return self.arena + (ARENA_BYTES if made else 0)

    @cached_property
    def has_lists(self) -> bool:
        """Whether the step's functions have lists that can be changed."""
        return any(isinstance(type_, Array) for type_ in self._types())

    @cached_property
    def has_dicts(self) -> bool:
        """Whether the step's functions have dicts."""
        return any(isinstance(type_, Dict) for type_ in self._types())

    def _types(self) -> Iterator[Type]:
        """Yield the types of all registers."""
        for f in self.functions:
            yield from self.program.functions[f].registers

    @cached_property
    def kept_bytes(self) -> int:
        """The size of each half of the kept texts; 0 if no text ever outlives what it lies in."""
        refilled = [role.groups.value.type for role in self.roles.values() if role.groups is not None]
        fields = any(role.text_cells for role in self.roles.values())
        return KEPT_BYTES if fields or any(text_slots(type_) for type_ in refilled) else 0

    @property
    def input(self) -> int:
        """The address of the texts that came in."""
        return self.kept + 2 * self.kept_bytes

    def _constants(self) -> tuple[dict[str, int], dict[int, bytes]]:
        """Return the packed reference of every text constant, and the bytes to be put at each address."""
        texts = {value for f in self.functions for op in self.ops(f) for value in op.imm if isinstance(value, str)}
        stripped = (op for f in self.functions for op in self.ops(f) if op.code == "strip" and len(op.imm) > 1)
        texts |= {others(str(op.imm[1])) for op in stripped}
        listed = (op.type.item for f in self.functions for op in self.ops(f) if isinstance(op.type, Array))
        texts |= {shape(item) for item in listed}
        texts |= {line_shape(item) for item in self._sorted_lines()}
        texts |= {held_shape(type_) for f in self.functions for op in self.ops(f) for type_ in self._packed(f, op)}
        dicts = (op.type.item.items for f in self.functions for op in self.ops(f) if isinstance(op.type, Dict))
        texts |= {shape(part) for items in dicts for part in items}
        texts |= {held_shape(cells.type) for role in self.roles.values() for cells in role.held}
        references: dict[str, int] = {}
        data: dict[int, bytes] = {}
        for text in sorted(texts):
            encoded = text.encode()
            address = self.regions.take(len(encoded), 1)
            references[text] = address << 32 | len(encoded)
            data[address] = encoded
        return references, data

    def _sorted_lines(self) -> Iterator[Type]:
        """Yield the types of the items that are sorted by their JSON texts."""
        for op in (op for f in self.functions for op in self.ops(f) if op.code == "sort_lines"):
            if isinstance(op.type, Array):
                yield op.type.item

    def _packed(self, function: int, op: Op) -> Iterator[Type]:
        """Yield the type of the list that an operation packs or unpacks."""
        if op.code == "pack":
            yield op.type
        elif op.code == "unpack_list" and op.dst is not None:
            yield self.program.functions[function].registers[op.dst]

    def _constant(self, data: bytes) -> int:
        address = self.regions.take(len(data), 8)
        self.constant_bytes[address] = data
        return address

    def _automata(self) -> Iterator[Automaton]:
        """Yield the automata of the patterns that the step's functions use."""
        ops = (op for f in self.functions for op in self.ops(f) if op.code in REGEX_OPCODES)
        yield from dict.fromkeys(map(automaton_of, ops))

    def _roles(self) -> Iterator[RolePlan]:
        step = self.step
        key, value = step.shuffled or step.emits
        reader = step.reducer if step.combiner is None else step.combiner
        fold = None if reader is None else fold_of(self.program, reader, value)
        mapped = OutPlan.pairs(self.regions, key, value) if fold is None else OutPlan.folds(self.regions, key, fold)
        yield self._role("map", (step.mapper_init, step.mapper, step.mapper_final), step.map_state, None, mapped)
        if step.combiner is not None:
            functions = step.combiner_init, step.combiner, step.combiner_final
            groups = GroupPlan.of(self.regions, key, value, fold)
            yield self._role("combine", functions, step.combine_state, groups, OutPlan.pairs(self.regions, key, value))
            fold = None
        if step.reducer is not None:
            if self.combining:
                fold = fold_of(self.program, step.reducer, value)
            functions = step.reducer_init, step.reducer, step.reducer_final
            groups = GroupPlan.of(self.regions, key, value, fold)
            yield self._role("reduce", functions, step.reduce_state, groups, OutPlan.pairs(self.regions, *step.emits))

    def _role(
        self,
        name: RoleName,
        functions: tuple[int | None, int, int | None],
        fields: tuple[Type, ...],
        groups: GroupPlan | None,
        out: OutPlan,
    ) -> RolePlan:
        take = self.regions.take
        cells = tuple(Cells(type_, take(8 * len(slots(type_)), 8)) for type_ in fields)
        texts = tuple(address for cell in cells for address in cell.texts())
        init, main, final = functions
        called = self._reached([f for f in functions if f is not None])
        emits = sum(op.code == "emit" for number in called for op in self.ops(number))
        return RolePlan(name, init, main, final, cells, texts, take(4 * len(texts)), groups, out, emits == 1)


def _function_number(op: Op) -> int:
    number = op.imm[0]
    if not isinstance(number, int):
        raise InternalError(f"line {op.line}: a call names no function")
    return number
