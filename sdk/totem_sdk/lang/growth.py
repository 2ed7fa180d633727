"""Seventh pass: texts that grow in every round of a loop without a constant bound, or with every row.

What is refused is provable from the assignments alone: a text that is built from its own value of the round before (or
a field of self from its own value of the call before) by a concatenation on the way. Memory that a program uses in
other ways is bounded when it runs (abstract machine, §9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from totem_sdk.lang.findings import At, Findings
from totem_sdk.lang.scope import FunctionState
from totem_sdk.lang.tree import (
    Apply,
    Assign,
    Call,
    Choice,
    Expr,
    Field,
    For,
    FunctionKey,
    If,
    Kept,
    Let,
    Local,
    Return,
    Stmt,
    Target,
    Try,
    Unpack,
    Variable,
    While,
)
from totem_sdk.opcodes import has_text

__all__ = ["check_growth"]

Origin = int | str
"""Where a text comes from: a version of a variable, or a field of self by its name."""

Edge = tuple[Origin, At | None]
"""One origin of a text, and the place of a concatenation on the way from it (None: there is none)."""

Summary = Mapping[Origin, At | None]
"""Where a helper's result comes from: arguments by position, fields by name."""


_Made = tuple[Origin, Origin, At | None]
"""What something is made of, and where it grows on the way."""


class _Function:
    """The texts of one function: what every version, field and result is made of."""

    def __init__(
        self, state: FunctionState, fields: tuple[str, ...], summary: Callable[[FunctionKey], Summary]
    ) -> None:
        self.flow = state.flow
        self.fields = fields
        self.summary = summary
        self.kept: dict[int, Expr] = {}
        self.versions: dict[int, list[Edge]] = {}
        self.stores: list[tuple[str, list[Edge], bool]] = []
        self.results: list[Edge] = []
        self._statements(state.body, looped=False)

    def _statements(self, body: Iterable[Stmt], *, looped: bool) -> None:
        for node in body:
            match node:
                case Assign(values=values, targets=targets):
                    for target, position in targets:
                        self._stored(target, values[position], looped=looped)
                case Unpack(value=value, targets=several):
                    for target in several:
                        self._stored(target, value, looped=looped)
                case If(then=then, orelse=orelse):
                    self._statements((*then, *orelse), looped=looped)
                case While(body=inner):
                    self._statements(inner, looped=True)
                    self._statements(node.orelse, looped=looped)
                case For(kind=kind, over=over, targets=variables, body=inner):
                    for variable in variables if kind == "list" else ():
                        self._stored(variable, over[0], looped=looped)
                    self._statements(inner, looped=looped or not node.bounded)
                    self._statements(node.orelse, looped=looped)
                case Try():
                    self._statements((*node.body, *node.orelse, *node.final), looped=looped)
                    self._statements((one for _, handled in node.handlers for one in handled), looped=looped)
                case Return(value=value) if value is not None:
                    self.results += self.edges(value)

    def _stored(self, target: Target, value: Expr, *, looped: bool) -> None:
        match target:
            case Variable(version=version):
                self.versions.setdefault(version, []).extend(self.edges(value))
            case Field(name=name):
                self.stores.append((name, list(self.edges(value)), looped))

    def edges(self, expr: Expr) -> Iterator[Edge]:
        """Yield what the text of an expression is made of."""
        if not has_text(expr.type):
            return
        match expr:
            case Local(version=version):
                yield version, None
            case Apply(code="load", imm=(int() as position,)):
                yield self.fields[position], None
            case Apply(code="concat" | "build", args=args):
                for argument in args:
                    yield from ((origin, expr.at) for origin, _ in self.edges(argument))
            case Apply(args=args):
                for argument in args:
                    yield from self.edges(argument)
            case Choice(then=then, orelse=orelse):
                for arm in (then, orelse):
                    yield from () if arm is None else self.edges(arm)
            case Kept() | Let():
                yield from self._of_kept(expr)
            case Call(function=function, args=args):
                yield from self._called(expr, function, args)

    def _of_kept(self, expr: Kept | Let) -> Iterator[Edge]:
        if isinstance(expr, Let):
            self.kept.update(expr.values)
        yield from self.edges(expr.result if isinstance(expr, Let) else self.kept[expr.number])

    def _called(self, expr: Call, function: FunctionKey, args: tuple[Expr, ...]) -> Iterator[Edge]:
        for origin, grown in self.summary(function).items():
            grows = None if grown is None else expr.at
            if isinstance(origin, str):
                yield origin, grows
            else:
                yield from ((source, at if grows is None else grows) for source, at in self.edges(args[origin]))

    def origins(self, start: Iterable[Edge], ends: Callable[[int], bool]) -> dict[Origin, At | None]:
        """Return the fields, and the versions for which ``ends`` holds, that a text is made of."""
        found: dict[Origin, At | None] = {}
        seen: set[tuple[Origin, bool]] = set()
        pending = list(start)
        while pending:
            origin, grown = pending.pop()
            if (origin, grown is not None) in seen:
                continue
            seen.add((origin, grown is not None))
            if isinstance(origin, str) or ends(origin):
                found[origin] = found.get(origin) or grown
                continue
            pending.extend((source, grown) for source in self.flow.sources[origin])
            pending.extend((source, grown or at) for source, at in self.versions.get(origin, ()))
        return found

    def check_loops(self, findings: Findings) -> None:
        """Refuse texts that grow from round to round."""
        for loop in self.flow.loops.values():
            made: list[_Made] = []
            outside = _Outside(range(loop.first, loop.last))
            for head in loop.heads if not loop.bounded else ():
                rounds: list[Edge] = [(source, None) for source in self.flow.sources[head][1:]]
                made.extend((head, origin, at) for origin, at in self.origins(rounds, outside).items())
            for grown, at in _growing(made):
                name = self.flow.names[int(grown)]
                findings.add(at, "unbounded-growth", f"{name} grows in every round of the loop")


class _Outside:
    """Tells whether a version is made outside of a loop."""

    def __init__(self, inside: range) -> None:
        self.inside = inside

    def __call__(self, version: int) -> bool:
        return version not in self.inside


def _growing(made: Sequence[_Made]) -> Iterator[tuple[Origin, At]]:
    """Yield what is made of itself, in one round or several, with a concatenation on the way."""
    parts: dict[Origin, set[Origin]] = {}
    for name, origin, _ in made:
        parts.setdefault(name, set()).add(origin)
    for name, origin, at in made:
        if at is not None and name in _all(parts, origin):
            yield name, at


def check_growth(
    states: Mapping[str, FunctionState],
    helpers: Mapping[FunctionKey, FunctionState],
    fields: tuple[str, ...],
    findings: Findings,
) -> None:
    """Check the functions of one role, by part (init, main, final), and the helpers that they call."""
    done: dict[FunctionKey, tuple[_Function, Summary]] = {}

    def summary(key: FunctionKey) -> Summary:
        if key not in done:
            state = helpers[key]
            function = _Function(state, fields, summary)
            passed = [name for name, type_ in state.arguments.items() if type_ is not None]
            positions = {state.flow.parameters[name]: position for position, name in enumerate(passed)}
            found = function.origins(function.results, lambda version: version in positions)
            done[key] = (function, {positions.get(o, o) if isinstance(o, int) else o: at for o, at in found.items()})
        return done[key][1]

    # Stores in the main function and in helpers happen again with every row, others only in loops.
    grown: list[_Made] = []
    functions = [(_Function(state, fields, summary), part == "main") for part, state in states.items()]
    for key in helpers:
        summary(key)
    for function, repeated in (*functions, *((function, True) for function, _ in done.values())):
        function.check_loops(findings)
        for name, edges, looped in function.stores:
            if repeated or looped:
                found = function.origins(edges, _nowhere)
                grown.extend((name, source, at) for source, at in found.items())
    for origin, at in _growing(grown):
        findings.add(at, "unbounded-growth", f"self.{origin} grows with every call")


def _nowhere(_version: int) -> bool:
    return False


def _all(parts: Mapping[Origin, set[Origin]], origin: Origin) -> set[Origin]:
    """Return what something is made of, in any number of rounds or calls."""
    found: set[Origin] = {origin}
    pending = [origin]
    while pending:
        for other in parts.get(pending.pop(), ()):
            if other not in found:
                found.add(other)
                pending.append(other)
    return found
