"""Sixth pass: try, raise and what leaves them.

An operation that may end in an error, and a call, is followed by a branch where errors are caught: an error is a code
in a register (``totem_sdk.caught``) and leads out of a scope, like ``break`` out of a loop. So blocks are charged, and
counts flow, as everywhere. Where nothing catches errors nothing of this is there.

``finally``: what leaves its try by an error, return, break or continue notes why in a register and leaves a scope; what
stands behind that scope is the finally, and behind this is the way on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from totem_sdk.caught import ALL_KINDS, BREAKS, CONTINUES, RETURNS, code_of
from totem_sdk.lang.findings import At
from totem_sdk.lang.lower_expressions import ExpressionLowering, caught_type, nothing
from totem_sdk.lang.tree import Break, Const, Continue, Expr, Raise, Stmt, Try
from totem_sdk.types import BOOL, INT, NONE, Tuple

__all__ = ["ErrorLowering"]


@dataclass
class _Final:
    """A try with a finally that is being lowered: its scope, where it notes why it is left, in which ways that is."""

    scope: str
    why: int
    ways: set[int]


class ErrorLowering(ExpressionLowering):
    """Lowers try, raise, return, break and continue; ``catching``: errors of the function are returned."""

    catching = False

    def body(self, statements: tuple[Stmt, ...]) -> None:
        """Lower statements one after the other."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin the function."""
        self._finals: list[_Final] = []
        self._handled: list[int] = []
        self._tries = 0
        self._result: int | None = None
        if self.catching:
            self.build.guards.append(self._return_error)

    def leaving(self, node: Break | Continue | Raise | Try) -> None:
        """Lower a statement that leaves others early, or that is about such."""
        match node:
            case Break():
                self.leave_loop(node.at)
            case Continue():
                self.end_round(node.at)
            case Raise():
                self.raised(node)
            case Try():
                self.tried(node)

    # Errors.

    def raised(self, node: Raise) -> None:
        """Lower a raise statement."""
        for value in node.values:
            self.value(value)
        if node.kind is None:
            return self._again(self._handled[-1], node.at)
        error = self.build.register(INT)
        self.build.op("const", INT, error, (), node.at, imm=(code_of(node.kind, node.at.line),))
        return self._again(error, node.at)

    def _again(self, error: int, at: At) -> None:
        """End in an error whose code is in a register, here where no handler has caught it."""
        if self.build.guards:
            self.build.guards[-1](error)
        else:
            self.build.op("raise", INT, None, (error,), at)

    def tried(self, node: Try) -> None:
        """Lower a try statement."""
        if node.final:
            self._with_final(node)
        else:
            self._handlers(node)

    def _handlers(self, node: Try) -> None:
        if not node.handlers:
            self.body(node.body)
            return self.body(node.orelse)
        self._tries += 1
        inner, outer = f"try {self._tries}", f"handlers {self._tries}"
        error = self.build.register(INT)

        def body() -> None:
            self.build.guards.append(self._leading_to(inner, error, node.at))
            self.body(node.body)
            self.build.guards.pop()
            self.body(node.orelse)
            self.build.leave(outer)

        def both() -> None:
            self.build.scope(body, inner)
            self._handled.append(error)
            self._handle(node, 0, error)
            self._handled.pop()

        return self.build.scope(both, outer)

    def _leading_to(self, scope: str, error: int, at: At) -> Callable[[int], None]:
        """Return what notes the code of an error and leaves a scope with it."""

        def guard(code: int) -> None:
            self.build.op("move", INT, error, (code,), at)
            self.build.leave(scope)

        return guard

    def _handle(self, node: Try, position: int, error: int) -> None:
        """Run the first handler that catches the error, from one on; without one it goes on."""
        if position == len(node.handlers):
            return self._again(error, node.at)
        mask, handled = node.handlers[position]
        if mask == ALL_KINDS:
            return self.body(handled)
        return self._if(
            error, mask, node.at, lambda: self.body(handled), lambda: self._handle(node, position + 1, error)
        )

    def _if(self, code: int, mask: int, at: At, then: Callable[[], None], orelse: Callable[[], None]) -> None:
        caught = self.build.register(BOOL)
        self.build.op("caught", INT, caught, (code,), at, imm=(mask,))
        self.build.branch(caught, then, orelse)

    # What leaves a try with a finally.

    def _with_final(self, node: Try) -> None:
        self._tries += 1
        final = _Final(f"finally {self._tries}", self.build.register(INT), set())
        self.build.op("const", INT, final.why, (), node.at, imm=(0,))

        def rest() -> None:
            self._finals.append(final)
            self.build.guards.append(self._leading_to(final.scope, final.why, node.at))
            self._handlers(node)
            self.build.guards.pop()
            self._finals.pop()

        self.build.scope(rest, final.scope)
        self.body(node.final)
        self._if(final.why, ALL_KINDS, node.at, lambda: self._again(final.why, node.at), nothing)
        ways: dict[int, Callable[[], None]] = {
            RETURNS: lambda: self.leave_function(node.at),
            BREAKS: lambda: self.leave_loop(node.at),
            CONTINUES: lambda: self.end_round(node.at),
        }
        for way in sorted(final.ways):
            self._if(final.why, 1 << way, node.at, ways[way], nothing)

    def _by_final(self, way: int, at: At, beyond: int) -> bool:
        """Leave by the innermost finally that stands in more than ``beyond`` loops and scopes; False: there is none."""
        final = self._finals[-1] if self._finals else None
        if final is None or self.build.depth_of(final.scope) < beyond:
            return False
        final.ways.add(way)
        self.build.op("const", INT, final.why, (), at, imm=(way,))
        self.build.leave(final.scope)
        return True

    def leave_loop(self, at: At) -> None:
        """Leave the innermost loop, by the finallies that are inside of it."""
        if not self._by_final(BREAKS, at, self.build.depth_of("loop")):
            self.build.leave_loop()

    def end_round(self, at: At) -> None:
        """End the round of the innermost loop, by the finallies that are inside of it."""
        if not self._by_final(CONTINUES, at, self.build.depth_of("scope")):
            self.build.leave("scope")

    def give_back(self, value: Expr | None, at: At) -> None:
        """Return a value, as the type that the function returns."""
        returns = self.state.returns
        register: int | None = None
        if returns is None or returns == NONE:
            if value is not None:
                self.value(value)
        else:
            given = Const(NONE, at, None) if value is None else value
            register = self.widened(self.value(given), given.type, returns, at)
            if self._finals:
                # The finally may assign to the variable whose value is returned.
                self._result = self.build.register(returns) if self._result is None else self._result
                self.build.op("move", returns, self._result, (register,), at)
        if not self._by_final(RETURNS, at, -1):
            self._return(register, at)

    def leave_function(self, at: At) -> None:
        """Return what a return has left behind that was on its way through a finally."""
        if not self._by_final(RETURNS, at, -1):
            self._return(self._result, at)

    def _return(self, register: int | None, at: At) -> None:
        if not self.catching:
            return self.build.give_back(register)
        none = self.build.register(INT)
        self.build.op("const", INT, none, (), at, imm=(0,))
        returns = self.state.returns or NONE
        if register is None:
            return self.build.give_back(none)
        type_ = caught_type(returns)
        if not isinstance(type_, Tuple):
            return self.build.give_back(none)
        return self._pair(none, self.widened(register, returns, type_.items[1], at), at)

    def _return_error(self, error: int) -> None:
        at = At(self.state.method.lineno, 1)
        type_ = caught_type(self.state.returns or NONE)
        if not isinstance(type_, Tuple):
            return self.build.give_back(error)
        nothing_there = self.value(Const(NONE, at, None))
        return self._pair(error, self.widened(nothing_there, NONE, type_.items[1], at), at)

    def _pair(self, code: int, result: int, at: At) -> None:
        type_ = caught_type(self.state.returns or NONE)
        pair = self.build.register(type_)
        self.build.op("tuple", type_, pair, (code, result), at)
        self.build.give_back(pair)
