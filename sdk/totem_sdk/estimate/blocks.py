"""What entering a block costs and what its operations make of what the registers are known to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from totem_sdk.cost import PricedProgram, Site, static_items
from totem_sdk.errors import InternalError
from totem_sdk.estimate.expected import among, with_expectations
from totem_sdk.estimate.forms import MORE, NOTHING, ONE, Form, Quantity, Var, as_float, exactly, within
from totem_sdk.estimate.known import Known, anything, constant, join, only_column, size_of
from totem_sdk.estimate.lengths import CHANGES, averaged, changed, hinted, items_charged, made
from totem_sdk.estimate.selectivity import CONDITIONS, Columns, chance
from totem_sdk.estimate.shape import OPERATION, Budget
from totem_sdk.estimate.source import Source, located
from totem_sdk.estimate.tally import EMITS, TOTAL, Path
from totem_sdk.estimate.transfer import RULES
from totem_sdk.limits import FIELD_BYTES
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Block, Function, Op, Value
from totem_sdk.types import FLOAT, INT, STR, List, Tuple, Type, Values, leaves

__all__ = ["Blocks", "Place"]


@dataclass(frozen=True)
class Place:
    """Where a block stands: in which function, in how many loops, directly in a loop over a group's values."""

    number: int
    function: Function
    depth: int = 0
    drawing: bool = False

    def inside(self, *, drawing: bool) -> Place:
        """Return a place in a loop at this one."""
        return Place(self.number, self.function, self.depth + 1, drawing)


@dataclass
class Blocks:
    """Follows blocks of one function and of all that it calls; ``call`` follows a call.

    ``lines`` asks for the cost of each source line. ``emitted`` collects what key and value each emit (by block and
    position) may give, ``emit_numbers`` its bit in ``Path.emitted``. ``taken`` collects, by loop,
    the variables that stand for the item of a list which a round takes, with the bytes of the whole list.
    """

    priced: PricedProgram
    params: Mapping[str, Value] | None
    source: Source
    columns: Columns
    call: Callable[[Path, Place, int, Sequence[Known]], Known]
    budget: Budget = field(default_factory=Budget)
    lines: bool = True
    emit_numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    emitted: dict[tuple[int, int], tuple[Known, Known]] = field(default_factory=dict)
    taken: dict[int, dict[Var, Quantity]] = field(default_factory=dict)
    loop_depths: dict[int, int] = field(default_factory=dict)
    _lines: dict[int, dict[int, int]] = field(default_factory=dict)
    _numbers: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def enter(self, path: Path, place: Place, block: Block) -> None:
        """Pay for a block and follow its operations."""
        self.budget.visits += OPERATION * (1 + len(block.ops))
        for line, totem in self._line_costs(block).items():
            path.pay(("line", line), exactly({ONE: totem}))
        path.pay(TOTAL, exactly({ONE: self.priced.block_cost[block.id]}))
        sites = self.priced.sites_of_block.get(block.id, {})
        for position, op in enumerate(block.ops):
            operands = [self._known(path, register, place.function) for register in op.args]
            if position in sites:
                cost = self._charge(sites[position], op, operands, place)
                path.pay(TOTAL, cost)
                if self.lines:
                    path.pay(("line", op.line), cost)
            if op.code == "emit":
                self._emit(path, (block.id, position), op, operands)
                continue
            result = self._result(path, place, (block.id, position), op, operands)
            if op.dst is not None:
                path.registers[op.dst] = result
            if op.code in CHANGES:
                path.registers[op.args[0]] = changed(op, operands)
            elif op.code == "store":
                self.budget.kept[op.imm[0]] = averaged(operands[0], self.source.average)
            if op.catch is not None:
                path.registers[op.catch] = anything(INT)

    def _line_costs(self, block: Block) -> dict[int, int]:
        if block.id not in self._lines:
            costs: dict[int, int] = {}
            for op in block.ops if self.lines else ():
                for item in static_items(self.priced.program, self.priced.table, op):
                    costs[op.line] = costs.get(op.line, 0) + self.priced.table.cost(*item)
            self._lines[block.id] = costs
        return self._lines[block.id]

    def _known(self, path: Path, register: int, function: Function) -> Known:
        known = path.registers[register]
        return anything(function.registers[register]) if known is None else known

    # Charges of sites.

    def _charge(self, site: Site, op: Op, operands: Sequence[Known], place: Place) -> Quantity:
        over_items = isinstance(op.type, List) and OPCODES[op.code].sizing in ("items", "min")
        items = items_charged(op, operands) if over_items else NOTHING
        amounts = {
            "bytes": items.times(8) if over_items else self._size(op, operands, place),
            "count": items if over_items else exactly({ONE: 1, MORE: 1}),
            "pairs": exactly({MORE: 1}),
        }
        total = NOTHING
        for term in site.terms:
            total += amounts[term.by].times(term.unit)
        return total

    def _size(self, op: Op, operands: Sequence[Known], place: Place) -> Quantity:
        """Return the bytes that a site is charged for."""
        match op.code:
            case "read_row":
                return _sum(exactly({Var("text", position): 1}) for position in self._text_columns(op))
            case "read_pair" | "read_key":
                return _sum(exactly({var: 1}) for var in _texts("text", op.type, 0))
            case "read_value":
                return size_of(self._drawn(op.type, place))
            case "fold_sum" | "fold_min" | "fold_max":
                first = self.source.first_value_leaf
                return _sum(exactly({var: 1}) for var in _texts("values", _item(op.type), first))
        match OPCODES[op.code].sizing:
            case "first":
                return size_of(operands[0])
            case "second":
                return size_of(operands[1])
            case "third":
                return size_of(operands[2])
            case "wanted" | "replaced" | "repeated" | "padded" | "joined" as sizing:
                return _made_size(sizing, op, operands)
            case "min":
                return self._shorter(operands[0], operands[1])
            case _:
                return _sum(size_of(operand) for operand in operands)

    def _text_columns(self, op: Op) -> Iterator[int]:
        program = self.priced.program
        every = self.priced.table.read == "row" and not program.lines
        for position, column in enumerate(program.schema.columns):
            if (every or position in op.imm) and STR in leaves(column.type):
                yield position

    def _shorter(self, a: Known, b: Known) -> Quantity:
        """Return the bytes of the shorter of two texts; of two tuples, text by text."""
        if a.items and b.items:
            return _sum(self._shorter(x, y) for x, y in zip(a.items, b.items, strict=True))
        both = a.size.either(b.size)
        # Each of the two is an upper bound: take the one that comes to less over all calls.
        tops = [form for form in (a.size.high, b.size.high) if form is not None]
        return Quantity(both.low, min(tops, key=self._rank) if tops else None, both.weighted(0.5).mean)

    def _rank(self, form: Form) -> tuple[bool, float]:
        total = self.source.total(Quantity({}, form, {})).high
        return total is None, 0.0 if total is None else as_float(total)

    # Effects.

    def _emit(self, path: Path, at: tuple[int, int], op: Op, operands: Sequence[Known]) -> None:
        path.pay(EMITS, exactly({ONE: 1}))
        path.emitted |= 1 << self.emit_numbers.setdefault(at, len(self.emit_numbers))
        if not isinstance(op.type, Tuple):
            raise InternalError("an emit whose type is no pair")
        leaf = 0
        for known, type_ in zip(operands, op.type.items, strict=True):
            for size, scalar in zip(_leaf_sizes(known, type_), leaves(type_), strict=True):
                if scalar == STR:
                    path.pay(("bytes", leaf), size)
                leaf += 1
        key, value = among(operands[0], path.shares), operands[1]
        if at in self.emitted:
            key, value = join(self.emitted[at][0], key), join(self.emitted[at][1], value)
        self.emitted[at] = key, value

    def _result(self, path: Path, place: Place, at: tuple[int, int], op: Op, operands: list[Known]) -> Known | None:
        """Return what is known of an operation's result; None where it has none."""
        if op.code == "call":
            return self.call(path, place, int(op.imm[0] or 0), operands)
        type_ = place.function.registers[op.dst] if op.dst is not None else None
        if type_ is None:
            return None
        if op.code in RULES:
            result = made(op, operands, with_expectations(op, operands, RULES[op.code](type_, op, operands)))
            if op.code in CONDITIONS and result.decided is None and not isinstance(op.type, List):
                likely = chance(op, operands, self.columns)
                column = only_column(operands)
                if column is None:
                    return replace(result, chance=likely)
                return replace(result, chance=likely, tested=(column, likely), untested=(column, 1.0 - likely))
            if op.code == "list_test" and operands[1].amount is not None:
                # A test that holds n times in n + 1 makes n rounds.
                items = self.source.average(operands[1].amount.mean)
                return replace(result, chance=items / (items + 1.0))
            if op.code in ("split", "cut", "re_findall", "re_split"):
                return replace(result, depth=place.depth)
            if op.code == "at":
                return self._taken(at, operands, result)
            return result
        return self._read(op, type_, place)

    def _read(self, op: Op, type_: Type, place: Place) -> Known:
        """Return what is known of something that comes from outside of the function."""
        source = self.source
        match op.code:
            case "column":
                return source.columns[int(op.imm[0] or 0)]
            case "pair_key" | "read_key":
                return located(source.key, type_, 0, _variable("text"))
            case "pair_value":
                return located(source.value, type_, source.first_value_leaf, _variable("text"))
            case "read_value":
                return self._drawn(type_, place)
            case "fold_min" | "fold_max":
                return located(source.value, type_, source.first_value_leaf, _one_of)
            case "load":
                # Of texts in lists only the type is known.
                found = anything(type_, None if isinstance(type_, List) else FIELD_BYTES)
                return hinted(found, self.budget.kept.get(op.imm[0], found))
            case "param" if self.params is not None:
                spec = self.priced.program.params[int(op.imm[0] or 0)]
                return constant(self.params[spec.name])
        return anything(type_)

    def _drawn(self, type_: Type, place: Place) -> Known:
        """Return what is known of the value that is drawn; in a round that draws it its texts are variables."""
        size = _variable("value") if place.drawing else _one_of
        return located(self.source.value, type_, self.source.first_value_leaf, size)

    def _taken(self, at: tuple[int, int], operands: Sequence[Known], item: Known) -> Known:
        """Return what is known of an item of a list.

        Where a loop's hidden counter is the index, each round takes another one: over all rounds they have no more
        bytes than the list, which was made outside of the loop.
        """
        whole, index = operands
        loop = index.counter
        if loop is None or whole.depth >= self.loop_depths[loop]:
            return item
        var = Var("item", self._numbers.setdefault((loop, *at), len(self._numbers)))
        total = Quantity({}, whole.size.high, whole.size.mean)
        known = self.taken[loop].get(var)
        self.taken[loop][var] = total if known is None else known.either(total).weighted(0.5)
        return replace(item, size=Quantity({}, {var: 1}, {var: 1.0}))


def _variable(kind: Literal["text", "value"]) -> Callable[[int, Known], Quantity]:
    """Return the size of a leaf as its variable."""
    return lambda leaf, _known: exactly({Var(kind, leaf): 1})


def _one_of(leaf: int, known: Known) -> Quantity:
    """Return the size of a text that is one of the group's."""
    if known.longest is None:
        return Quantity({ONE: known.shortest}, {Var("values", leaf): 1}, {ONE: as_float(known.shortest)})
    return within(known.shortest, known.longest, as_float(known.shortest + known.longest) / 2)


def _made_size(sizing: str, op: Op, operands: Sequence[Known]) -> Quantity:
    """Return the bytes that an operation is charged for that makes a text."""
    if sizing == "wanted":
        # A float's binary exponent is at most 1023 from 0.
        far = within(0, 1023 // 4, 1.0) if op.type == FLOAT else NOTHING
        return size_of(operands[0]) + exactly({ONE: operands[1].low}) + far
    made = RULES[op.code](STR, op, operands).size
    if sizing != "joined":
        return made
    parts = operands[1].amount
    return made + (anything(List(STR)).amount or NOTHING if parts is None else parts).times(8)


def _sum(quantities: Iterable[Quantity]) -> Quantity:
    total = NOTHING
    for quantity in quantities:
        total += quantity
    return total


def _item(type_: Type) -> Type:
    return type_.item if isinstance(type_, Values | List) else type_


def _texts(kind: Literal["text", "values"], type_: Type, first: int) -> list[Var]:
    """Return the variables of the texts in a key, value or pair whose leaves are numbered from ``first``."""
    return [Var(kind, first + number) for number, leaf in enumerate(leaves(type_)) if leaf == STR]


def _leaf_sizes(known: Known, type_: Type) -> Iterator[Quantity]:
    """Yield the bytes of every leaf of a value."""
    inner = type_.item if not isinstance(type_, Tuple) and hasattr(type_, "item") else type_
    if not isinstance(inner, Tuple):
        yield known.size
    elif not known.items:
        yield from (NOTHING for _ in leaves(inner))
    else:
        for item, part in zip(known.items, inner.items, strict=True):
            yield from _leaf_sizes(item, part)
