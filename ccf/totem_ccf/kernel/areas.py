"""Where things lie in the kernel's memory: a map computed from the program alone, so that code and host agree.

The memory, from low addresses to high ones::

    0           the runtime library: its stack and its data
    RUNTIME     the step's own part: constants, parameters, fields, cursors, columns in and out (``Regions``)
    arena       texts and lists that operations make; empty at the start of every call of a step function
    kept        two halves for texts that outlive what they lay in (fields on self, refilled input)
    input       texts of the columns that came in; grows as far as the batch needs, up to 4 GiB

Columns are laid out for 65,536 rows. Fixed-size slots are arrays; a text column is an array of 32-bit offsets and
its bytes, whose address stands in a cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from totem_ccf.kernel.flatten import Slot, slots
from totem_sdk.types import Type

__all__ = [
    "ARENA_BYTES",
    "FIELD_BYTES",
    "FOLD_ROWS",
    "FOLD_TEXT_BYTES",
    "HEAP_ARENA_BYTES",
    "KEPT_BYTES",
    "LIST_ARENA_BYTES",
    "POOL_BYTES",
    "ROWS",
    "RUNTIME_BYTES",
    "TEXT_BYTES",
    "Area",
    "Regions",
    "SlotArea",
    "entry",
    "total",
]

RUNTIME_BYTES = 1 << 20
"""Bytes for the runtime's stack and data; its ``__heap_base`` must not be above."""

ROWS = 65_536
"""Rows of a column area."""

TEXT_BYTES = 4 << 20
"""Bytes of texts that one output column holds before it is flushed; longer texts leave one by one."""

FOLD_ROWS = 1 << 20
"""Keys of a table of folds."""

FOLD_TEXT_BYTES = 64 << 20
"""Bytes of texts that one key column of a table of folds holds before it is flushed."""

POOL_BYTES = 4 << 20
"""Bytes for the sums of a table of folds that do not fit into 128 bits."""

ARENA_BYTES = 64 << 20
"""Logical memory of a call (abstract machine, §9). The arena has one byte for each logical one."""

LIST_ARENA_BYTES = 7 * ARENA_BYTES
"""Bytes of an arena with lists: their blocks double, so they take up to five bytes for each logical one, and sorting a
list takes as much again as the list and 8 bytes for each item."""

HEAP_ARENA_BYTES = 15 * ARENA_BYTES
"""Bytes of an arena with lists that fields hold: a call finds up to 65 MiB in it that others have left (abstract
machine, §9), and makes up to 64; the copy of what is held has its place in what sorting may take."""

FIELD_BYTES = 16 << 20
"""Bytes of texts in the fields of a role (abstract machine, §9)."""

KEPT_BYTES = 256 << 20
"""Bytes of each half of the kept texts."""

_GUARD_BYTES = 32 << 20

_WIDTHS = {"int": 8, "float": 8, "datetime": 8, "bits": 8, "date": 4, "bool": 1, "present": 1, "tag": 1, "str": 4}
_LOADS = {"int": "i64.load", "float": "f64.load", "date": "i64.load32_s", "bool": "i32.load8_u"}
_STORES = {"int": "i64.store", "float": "f64.store", "date": "i64.store32", "bool": "i32.store8"}
_LIKE = {"datetime": "int", "bits": "int", "present": "bool", "tag": "bool"}


@dataclass(frozen=True, slots=True)
class SlotArea:
    """The array of one slot of a column: where it starts and how wide an entry is.

    For a text: ``address`` is that of the offsets (one more than rows), ``cell`` that of a 32-bit cell. On the way in
    the cell has the address of the bytes; on the way out it has how many of the bytes at ``data`` are used.
    """

    slot: Slot
    address: int
    width: int
    cell: int = 0
    data: int = 0

    def load(self, row: str) -> str:
        """Return the instruction that loads the entry of a row (``row`` gives an i32)."""
        if self.slot.kind == "str":
            address = f"(i32.add (i32.load (i32.const {self.cell})) {self.offset(row)})"
            return f"(i64.or (i64.shl (i64.extend_i32_u {address}) (i64.const 32)) {self.size(row)})"
        kind = _LIKE.get(self.slot.kind, self.slot.kind)
        return f"({_LOADS[kind]} {self._place(row)})"

    def store(self, row: str, value: str) -> str:
        """Return the instruction that stores the entry of a row; not for texts."""
        kind = _LIKE.get(self.slot.kind, self.slot.kind)
        return f"({_STORES[kind]} {self._place(row)} {value})"

    def pointer(self, row: str) -> str:
        """Return the instruction that gives the address of a row's entry."""
        return f"(i32.add (i32.const {self.address}) (i32.mul {row} (i32.const {self.width})))"

    def size(self, row: str) -> str:
        """Return the instruction that gives the bytes of a row's text, an i64."""
        last = f"(i32.load {self._place(row, 4)})"
        return f"(i64.extend_i32_u (i32.sub {last} {self.offset(row)}))"

    def offset(self, row: str) -> str:
        """Return the instruction that gives where a row's text begins in the bytes of the column, an i32."""
        return f"(i32.load {self._place(row)})"

    def out_text(self, row: str) -> str:
        """Return the instruction that gives the reference of a row's text in an output column."""
        address = f"(i32.add (i32.const {self.data}) {self.offset(row)})"
        return f"(i64.or (i64.shl (i64.extend_i32_u {address}) (i64.const 32)) {self.size(row)})"

    def end_text(self, row: str) -> str:
        """Return the instruction that stores that a row's text ends where the column's bytes end now."""
        return f"(i32.store {self._place(row, 4)} (i32.load (i32.const {self.cell})))"

    def _place(self, row: str, behind: int = 0) -> str:
        return entry(self.address + behind, row, self.width)


@dataclass(frozen=True, slots=True)
class Area:
    """The columns of one value: an array for each slot."""

    type: Type
    slots: tuple[SlotArea, ...]

    def load(self, row: str) -> list[str]:
        """Return the instructions that load the value of a row, slot by slot."""
        return [slot.load(row) for slot in self.slots]

    def size(self, row: str) -> str:
        """Return the instruction that gives the bytes of all texts of a row's value, an i64."""
        return total(slot.size(row) for slot in self.slots if slot.slot.kind == "str")


def entry(address: int, row: str, width: int) -> str:
    """Return the operands of a load or store for entry ``row`` of an array: a static offset and an address."""
    shift = width.bit_length() - 1
    scaled = row if shift == 0 else f"(i32.shl {row} (i32.const {shift}))"
    # Behind a static offset that is larger than its guard region, wasmtime has to check bounds.
    return f"offset={address} {scaled}" if address < _GUARD_BYTES else f"(i32.add (i32.const {address}) {scaled})"


def total(sizes: Iterable[str]) -> str:
    """Return the instruction that adds up i64 instructions; 0 where there are none."""
    result = ""
    for size in sizes:
        result = f"(i64.add {result} {size})" if result else size
    return result or "(i64.const 0)"


class Regions:
    """Gives out addresses, one after the other."""

    def __init__(self, start: int = RUNTIME_BYTES) -> None:
        self.end = start

    def take(self, size: int, align: int = 64) -> int:
        """Return the address of ``size`` new bytes."""
        address = (self.end + align - 1) // align * align
        self.end = address + size
        return address

    def area(self, type_: Type, rows: int, text_bytes: int = 0) -> Area:
        """Take the columns of a value; those for output have room for ``text_bytes`` in each column of texts."""
        return Area(type_, tuple(self._slot(slot, rows, text_bytes) for slot in slots(type_)))

    def _slot(self, slot: Slot, rows: int, text_bytes: int) -> SlotArea:
        width = _WIDTHS[slot.kind]
        address = self.take(width * (rows + 1))
        if slot.kind != "str":
            return SlotArea(slot, address, width)
        return SlotArea(slot, address, width, self.take(4, 4), self.take(text_bytes) if text_bytes else 0)
