"""Builds a function's body: registers, operations, blocks and the nodes around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from totem_sdk.lang.findings import At
from totem_sdk.program import Block, Body, Exit, If, Loop, Node, Op, Return, Scope, Value
from totem_sdk.types import Type

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

    def register(self, type_: Type) -> int:
        """Return a new register."""
        self.registers.append(type_)
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
    ) -> None:
        """Add an operation to the open block."""
        top = self._open[-1]
        if top.ops is None:
            top.number, top.ops = next(self._ids), []
        top.ops.append(Op(code, on, dst, args, imm, at.line, at.column))

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

    def leave_loop(self) -> None:
        """Add an Exit that leaves the innermost loop, and its else with it."""
        level = self._exits[::-1].index("loop")
        beyond = self._exits[::-1][level + 1 : level + 2]
        self._add(Exit(level + (beyond == ["else"])))

    def give_back(self, register: int | None) -> None:
        """Add a Return."""
        self._add(Return(register))

    def body(self) -> Body:
        """Return what was built."""
        self._close()
        return tuple(self._open[0].nodes)
