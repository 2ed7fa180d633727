"""Walks the structured control flow of a Program for one task: blocks, arms, loops, calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError, ProgramError
from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.frame import UNSET, Datum, Frame, Role
from totem_sdk.interpreter.handlers import HANDLERS, measure
from totem_sdk.interpreter.meter import Meter, site_reason
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Block, Body, Exit, If, Loop, Op, Return, Scope, Value

__all__ = ["Trace", "Walker"]

Trace = Callable[[Op], None]
"""Gets every operation that was executed, in order."""

_RETURN = -1
"""What ``_walk`` returns when a Return was met; a number ≥ 0 is the level of an Exit, None the end of the body."""


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
            role.memory = 0
            role.drawn = 0
            self.call(role, function)

    def call(self, role: Role, number: int, arguments: Sequence[Datum] = ()) -> Frame:
        """Call a function and return its frame as it is at the end; raises as ``run``."""
        function = self._program.functions[number]
        frame = Frame(function, role, [UNSET] * len(function.registers))
        for register, argument in zip(function.params, arguments, strict=True):
            frame.registers[register] = argument
        end = self._walk(frame, function.body)
        if end is not None and end != _RETURN:
            raise InternalError(f"an exit of function {function.name!r} leaves no loop or scope of it")
        return frame

    def _walk(self, frame: Frame, body: Body) -> int | None:
        """Execute a body; return None at its end, the level of an Exit that leaves it, or _RETURN."""
        for node in body:
            end: int | None = None
            match node:
                case Block():
                    self._enter(frame, node)
                case If(condition=condition, then=then, orelse=orelse):
                    end = self._walk(frame, then if frame.registers[condition] else orelse)
                case Loop(body=inner):
                    while end is None:
                        end = self._walk(frame, inner)
                    end = _outside(end)
                case Scope(body=inner):
                    end = _outside(self._walk(frame, inner))
                case Exit(level=level):
                    end = level
                case Return(register=register):
                    frame.result = None if register is None else frame.registers[register]
                    end = _RETURN
            if end is not None:
                return end
        return None

    def _enter(self, frame: Frame, block: Block) -> None:
        """Pay for a block and execute its operations, each site's charge just before its operation."""
        self.meter.charge(block.id)
        sites = self._priced.sites_of_block.get(block.id, {})
        for position, op in enumerate(block.ops):
            handler = HANDLERS[op.code]
            operands = handler.operands(frame, op)
            if position in sites:
                count, size = measure(OPCODES[op.code].sizing, operands)
                self.meter.charge(site_reason(sites[position].id), count, size)
            if self._trace is not None:
                self._trace(op)
            try:
                result = handler.effect(frame, op, *operands)
            except Fault as fault:
                raise ProgramError(fault.kind, op.line) from None
            if op.dst is not None:
                frame.registers[op.dst] = result

    def _charged(self, op: Op) -> Sequence[int]:
        """Return the positions of the columns that a ``read_row`` charges."""
        if self._all_columns:
            return range(len(self._program.schema.columns))
        return [position for position in op.imm if isinstance(position, int)]


def _outside(end: int | None) -> int | None:
    """Return how an end inside of a Loop or Scope looks from outside of it."""
    if end is None or end == _RETURN:
        return end
    return None if end == 0 else end - 1
