"""The roles of a step (map, combine, reduce): their functions, their fields, what they read in groups and emit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from totem_ccf.kernel.areas import FOLD_ROWS, FOLD_TEXT_BYTES, POOL_BYTES, ROWS, TEXT_BYTES, Area, Regions
from totem_ccf.kernel.flatten import slots, text_slots
from totem_ccf.kernel.folding import Fold
from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_sdk.types import FLOAT, Type

__all__ = ["FIRST_PLACES", "Cells", "FoldPlan", "GroupPlan", "OutPlan", "RoleName", "RolePlan"]

FIRST_PLACES = 4096
"""Places of a new index; a power of two."""

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
class GroupPlan:
    """The groups that a combiner or reducer reads: columns of keys, and of values or (with ``fold``) accumulators.

    Attributes:
        ends: for each group, 32 bits: the row behind its last value.
        values, sizes: for each group with a fold, 64 bits: how many values it has, and the bytes of their texts.
        end: the row behind the last value of a group whose next values have just been put into memory.
        left, left_bytes: how many values of the last group are not yet in memory, and the bytes of their texts.
        texts: a cell with the address from which on the texts of the values lie.
    """

    key: Area
    value: Area
    fold: Fold | None
    ends: int
    values: int
    sizes: int
    end: int
    left: int
    left_bytes: int
    texts: int

    @classmethod
    def of(cls, regions: Regions, key: Type, value: Type, fold: Fold | None) -> GroupPlan:
        """Take the places."""
        take = regions.take
        cells = take(64)
        return cls(
            key=regions.area(key, ROWS),
            value=regions.area(value if fold is None else fold.accumulator, ROWS),
            fold=fold,
            ends=take(4 * ROWS),
            values=take(8 * ROWS),
            sizes=take(8 * ROWS),
            end=cells,
            left=cells + 8,
            left_bytes=cells + 16,
            texts=cells + 24,
        )


@dataclass(frozen=True, slots=True)
class FoldPlan:
    """The table in which emits are folded: one row for each key, found by a hash index.

    Attributes:
        fold: what is computed.
        counts: for each row, 64 bits: how many values were folded.
        hashes: for each row, 32 bits: the hash of its key.
        index: 32 bits for each place of the index: a row plus one, or 0. It has at least ``FIRST_PLACES`` places, and
            more as the table fills: up to twice as many as rows.
        pool: where the wide sums of floats are; 0 for other folds.
    """

    fold: Fold
    counts: int
    hashes: int
    index: int
    pool: int

    @classmethod
    def of(cls, regions: Regions, fold: Fold) -> FoldPlan:
        """Take the places."""
        take = regions.take
        is_float_sum = fold.kind == "sum" and fold.value == FLOAT
        return cls(
            fold=fold,
            counts=take(8 * FOLD_ROWS),
            hashes=take(4 * FOLD_ROWS),
            index=take(4 * max(FIRST_PLACES, 2 * FOLD_ROWS)),
            pool=take(POOL_BYTES) if is_float_sum else 0,
        )


@dataclass(frozen=True, slots=True)
class OutPlan:
    """Where emits go: columns of keys, and of values or (with ``table``) accumulators, with room for ``rows``.

    Texts may take ``text_bytes`` in each column; a longer one leaves alone.
    """

    layout: PairLayout | FoldLayout
    key: Area
    value: Area
    rows: int
    text_bytes: int
    table: FoldPlan | None = None

    @classmethod
    def pairs(cls, regions: Regions, key: Type, value: Type) -> OutPlan:
        """Take the places for pairs."""
        keys, values = (regions.area(type_, ROWS, TEXT_BYTES) for type_ in (key, value))
        return cls(PairLayout(key, value), keys, values, ROWS, TEXT_BYTES)

    @classmethod
    def folds(cls, regions: Regions, key: Type, fold: Fold) -> OutPlan:
        """Take the places for folds."""
        table = FoldPlan.of(regions, fold)
        keys = regions.area(key, FOLD_ROWS, FOLD_TEXT_BYTES)
        accumulators = regions.area(fold.accumulator, FOLD_ROWS)
        return cls(fold.layout(key), keys, accumulators, FOLD_ROWS, FOLD_TEXT_BYTES, table)


@dataclass(frozen=True, slots=True)
class RolePlan:
    """One role of the step.

    ``text_cells`` are the cells of its fields that refer to texts; the table of their 32-bit addresses lies at
    ``text_table``. ``groups`` is None for the map role. ``emits_inline`` tells that the only emit of the role is
    written where it stands, and not as a function.
    """

    name: RoleName
    init: int | None
    main: int
    final: int | None
    fields: tuple[Cells, ...]
    text_cells: tuple[int, ...]
    text_table: int
    groups: GroupPlan | None
    out: OutPlan
    emits_inline: bool

    @property
    def held(self) -> tuple[Cells, ...]:
        """The fields that refer to lists."""
        return tuple(cells for cells in self.fields if any(slot.kind == "array" for slot in slots(cells.type)))

    @property
    def holds_lists(self) -> bool:
        """Whether lists live from call to call."""
        return bool(self.held)

    @property
    def functions(self) -> tuple[int, ...]:
        """The step functions of the role."""
        return tuple(f for f in (self.init, self.main, self.final) if f is not None)
