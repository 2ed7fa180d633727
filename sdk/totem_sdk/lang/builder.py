"""Builds a function's body: registers, operations, blocks and the nodes around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from totem_sdk.caught import ALL_KINDS
from totem_sdk.lang.findings import At
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Block, Body, Exit, If, Loop, Node, Op, Return, Scope, Value, one_nan
from totem_sdk.types import BOOL, INT, Type, plain

__all__ = ["Builder"]


@dataclass
class _Open:
    """A body that is being built: its nodes, and the operations of the block at its end (None: no block is open)."""

    nodes: list[Node] = field(default_factory=list)
    number: int = 0
    ops: list[Op] | None = None


class Builder:
    """Builds one function; ``ids`` gives the blocks of the whole program their numbers, in their order."""

    def __init__(self, ids: Iterator[int]) -> None:
        self.registers: list[Type] = []
        self._ids = ids
        self._open: list[_Open] = [_Open()]
        self._exits: list[str] = []
        self.kept: set[int] = set()
        """Registers of variables: an error that is caught leaves them what they were."""
        self.guards: list[Callable[[int], None]] = []
        """What to do with the code of an error, innermost last; none: errors end the task."""

    def register(self, type_: Type) -> int:
        """Return a new register."""
        self.registers.append(plain(type_))
        return len(self.registers) - 1

    def block(self) -> None:
        """Begin a block, even if it stays empty."""
        self._close()
        top = self._open[-1]
        top.number, top.ops = next(self._ids), []

    def op(
        self,
        code: str,
        on: Type,
        dst: int | None,
        args: tuple[int, ...],
        at: At,
        *,
        imm: tuple[Value, ...] = (),
        sure: bool = False,
    ) -> None:
        """Add an operation to the open block; where errors are caught, and it may end in one, it ends the block.

        ``sure``: it ends in no error here.
        """
        imm = tuple(map(one_nan, imm))
        if not self.guards or sure or not set(OPCODES[code].fails) - {"memory"}:
            return self._append(Op(code, plain(on), dst, args, imm, at.line, at.column))
        error = self.register(INT)
        result = self.register(self.registers[dst]) if dst is not None and dst in self.kept else dst
        self._append(Op(code, plain(on), result, args, imm, at.line, at.column, error))
        self.guard(error, at)
        if result != dst and result is not None:
            self._append(Op("move", self.registers[result], dst, (result,), (), at.line, at.column))
        return None

    def guard(self, error: int, at: At) -> None:
        """Leave for whoever catches errors if a register holds the code of one."""
        caught = self.register(BOOL)
        self._append(Op("caught", INT, caught, (error,), (ALL_KINDS,), at.line, at.column))
        self.branch(caught, lambda: self.guards[-1](error), lambda: None)

    def _append(self, op: Op) -> None:
        top = self._open[-1]
        if top.ops is None:
            top.number, top.ops = next(self._ids), []
        top.ops.append(op)

    def _close(self) -> None:
        top = self._open[-1]
        if top.ops is not None:
            top.nodes.append(Block(top.number, tuple(top.ops)))
            top.ops = None

    def _add(self, node: Node) -> None:
        self._close()
        self._open[-1].nodes.append(node)

    def _body(self, fill: Callable[[], None]) -> Body:
        """Return the nodes that ``fill`` makes, beginning with a block."""
        self._open.append(_Open())
        self.block()
        fill()
        self._close()
        return tuple(self._open.pop().nodes)

    def branch(self, condition: int, then: Callable[[], None], orelse: Callable[[], None]) -> None:
        """Add an If."""
        self._close()
        self._add(If(condition, self._body(then), self._body(orelse)))

    def loop(self, kind: str, trip: int | None, fill: Callable[[], None]) -> None:
        """Add a Loop; ``fill`` makes one round."""
        self._close()
        self._exits.append("loop")
        body = self._body(fill)
        self._exits.pop()
        match kind:
            case "while" | "range" | "list" | "values":
                self._add(Loop(body, kind, trip))

    def scope(self, fill: Callable[[], None], kind: str = "scope") -> None:
        """Add a Scope."""
        self._close()
        self._exits.append(kind)
        body = self._body(fill)
        self._exits.pop()
        self._add(Scope(body))

    def leave(self, kind: str) -> None:
        """Add an Exit that leaves the innermost loop or scope."""
        level = self._exits[::-1].index(kind)
        self._add(Exit(level))

    def depth_of(self, kind: str) -> int:
        """Return how many loops and scopes stand around the innermost one of a kind."""
        return len(self._exits) - 1 - self._exits[::-1].index(kind)

    def leave_loop(self) -> None:
        """Add an Exit that leaves the innermost loop, and its else with it."""
        level = self._exits[::-1].index("loop")
        beyond = self._exits[::-1][level + 1 : level + 2]
        self._add(Exit(level + (beyond == ["else"])))

    def enter_else(self) -> None:
        """Say that what follows in the innermost scope is the else of a loop: loops in it have none of their own."""
        self._exits[-1] = "after"

    def give_back(self, register: int | None) -> None:
        """Add a Return."""
        self._add(Return(register))

    def body(self) -> Body:
        """Return what was built."""
        self._close()
        return tuple(self._open[0].nodes)
