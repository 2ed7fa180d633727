"""Walks the structured control flow of a Program for one task: blocks, arms, loops, calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from totem_sdk.caught import code_of
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError, ProgramError
from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.frame import UNSET, Datum, Frame, Role
from totem_sdk.interpreter.handlers import HANDLERS, measure
from totem_sdk.interpreter.meter import Meter, site_reason
from totem_sdk.program import Block, Body, Exit, If, Loop, Op, Return, Scope, Value

__all__ = ["Trace", "Walker"]

Trace = Callable[[Op], None]
"""Gets every operation that was executed, in order."""


@dataclass
class _Open:
    """A body that is being executed, and the position of its next node; that of a loop begins again at its end."""

    body: Body
    kind: Literal["body", "loop", "scope"]
    position: int = 0


class Walker:
    """Executes functions of a program for one task, paying from one meter."""

    def __init__(
        self, priced: PricedProgram, params: Mapping[str, Value], meter: Meter, trace: Trace | None = None
    ) -> None:
        self.meter = meter
        self._priced = priced
        self._program = priced.program
        self._params = [params[spec.name] for spec in priced.program.params]
        self._trace = trace
        self._all_columns = priced.table.read == "row" and not self._program.lines

    def role(self, fields: int) -> Role:
        """Begin a role of the task with so many fields on self, none of which has a value."""

        def call(function: int, arguments: Sequence[Datum]) -> Datum:
            return self.call(role, function, arguments).result

        role = Role(self._params, [UNSET] * fields, call, self._charged)
        return role

    def run(self, role: Role, function: int | None) -> None:
        """Call a step function (None: the step has none) of a role, from a fresh count of its memory.

        Raises:
            OutOfTotem: a charge can't be paid.
            ProgramError: an operation has failed.
        """
        if function is not None:
            role.made += role.memory
            role.memory = 0
            role.drawn = 0
            self.call(role, function)

    def call(self, role: Role, number: int, arguments: Sequence[Datum] = ()) -> Frame:
        """Call a function and return its frame as it is at the end; raises as ``run``.

        The bodies that are open are kept in a list, so that deep nesting is not deep recursion.
        """
        function = self._program.functions[number]
        frame = Frame(function, role, [UNSET] * len(function.registers))
        for register, argument in zip(function.params, arguments, strict=True):
            frame.registers[register] = argument
        opened = [_Open(function.body, "body")]
        while opened:
            here = opened[-1]
            if here.position == len(here.body):
                if here.kind == "loop":
                    here.position = 0
                else:
                    opened.pop()
                continue
            node = here.body[here.position]
            here.position += 1
            match node:
                case Block():
                    self._enter(frame, node)
                case If(condition=condition, then=then, orelse=orelse):
                    opened.append(_Open(then if frame.registers[condition] else orelse, "body"))
                case Loop(body=inner):
                    opened.append(_Open(inner, "loop"))
                case Scope(body=inner):
                    opened.append(_Open(inner, "scope"))
                case Exit(level=level):
                    _leave(opened, level)
                case Return(register=returned):
                    frame.result = None if returned is None else frame.registers[returned]
                    opened.clear()
        return frame

    def _enter(self, frame: Frame, block: Block) -> None:
        """Pay for a block and execute its operations, each site's charge just before its operation."""
        self.meter.charge(block.id)
        sites = self._priced.sites_of_block.get(block.id, {})
        for position, op in enumerate(block.ops):
            handler = HANDLERS[op.code]
            operands = handler.operands(frame, op)
            if position in sites:
                count, size = measure(op, operands)
                self.meter.charge(site_reason(sites[position].id), count, size)
            if self._trace is not None:
                self._trace(op)
            try:
                result = handler.effect(frame, op, *operands)
            except Fault as fault:
                if op.catch is None or fault.kind == "memory":
                    raise ProgramError(fault.kind, op.line) from None
                frame.registers[op.catch] = code_of(fault.kind, op.line)
                continue
            if op.catch is not None:
                frame.registers[op.catch] = 0
            if op.dst is not None:
                frame.registers[op.dst] = result

    def _charged(self, op: Op) -> Sequence[int]:
        """Return the positions of the columns that a ``read_row`` charges."""
        if self._all_columns:
            return range(len(self._program.schema.columns))
        return [position for position in op.imm if isinstance(position, int)]


def _leave(opened: list[_Open], level: int) -> None:
    """Close bodies up to and with the ``level``-th enclosing loop or scope, counted from 0 for the innermost."""
    while opened:
        if opened.pop().kind != "body":
            if level == 0:
                return
            level -= 1
    raise InternalError("an exit leaves no loop or scope of its function")
