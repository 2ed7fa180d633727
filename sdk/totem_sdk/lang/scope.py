"""What the checker knows while it goes through one function: types of variables and fields, and what is not None."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from totem_sdk.lang.boxes import Boxes, flat
from totem_sdk.lang.calls import Reach
from totem_sdk.lang.constants import MAX_TYPE_DEPTH, Constant, type_of
from totem_sdk.lang.container_types import KIND_OF_DICT, Listed, Mapped
from totem_sdk.lang.findings import At, Findings
from totem_sdk.lang.job import Job
from totem_sdk.lang.named_types import nameless
from totem_sdk.lang.tree import Apply, Const, Expr, FunctionKey, Stmt
from totem_sdk.lang.versions import Flow
from totem_sdk.schema import Schema
from totem_sdk.types import NONE, Match, Option, Tuple, Type, Union, Values, has_list, join, leaves

__all__ = [
    "MAX_HELPERS",
    "MAX_WORK",
    "Facts",
    "FunctionState",
    "Lost",
    "Nones",
    "Path",
    "RoleState",
    "Scope",
    "WorkLimitError",
    "fits",
    "may_hold_none",
    "meet",
    "widen",
    "without",
]

MAX_WORK = 15_000
"""Most work that checking all roles of a job may take, in visits of statements and expressions (see ``Work``).

A visit takes some 35 µs with everything that follows from it, so this keeps compilation within a second.
"""

_LEAVES_PER_VISIT = 8
"""So many scalars in a tuple cost as much as one more visit."""

MAX_HELPERS = 256
"""Most helpers that a role may call, each counted once for every combination of its arguments' types."""

MAX_LEAVES = 64
"""Most scalars that a tuple may be made of."""

Path = tuple[str | int, ...]
"""What a test for None can be about: ``("x",)``, ``("row", "kwh")``, ``("self.best",)``, ``("pair", 0)``."""

Facts = dict[str | int, frozenset[Path]]
"""Paths that are known not to be None, by their first part."""


_MAX_LOSSES = 3
"""So often a loop may lose something; then everything that it assigns is lost, so that types settle."""


class WorkLimitError(Exception):
    """Checking would take more than MAX_WORK: becomes a refusal."""


Nones = tuple[int | None, int | None]
"""The lines of a yield that may emit None as key, and of one that may emit None as value."""


@dataclass
class Lost:
    """What a loop's rounds lose of what is known of None: paths, and after several losses all that it may assign."""

    paths: set[Path] = field(default_factory=set)
    roots: frozenset[str] = frozenset()
    times: int = 0


@dataclass
class FunctionState:
    """What is known of one function (a step function, or a helper for given argument types) over all passes.

    ``types`` are those of the variables (None: not known yet). ``returns`` joins the types of all results. ``lost`` is
    what is known of None before a loop, by its node, but not at the end of each of its rounds. ``nones`` gives, for a
    variable that holds what a yield emitted that may emit None, its line. ``falls``: its end can be reached.
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
    lost: dict[int, Lost] = field(default_factory=dict)
    nones: dict[int, int] = field(default_factory=dict)
    falls: bool = True


@dataclass
class RoleState:
    """One role (map, combine, reduce) of one step: the fields on self, what it emits, the helpers it calls.

    ``unites``: its yields may emit values of several types.
    ``reader`` is the name of the function that gets lines of files, where there is one.
    """

    job: Job
    schema: Schema
    hidden: frozenset[str]
    reach: Mapping[str, Reach]
    fields: dict[str, Type | None]
    emits: tuple[Type, Type] | None = None
    nones: Nones = (None, None)
    unites: bool = True
    reader: str | None = None
    helpers: dict[FunctionKey, FunctionState] = field(default_factory=dict)
    boxes: Boxes = field(default_factory=Boxes)
    changed: bool = False
    helper: Callable[[FunctionKey, ast.Call], FunctionState | None] = lambda _key, _node: None


def meet(paths: Iterable[Facts]) -> Facts:
    """Return what is known where several paths meet: what all of them know."""
    result: Facts | None = None
    for facts in paths:
        if result is None:
            result = dict(facts)
        else:
            result = {root: result[root] & known for root, known in facts.items() if root in result}
    return result or {}


def without(facts: Facts, paths: Iterable[Path]) -> Facts:
    """Return what is known but for some paths."""
    result = dict(facts)
    for path in paths:
        if path[0] in result:
            result[path[0]] -= {path}
    return result


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
    return expr if nameless(expr.type) == nameless(type_) else Apply(type_, expr.at, "widen", expr.type, (expr,))


def fits(type_: Type) -> bool:
    """Return whether a tuple type is within the limits."""
    return sum(1 for _ in leaves(type_)) <= MAX_LEAVES and _depth(type_) <= MAX_TYPE_DEPTH


def may_hold_none(type_: Type) -> bool:
    """Return whether a value of this type may be None or have one in it."""
    if isinstance(type_, Tuple):
        return any(may_hold_none(item) for item in type_.items)
    return isinstance(type_, Option) or type_ == NONE


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
    expression (it is ``expressions.expression``), ``inner`` statements that stand in one (``statements.check_inner``).
    """

    role: RoleState
    function: FunctionState
    work: Work
    check: Callable[[Scope, ast.expr], Expr | None]
    inner: Callable[[Scope, Iterable[ast.stmt]], tuple[Stmt, ...]]
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
        """Add a refusal, unless it depends on paths of which not all are known."""
        if code == "maybe-none" and self.function.flow.gaps:
            return
        if code == "maybe-none" and hint is None:
            hint = self._source_of_none(node)
        self.findings.add(self.at(node), code, message, hint)

    def _source_of_none(self, node: ast.AST) -> str | None:
        """Return what to do about a None that a yield or a loop's round may leave; None if it comes from elsewhere."""
        flow = self.function.flow
        for part in ast.walk(node):
            line = self.function.nones.get(flow.variables[flow.reads[id(part)]]) if id(part) in flow.reads else None
            if line is not None:
                return f"line {line} may emit None: yield there only what is not None, or test it here"
            if isinstance(part, ast.Name) and any((part.id,) in lost.paths for lost in self.function.lost.values()):
                return f"a round of the loop may leave None in {part.id}: test it inside of the loop too"
        return None

    def constant(self, value: Constant, at: At) -> Expr:
        """Return a constant as an expression."""
        if isinstance(value, tuple):
            items = tuple(self.constant(item, at) for item in value)
            type_ = type_of(value)
            return Apply(type_, at, "tuple", type_, items)
        return Const(type_of(value), at, value)

    @property
    def emitter_of_none(self) -> int | None:
        """The line of a yield that may have emitted None among the values that this function draws."""
        if self.values is None:
            return None
        return self.function.nones.get(self.function.flow.variables[self.function.flow.parameters[self.values]])

    # Facts.

    def know(self, paths: Iterable[Path]) -> None:
        """Note that these paths are not None from here on."""
        for path in paths:
            self.facts[path[0]] = self.facts.get(path[0], frozenset()) | {path}

    def know_stored(self, path: Path, type_: Type) -> None:
        """Note what the type of a value says that was stored in a variable or field: it, and items of it."""
        if isinstance(type_, Option | Values) or type_ == NONE:
            return
        self.know((path,))
        if isinstance(type_, Tuple) and not isinstance(type_, Match | Union):
            for position, item in enumerate(type_.items):
                self.know_stored((*path, position), item)

    def forget(self, names: Iterable[str]) -> None:
        """Note that these names and fields (``self.x``) may have been assigned."""
        for name in names:
            self.facts.pop(name, None)

    def enter_loop(self, loop: ast.AST) -> Facts:
        """Keep of what is known only what no round loses, as far as passes before this one have found; return it."""
        lost = self.function.lost.setdefault(id(loop), Lost())
        self.forget(lost.roots)
        self.facts = without(self.facts, lost.paths)
        return dict(self.facts)

    def end_rounds(self, loop: ast.AST, head: Facts, ends: Iterable[Facts]) -> set[Path]:
        """Return (and note for the next pass) what rounds that end in these ways lose of what the head knows."""
        known = meet((head, *ends))
        missing = {path for root, paths in head.items() for path in paths - known.get(root, frozenset())}
        if missing:
            lost = self.function.lost[id(loop)]
            lost.paths |= missing
            lost.times += 1
            if lost.times == _MAX_LOSSES:
                lost.roots = self.function.flow.loops[id(loop)].assigned
            self.changed = True
        return missing

    def is_known(self, path: Path | None) -> bool:
        """Return whether a path is known not to be None here."""
        return path is not None and path in self.facts.get(path[0], ())

    # Containers.

    def listed(self, node: ast.AST, item: Type | None, *, owned: bool, kind: type[Listed] = Listed) -> Listed:
        """Return the type of the list or deque that a place of the source makes."""
        place = (self.function.name, *self.function.arguments.values(), id(node))
        return self.role.boxes.at(place, item, owned=owned, kind=kind)

    def mapped(self, node: ast.AST, like: Mapped | None = None) -> Mapped:
        """Return the type of the dict that a place of the source makes, of the kind that it says or that is given."""
        kind: Callable[..., Mapped] = KIND_OF_DICT.on(node) if like is None else like.at
        return self.role.boxes.mapped_at((self.function.name, *self.function.arguments.values(), id(node)), kind)

    def enter(self, into: Mapped, key: Type, value: Type) -> bool:
        """Note that a dict gets a value for a key; False if types don't join."""
        return self.role.boxes.enter(into, key, value)

    def own(self, type_: Type) -> None:
        """Note that a list is more than the pieces of a text."""
        self.role.boxes.own(type_)

    def put(self, into: Listed, item: Type) -> bool:
        """Note that a list gets an item; False if no type joins it with the others."""
        return self.role.boxes.put(into, item)

    def joined(self, left: Type, right: Type) -> Type | None:
        """Return the smallest type that holds both, None where there is none; lists become one."""
        return self.role.boxes.joined(left, right)

    # Types that grow from pass to pass.

    def assign(self, node: ast.AST, version: int, type_: Type) -> Type:
        """Join the type of a value into that of the variable that is assigned; return the variable's."""
        variable = self.function.flow.variables[version]
        name = self.function.flow.names[version]
        what = "what this gives" if "'" in name else f"the variable {name}"
        joined = self._join(node, self.function.types[variable], type_, what)
        self.function.types[variable] = joined
        return joined

    def assign_field(self, node: ast.AST, name: str, type_: Type) -> Type:
        """Join the type of a value into that of the field that is assigned; return the field's."""
        if isinstance(type_, Tuple | Option) and not flat(type_):
            hint = "keep the list or dict in a field of its own"
            self.refuse(node, "type", f"the field self.{name} gets a tuple with a list or dict in it", hint)
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
        key, value = nameless(key), nameless(value)
        old = self.role.emits
        new_key = self._join(node, old[0] if old else None, key, "the key that is emitted")
        new_value = self._join(
            node, old[1] if old else None, value, "the value that is emitted", unite=self.role.unites
        )
        self.role.emits = (new_key, new_value)
        line = self.at(node).line
        of_key, of_value = self.role.nones
        self.role.nones = (
            line if of_key is None and may_hold_none(key) else of_key,
            line if of_value is None and may_hold_none(value) else of_value,
        )
        self.role.changed = self.role.changed or old != self.role.emits

    def _join(self, node: ast.AST, old: Type | None, new: Type, what: str, *, unite: bool = False) -> Type:
        if old == new:
            return new
        joined = new if old is None else self.joined(old, new)
        if joined is None and old is not None and unite:
            united = join(old, new, unite=True)
            joined = None if united is None or has_list(united) else united
        if joined is None or not fits(joined):
            self.refuse(node, "type-conflict", f"{what} is {new} here and {old} elsewhere")
            return new if old is None else old
        if joined != old:
            self.changed = True
        return joined
