"""The arithmetic of cost: a Program and a table give every charge and, from counts, the bill.

Two kinds of charges exist (abstract machine, §4): entering a block, and a *site*, an operation whose cost depends on
sizes. Sites are numbered from 0 in the order of blocks and operations. What a run counts is a ``Counts``: how often
each block was entered, and for each site how often it was charged (``times``), over how many values (``count``, folds
only) and over how many bytes (``bytes``). The bill is a function of program, table and counts alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from totem_sdk.classes import class_of, static_leaves
from totem_sdk.errors import InternalError, InvalidDocument, Refusal, Refused
from totem_sdk.opcodes import OPCODES, dtype, is_sized
from totem_sdk.program import Block, Body, Exit, If, Loop, Op, Program, Return, Scope
from totem_sdk.table import Table
from totem_sdk.types import STR, List, Type, Values, leaves

__all__ = ["BillRow", "Counts", "MAX_TOTEM", "PricedProgram", "Site", "Term", "price", "static_items"]

MAX_TOTEM = (1 << 62) - 1
"""Largest escrow and largest bill: sums of two never leave 64 bits."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a site's charge: ``unit`` totem for each byte, value (count) or pair of values (count − times)."""

    cls: str
    dtype: str
    by: Literal["bytes", "count", "pairs"]
    unit: int


@dataclass(frozen=True, slots=True)
class Site:
    """A sized operation: its id, block, position in the block, and the terms of its charge."""

    id: int
    block: int
    position: int
    op: Op
    terms: tuple[Term, ...]

    def charge(self, times: int, count: int, size: int) -> int:
        """Return the totem for ``times`` executions over ``count`` values and ``size`` bytes together."""
        amounts = {"bytes": size, "count": count, "pairs": count - times}
        return sum(term.unit * amounts[term.by] for term in self.terms)


@dataclass
class Counts:
    """What a run, a task or a phase has charged: entries per block, [times, count, bytes] per site."""

    blocks: Counter[int] = field(default_factory=Counter)
    sites: dict[int, list[int]] = field(default_factory=dict)

    def add_site(self, site: int, count: int, size: int, times: int = 1) -> None:
        """Count ``times`` charges of a site."""
        entry = self.sites.setdefault(site, [0, 0, 0])
        entry[0] += times
        entry[1] += count
        entry[2] += size

    def merge(self, other: Counts) -> None:
        """Add the counts of another task or phase."""
        self.blocks.update(other.blocks)
        for site, (times, count, size) in other.sites.items():
            self.add_site(site, count, size, times)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"blocks": {id: entries}, "units": {site: [times, count, bytes]}}`` without zero entries."""
        return {
            "blocks": {str(k): v for k, v in sorted(self.blocks.items()) if v},
            "units": {str(k): list(v) for k, v in sorted(self.sites.items()) if any(v)},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Counts:
        """Read what ``to_json`` gives (other keys are ignored).

        Raises:
            InvalidDocument: an entry is not a non-negative integer.
        """
        counts = cls()
        try:
            for key, value in document["blocks"].items():
                counts.blocks[_natural(int(key))] = _natural(value)
            for key, (times, count, size) in document["units"].items():
                counts.sites[_natural(int(key))] = [_natural(times), _natural(count), _natural(size)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidDocument(f"counts: {error}") from None
        return counts


def _natural(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"expected a non-negative integer, not {value!r}")
    return value


@dataclass(frozen=True, slots=True)
class BillRow:
    """One row of a bill: how often an opcode class worked on a data type, and what that cost in totem."""

    step: int
    phase: str
    opcode: str
    type: str
    count: int
    totem: int

    def to_json(self) -> dict[str, int | str]:
        """Return the row as a JSON object."""
        return {
            "step": self.step,
            "phase": self.phase,
            "opcode": self.opcode,
            "type": self.type,
            "count": self.count,
            "totem": self.totem,
        }


@dataclass(frozen=True)
class PricedProgram:
    """A program under a table: the charge of every block and the sites."""

    program: Program
    table: Table
    block_items: tuple[Mapping[tuple[str, str], int], ...]
    block_cost: tuple[int, ...]
    sites: tuple[Site, ...]

    @cached_property
    def sites_of_block(self) -> Mapping[int, Mapping[int, Site]]:
        """Sites by block id and position in the block."""
        found: dict[int, dict[int, Site]] = {}
        for site in self.sites:
            found.setdefault(site.block, {})[site.position] = site
        return found

    @cached_property
    def columns_charged(self) -> tuple[int, ...]:
        """Positions of the columns that an executor must be given: those read, or all where the table charges rows."""
        if self.table.read == "row" and not self.program.lines:
            return tuple(range(len(self.program.schema.columns)))
        return self.program.columns_read

    def total(self, counts: Counts) -> int:
        """Return the totem that the counts add up to.

        Raises:
            InvalidDocument: the counts name a block or site that the program does not have.
        """
        self._check(counts)
        blocks = sum(self.block_cost[block] * entries for block, entries in counts.blocks.items())
        return blocks + sum(self.sites[site].charge(*entry) for site, entry in counts.sites.items())

    def bill(self, step: int, phase: str, counts: Counts) -> list[BillRow]:
        """Return the itemised bill of one phase, sorted by opcode class and type.

        Raises:
            InvalidDocument: the counts name a block or site that the program does not have.
        """
        self._check(counts)
        number: Counter[tuple[str, str]] = Counter()
        totem: Counter[tuple[str, str]] = Counter()
        for block, entries in counts.blocks.items():
            for item, times in self.block_items[block].items():
                number[item] += times * entries
                totem[item] += self.table.cost(*item) * times * entries
        for index, (times, count, size) in counts.sites.items():
            for term in self.sites[index].terms:
                item = (term.cls, term.dtype)
                amount = {"bytes": size, "count": count, "pairs": count - times}[term.by]
                totem[item] += term.unit * amount
                if term.by != "bytes":
                    number[item] += amount
        return [
            BillRow(step, phase, cls, name, number[cls, name], totem[cls, name])
            for cls, name in sorted(set(number) | set(totem))
            if number[cls, name] or totem[cls, name]
        ]

    def _check(self, counts: Counts) -> None:
        if any(block >= len(self.block_cost) for block in counts.blocks):
            raise InvalidDocument("counts: there is no such block in the program")
        if any(site >= len(self.sites) for site in counts.sites):
            raise InvalidDocument("counts: there is no such site in the program")


def price(program: Program, table: Table) -> PricedProgram:
    """Price a program.

    Raises:
        Refused: code ``opcode-not-in-table`` for every operation whose class or data type the table doesn't list.
    """
    refusals: set[Refusal] = set()
    items: list[Counter[tuple[str, str]]] = []
    sites: list[Site] = []
    for block in program.blocks:
        static: Counter[tuple[str, str]] = Counter()
        for position, op in enumerate(block.ops):
            for item in static_items(program, table, op):
                static[item] += 1
                _allow(table, item, op, refusals)
            terms = tuple(_terms(program, table, op, refusals))
            if terms:
                sites.append(Site(len(sites), block.id, position, op, terms))
        items.append(static)
    if refusals:
        raise Refused(refusals)
    costs = tuple(sum(table.cost(*item) * number for item, number in static.items()) for static in items)
    priced = PricedProgram(program, table, tuple(items), costs, tuple(sites))
    for function in program.functions:
        _no_free_loops(priced, function.body)
    return priced


def _charged_columns(program: Program, table: Table, op: Op) -> Iterator[Type]:
    read_all = table.read == "row" and not program.lines
    for position, column in enumerate(program.schema.columns):
        if read_all or position in op.imm:
            yield column.type


def static_items(program: Program, table: Table, op: Op) -> Iterator[tuple[str, str]]:
    """Yield the (class, dtype) items that an operation adds to the charge of its block."""
    if op.code == "read_row":
        for type_ in _charged_columns(program, table, op):
            for leaf in leaves(type_):
                yield "read", dtype(leaf)
    else:
        yield from static_leaves(op)


def _terms(program: Program, table: Table, op: Op, refusals: set[Refusal]) -> Iterator[Term]:
    cls, opcode = class_of(op), OPCODES[op.code]
    if op.code == "read_row":
        if any(leaf == STR for type_ in _charged_columns(program, table, op) for leaf in leaves(type_)):
            yield Term("read", "str", "bytes", table.weights["read"])
        return
    if not is_sized(op.code, op.type) or cls is None:
        return
    if opcode.sizing == "fold":
        item = op.type.item if isinstance(op.type, Values) else op.type
        counted: tuple[tuple[str, Literal["count", "pairs"]], ...] = (("read", "count"), (cls, "pairs"))
        for priced, by in counted:
            for leaf in leaves(item):
                if _allow(table, (priced, dtype(leaf)), op, refusals):
                    yield Term(priced, dtype(leaf), by, table.cost(priced, dtype(leaf)))
        if any(leaf == STR for leaf in leaves(item)) and _allow(table, ("read", "str"), op, refusals):
            yield Term("read", "str", "bytes", table.weights["read"])
    elif opcode.sizing in ("items", "min") and isinstance(op.type, List):
        yield from _item_terms(table, cls, op.type.item, op, refusals)
    elif _allow(table, (cls, "str"), op, refusals) and table.weights[cls]:
        yield Term(cls, "str", "bytes", table.weights[cls])


def _item_terms(table: Table, cls: str, item: Type, op: Op, refusals: set[Refusal]) -> Iterator[Term]:
    """Yield the terms of an operation that goes over the items of a list."""
    for leaf in leaves(item):
        if _allow(table, (cls, dtype(leaf)), op, refusals):
            yield Term(cls, dtype(leaf), "count", table.cost(cls, dtype(leaf)))
    if any(leaf == STR for leaf in leaves(item)) and _allow(table, (cls, "str"), op, refusals):
        yield Term(cls, "str", "bytes", table.weights[cls])


def _allow(table: Table, item: tuple[str, str], op: Op, refusals: set[Refusal]) -> bool:
    if table.allows(*item):
        return True
    cls, name = item
    refusals.add(
        Refusal(
            op.line,
            op.column,
            "opcode-not-in-table",
            f"estimator table {table.name!r} does not list {cls!r} on {name!r}",
            "use operations and types that the table lists, or another table",
        )
    )
    return False


def _no_free_loops(priced: PricedProgram, body: Body) -> None:
    """Check that every round of every loop costs something (a bug of the compiler or the table if not)."""
    for node in body:
        match node:
            case Loop(body=inner):
                cheapest = _cheapest(priced, inner, [])
                if cheapest == 0:
                    raise InternalError("a loop of the program has a round that costs nothing")
                _no_free_loops(priced, inner)
            case Scope(body=inner):
                _no_free_loops(priced, inner)
            case If(then=then, orelse=orelse):
                _no_free_loops(priced, then)
                _no_free_loops(priced, orelse)
            case Block() | Exit() | Return():
                pass


def _cheapest(priced: PricedProgram, body: Sequence[object], exits: list[list[int]]) -> int | None:
    """Return the least charge of a path that falls out of the end of ``body`` (None: no path does).

    ``exits`` collects, for each enclosing Loop or Scope within the round, the charges of paths that leave it.
    """
    total = 0
    for node in body:
        match node:
            case Block(id=number):
                total += priced.block_cost[number]
            case If(then=then, orelse=orelse):
                before = [len(found) for found in exits]
                arms = [_cheapest(priced, arm, exits) for arm in (then, orelse)]
                for found, start in zip(exits, before, strict=True):
                    found[start:] = [total + cost for cost in found[start:]]
                through = [cost for cost in arms if cost is not None]
                if not through:
                    return None
                total += min(through)
            case Scope(body=inner) | Loop(body=inner):
                own: list[int] = []
                before = [len(found) for found in exits]
                through_end = _cheapest(priced, inner, [*exits, own])
                for found, start in zip(exits, before, strict=True):
                    found[start:] = [total + cost for cost in found[start:]]
                ends = own if isinstance(node, Loop) or through_end is None else [*own, through_end]
                if not ends:
                    return None
                total += min(ends)
            case Exit(level=level):
                if level < len(exits):
                    exits[len(exits) - 1 - level].append(total)
                return None
            case Return():
                return None
    return total
