"""What operations work on: the registers of a function and the role of a task that it runs in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from totem_sdk.errors import InternalError
from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.held import held_bytes, put_bytes
from totem_sdk.limits import FIELD_BYTES, HELD_BYTES, MEMORY_BYTES, UNHELD_BYTES
from totem_sdk.program import Function, Op, Value
from totem_sdk.types import Type

if TYPE_CHECKING:
    from totem_sdk.interpreter.folded import Folded

__all__ = ["UNSET", "Datum", "Frame", "Role"]

Datum = Any
"""A value of the program: int, float, bool, str, None, date, datetime, or a tuple of them (also for lists)."""

UNSET = object()
"""Stands in registers and fields that have no value yet."""


@dataclass
class Role:
    """One role (map, combine or reduce) of one task: what the functions of the role share.

    ``params`` are in the order in which the program declares them; ``fields`` are those on self. ``row``, ``pair`` and
    ``group`` are what the running function reads; ``drawn`` counts the values of the group that are drawn, ``memory``
    the logical bytes that the running step function has made, ``made`` those that functions have made since what
    fields don't hold was last given up, when they held ``held`` in lists. ``call`` runs a function of the program;
    ``charged`` gives the columns that a ``read_row`` charges.
    """

    params: Sequence[Value]
    fields: list[Datum]
    call: Callable[[int, Sequence[Datum]], Datum]
    charged: Callable[[Op], Sequence[int]]
    row: Sequence[Datum] = ()
    pair: tuple[Datum, Datum] = (None, None)
    group: tuple[Datum, Sequence[Datum] | Folded] = (None, ())
    drawn: int = 0
    memory: int = 0
    made: int = 0
    held: int = 0
    records_in: int = 0
    emits: list[tuple[Datum, Datum]] = field(default_factory=list)

    def read(self) -> None:
        """Count the row or pair that the function has read."""
        self.records_in += 1

    def next_values(self) -> Sequence[Datum]:
        """Return the next value of the group, by itself, without drawing it."""
        values = self.group[1]
        if not isinstance(values, Sequence) or self.drawn >= len(values):
            raise InternalError("the program draws a value that its group does not have")
        return values[self.drawn : self.drawn + 1]

    def has_values(self) -> bool:
        """Return whether the group has a value that is not drawn."""
        values = self.group[1]
        return isinstance(values, Sequence) and self.drawn < len(values)

    def all_values(self) -> Sequence[Datum] | Folded:
        """Return all values of the group, or what they were folded to, without drawing them."""
        if self.drawn:
            raise InternalError("the program folds values of which some are drawn")
        return self.group[1]

    def draw(self, number: int) -> None:
        """Draw the next values of the group."""
        self.drawn += number
        self.records_in += number

    def allocate(self, size: int) -> None:
        """Count logical bytes that an operation has made; too many are a Fault ``memory``."""
        self.memory += size
        if self.memory > MEMORY_BYTES:
            raise Fault("memory")

    def collect(self, types: Sequence[Type], numbers: Sequence[int]) -> None:
        """Give up what these fields don't refer to, if much was made; if they hold too much, a Fault."""
        if self.made <= 2 * self.held + UNHELD_BYTES:
            return
        self.held = self.made = held_bytes(types, [self.fields[number] for number in numbers])
        if self.held > HELD_BYTES:
            raise Fault("memory")

    def load(self, number: int) -> Datum:
        """Return the value of a field on self."""
        if self.fields[number] is UNSET:
            raise InternalError(f"the program reads field {number} before it is set")
        return self.fields[number]

    def store(self, number: int, value: Datum) -> None:
        """Set a field on self; too many bytes of texts in all of them are a Fault ``memory``."""
        self.fields[number] = value
        if sum(put_bytes(item) for item in self.fields) > FIELD_BYTES:
            raise Fault("memory")


@dataclass
class Frame:
    """One call of a function: its registers, the role it runs in, and what it has returned."""

    function: Function
    role: Role
    registers: list[Datum]
    result: Datum = None

    def type_of(self, op: Op) -> Type:
        """Return the type of the register that the operation writes."""
        if op.dst is None:
            raise InternalError(f"operation {op.code!r} has no destination")
        return self.function.registers[op.dst]
