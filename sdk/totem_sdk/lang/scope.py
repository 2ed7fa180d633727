"""What the checker knows while it goes through one function: types of variables and fields, and what is not None."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from totem_sdk.lang.calls import Reach
from totem_sdk.lang.constants import Constant, type_of
from totem_sdk.lang.findings import At, Findings
from totem_sdk.lang.structure import Job
from totem_sdk.lang.tree import Apply, Const, Expr, FunctionKey, Stmt
from totem_sdk.lang.versions import Flow
from totem_sdk.schema import Schema
from totem_sdk.types import Option, Tuple, Type, join, leaves

__all__ = [
    "MAX_HELPERS",
    "MAX_WORK",
    "Facts",
    "FunctionState",
    "Path",
    "RoleState",
    "Scope",
    "WorkLimitError",
    "fits",
    "widen",
]

MAX_WORK = 10_000
"""Most work that checking all roles of a job may take, in visits of statements and expressions (see ``Work``).

A visit takes some 50 µs with everything that follows from it, so this keeps compilation within a second.
"""

_LEAVES_PER_VISIT = 8
"""So many scalars in a tuple cost as much as one more visit."""

MAX_HELPERS = 256
"""Most helpers that a role may call, each counted once for every combination of its arguments' types."""

MAX_LEAVES = 64
"""Most scalars that a tuple may be made of."""

MAX_TYPE_DEPTH = 8
"""Deepest nesting of tuples."""

Path = tuple[str | int, ...]
"""What a test for None can be about: ``("x",)``, ``("row", "kwh")``, ``("self.best",)``, ``("pair", 0)``."""

Facts = dict[str | int, frozenset[Path]]
"""Paths that are known not to be None, by their first part."""


class WorkLimitError(Exception):
    """Checking would take more than MAX_WORK: becomes a refusal."""


@dataclass
class FunctionState:
    """What is known of one function (a step function, or a helper for given argument types) over all passes.

    ``types`` are those of the variables (None: not known yet). ``returns`` joins the types of all results.
    """

    name: str
    method: ast.FunctionDef
    flow: Flow
    arguments: Mapping[str, Type | None]
    types: list[Type | None]
    returns: Type | None = None
    columns: frozenset[int] = frozenset()
    calls: tuple[FunctionKey, ...] = ()
    body: tuple[Stmt, ...] = ()
    findings: Findings = field(default_factory=Findings)


@dataclass
class RoleState:
    """One role (map, combine, reduce) of one step: the fields on self, what it emits, the helpers it calls."""

    job: Job
    schema: Schema
    hidden: frozenset[str]
    reach: Mapping[str, Reach]
    fields: dict[str, Type | None]
    emits: tuple[Type, Type] | None = None
    helpers: dict[FunctionKey, FunctionState] = field(default_factory=dict)
    changed: bool = False
    helper: Callable[[FunctionKey, ast.Call], FunctionState | None] = lambda _key, _node: None


class Work:
    """Counts the visits of statements and expressions over all roles of a job, wide tuples more than once."""

    def __init__(self) -> None:
        self.done = 0

    def step(self, visits: int = 1) -> None:
        """Count one visit, or several."""
        self.done += visits
        if self.done > MAX_WORK:
            raise WorkLimitError

    def handle(self, type_: Type) -> None:
        """Count what handling a value of this type takes beyond its visit."""
        if isinstance(type_, Tuple | Option):
            self.step(sum(1 for _ in leaves(type_)) // _LEAVES_PER_VISIT)


def widen(expr: Expr, type_: Type) -> Expr:
    """Return the expression as one of a wider type."""
    return expr if expr.type == type_ else Apply(type_, expr.at, "widen", expr.type, (expr,))


def fits(type_: Type) -> bool:
    """Return whether a tuple type is within the limits."""
    return sum(1 for _ in leaves(type_)) <= MAX_LEAVES and _depth(type_) <= MAX_TYPE_DEPTH


def _depth(type_: Type) -> int:
    match type_:
        case Tuple(items=items):
            return 1 + max(_depth(item) for item in items)
        case Option(item=item):
            return _depth(item)
        case _:
            return 0


@dataclass
class Scope:
    """One pass over one function; findings are thrown away unless nothing changed in the pass.

    ``rows`` are the names that hold the row, ``values`` the one that holds a reducer's values. ``check`` types an
    expression (it is ``expressions.expression``).
    """

    role: RoleState
    function: FunctionState
    work: Work
    check: Callable[[Scope, ast.expr], Expr | None]
    rows: frozenset[str]
    values: str | None
    constants: Mapping[str, Constant]
    findings: Findings = field(default_factory=Findings)
    facts: Facts = field(default_factory=dict)
    columns: set[int] = field(default_factory=set)
    calls: dict[FunctionKey, None] = field(default_factory=dict)
    changed: bool = False

    def at(self, node: ast.AST) -> At:
        """Return the place of a node."""
        return self.role.job.source.at(node)

    def refuse(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        """Add a refusal."""
        self.findings.add(self.at(node), code, message, hint)

    def constant(self, value: Constant, at: At) -> Expr:
        """Return a constant as an expression."""
        if isinstance(value, tuple):
            items = tuple(self.constant(item, at) for item in value)
            type_ = type_of(value)
            return Apply(type_, at, "tuple", type_, items)
        return Const(type_of(value), at, value)

    # Facts.

    def know(self, paths: Iterable[Path]) -> None:
        """Note that these paths are not None from here on."""
        for path in paths:
            self.facts[path[0]] = self.facts.get(path[0], frozenset()) | {path}

    def forget(self, names: Iterable[str]) -> None:
        """Note that these names and fields (``self.x``) may have been assigned."""
        for name in names:
            self.facts.pop(name, None)

    def is_known(self, path: Path | None) -> bool:
        """Return whether a path is known not to be None here."""
        return path is not None and path in self.facts.get(path[0], ())

    # Types that grow from pass to pass.

    def assign(self, node: ast.AST, version: int, type_: Type) -> Type:
        """Join the type of a value into that of the variable that is assigned; return the variable's."""
        variable = self.function.flow.variables[version]
        what = f"the variable {self.function.flow.names[version]}"
        joined = self._join(node, self.function.types[variable], type_, what)
        self.function.types[variable] = joined
        return joined

    def assign_field(self, node: ast.AST, name: str, type_: Type) -> Type:
        """Join the type of a value into that of the field that is assigned; return the field's."""
        old = self.role.fields[name]
        joined = self._join(node, old, type_, f"the field self.{name}")
        self.role.fields[name] = joined
        self.role.changed = self.role.changed or old != joined
        return joined

    def result(self, node: ast.AST, type_: Type) -> None:
        """Join the type of a value into what the function returns."""
        self.function.returns = self._join(node, self.function.returns, type_, f"the result of {self.function.name}")

    def emit(self, node: ast.AST, key: Type, value: Type) -> None:
        """Join the types of a key and a value into what the role emits."""
        old = self.role.emits
        new_key = self._join(node, old[0] if old else None, key, "the key that is emitted")
        new_value = self._join(node, old[1] if old else None, value, "the value that is emitted")
        self.role.emits = (new_key, new_value)
        self.role.changed = self.role.changed or old != self.role.emits

    def _join(self, node: ast.AST, old: Type | None, new: Type, what: str) -> Type:
        if old == new:
            return new
        joined = new if old is None else join(old, new)
        if joined is None or not fits(joined):
            self.refuse(node, "type-conflict", f"{what} is {new} here and {old} elsewhere")
            return new if old is None else old
        if joined != old:
            self.changed = True
        return joined
