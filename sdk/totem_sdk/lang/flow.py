"""Fourth pass: which assignment each use of a variable sees, whether there is one on every path, where paths end.

The result is a ``versions.Flow``. Nothing here needs types. Loops that never end and values that are drawn twice are
found on the way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from totem_sdk.caught import ALL_KINDS
from totem_sdk.lang.calls import Reach, self_attributes
from totem_sdk.lang.caught_forms import mask_caught
from totem_sdk.lang.constants import Constant, NotConstant, evaluate
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.forms import local_names
from totem_sdk.lang.holes import Gap, Hole, bound_names, has_gap
from totem_sdk.lang.lists import CHANGING
from totem_sdk.lang.marks import SOME
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.nodes import children, walk
from totem_sdk.lang.source import Source
from totem_sdk.lang.versions import UNASSIGNED, Flow, LoopFlow, doubtful, variables_of

__all__ = ["Setting", "analyse"]


@dataclass(frozen=True)
class Setting:
    """What a function is analysed in.

    ``values`` is the name of the parameter that holds a reducer's values; ``fields`` are the fields of self that the
    function must set (an _init); ``constants`` are those of the module by name, of the class as ``self.NAME``.
    """

    source: Source
    reach: Mapping[str, Reach]
    constants: Mapping[str, Constant]
    values: str | None = None
    fields: tuple[str, ...] = ()


@dataclass
class _Path:
    """The versions of some names, and the places where values were drawn, at the end of a path."""

    versions: Mapping[str, int]
    drawn: frozenset[ast.AST]


@dataclass
class _Frame:
    """The loop being walked: the names whose versions its exits must know, and the paths that leave it."""

    names: tuple[str, ...]
    breaks: list[_Path] = field(default_factory=list)
    continues: list[_Path] = field(default_factory=list)


_QUIET = (
    ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.IfExp, ast.Tuple, ast.NamedExpr,
    ast.expr_context, ast.boolop, ast.cmpop, ast.Not, ast.Yield,
)  # fmt: skip
"""Parts of expressions that end in no error of their own."""


def may_fail(node: ast.AST) -> bool:
    """Return whether evaluating an expression may end in an error."""
    return not all(
        isinstance(part, _QUIET) or (isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not))
        for part in ast.walk(node)
    )


def _changes_a_list(node: ast.AST) -> bool:
    """Return whether a call or target may change a list that the condition of a loop asks about."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self")), args=[_, *_]):
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in (*CHANGING, "setdefault", "update")
        case ast.Subscript(ctx=ast.Store()):
            return True
    return False


class _Tried:
    """The body of a try: by name, the versions that an error in it may leave behind; how often one may happen."""

    def __init__(self, names: Iterable[str], drawn: frozenset[ast.AST]) -> None:
        self.versions: dict[str, dict[int, None]] = {name: {} for name in names}
        self.drawn = drawn
        self.errors = 0


class _Walker:
    def __init__(self, setting: Setting, function: ast.FunctionDef, findings: Findings) -> None:
        self.setting = setting
        self.function = function
        self.findings = findings
        self.flow = Flow(gaps=has_gap(function))
        self.local = local_names(function)
        self.constants = {name: value for name, value in setting.constants.items() if name not in self.local}
        names = [*(name for name in self.local if name != "self"), *(f"self.{name}" for name in setting.fields)]
        self.env = dict.fromkeys(names, UNASSIGNED)
        self.log: list[tuple[str, int]] = []
        self.frames: list[_Frame] = []
        self.tries: list[_Tried] = []
        self.drawn: frozenset[ast.AST] = frozenset()
        self.returns: list[_Path] = []
        self.uses: list[tuple[ast.AST, str, int]] = []
        self.assigned: dict[int, set[str]] = {}
        for argument in function.args.args:
            if argument.arg != "self":
                self.flow.parameters[argument.arg] = self.env[argument.arg] = self.version(argument.arg)
        # What a refused part assigns is not known, and nothing is to be said about it.
        for hole in walk(function):
            for name in hole.names if isinstance(hole, Hole | Gap) else ():
                if name in self.env:
                    self.env[name] = self.version(name)

    def add(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        # All findings of this pass are about paths, and what a refused statement does to them is not known.
        if not self.flow.gaps:
            self.findings.add(self.setting.source.at(node), code, message, hint)

    # Versions.

    def version(self, name: str, sources: Iterable[int] = ()) -> int:
        self.flow.sources.append(list(sources))
        self.flow.names.append(name)
        return len(self.flow.sources) - 1

    def put(self, name: str, version: int) -> None:
        self.log.append((name, self.env[name]))
        self.env[name] = version

    def path(self, names: Iterable[str]) -> _Path:
        return _Path({name: self.env[name] for name in names}, self.drawn)

    def rollback(self, mark: int) -> list[str]:
        """Undo the assignments since ``mark``; return the names."""
        names: dict[str, None] = {}
        while len(self.log) > mark:
            name, old = self.log.pop()
            self.env[name] = old
            names[name] = None
        return sorted(names)

    def merge(self, paths: Sequence[_Path]) -> None:
        """Go on where several paths meet; a path that doesn't tell a name's version has the current one."""
        for name in sorted({name for path in paths for name in path.versions}):
            versions = dict.fromkeys(path.versions.get(name, self.env[name]) for path in paths)
            self.put(name, next(iter(versions)) if len(versions) == 1 else self.version(name, versions))
        self.drawn = frozenset().union(*(path.drawn for path in paths))

    # Statements. Each tells whether the statement after it can be reached.

    def body(self, statements: Iterable[ast.stmt]) -> bool:
        for statement in statements:
            if not self.statement(statement):
                self.flow.stops.add(id(statement))
                return False
        return True

    def statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self.assignment(node)
            case ast.Expr():
                self.expression(node.value)
            case ast.If():
                return self.branches(node)
            case ast.While():
                return self.while_loop(node)
            case ast.For():
                return self.for_loop(node)
            case ast.Break() | ast.Continue():
                frame = self.frames[-1]
                paths = frame.breaks if isinstance(node, ast.Break) else frame.continues
                paths.append(self.path(frame.names))
                return False
            case ast.Return():
                if node.value is not None:
                    self.expression(node.value)
                self.returns.append(self.path(f"self.{name}" for name in self.setting.fields))
                return False
            case ast.Raise() | ast.Assert() | ast.Try():
                return self.try_statement(node) if isinstance(node, ast.Try) else self.raising(node)
        return True

    # Errors.

    def raising(self, node: ast.Raise | ast.Assert) -> bool:
        parts = (node.exc,) if isinstance(node, ast.Raise) else (node.test, node.msg)
        for part in parts:
            if part is not None:
                self.expression(part)
        self.error()
        return isinstance(node, ast.Assert)

    def error(self) -> None:
        """Note that an error may happen here, with what the variables hold now."""
        for tried in self.tries:
            tried.errors += 1
            tried.drawn |= self.drawn
            for name, versions in tried.versions.items():
                versions[self.env[name]] = None

    def assigned_by(self, statements: Iterable[ast.AST]) -> list[str]:
        """Return the names and fields that statements may assign, themselves or by what they call."""
        names: set[str] = set()
        for statement in statements:
            names |= self.assigned_in(statement)
        return sorted(name for name in names if name in self.env)

    def try_statement(self, node: ast.Try) -> bool:
        before = self.drawn
        marks = [(frame, len(frame.breaks), len(frame.continues)) for frame in self.frames]
        returns = len(self.returns)
        whole = _Tried(self.assigned_by((*node.body, *node.handlers, *node.orelse)), before)
        if node.finalbody:
            self.tries.append(whole)
        ends = self.tried(node)
        if not node.finalbody:
            if ends:
                self.merge(ends)
            return bool(ends)
        self.tries.pop()
        left = [path for frame, b, c in marks for path in (*frame.breaks[b:], *frame.continues[c:])]
        left += self.returns[returns:]
        mark = len(self.log)
        self.enter(whole, [*ends, *left])
        falls = self.body(node.finalbody)
        final = {name: self.env[name] for name in self.assigned_by(node.finalbody)}
        self.rollback(mark)
        # Who has left the rest by another way finds what the finally assigns.
        for path in left:
            path.versions = {**path.versions, **{n: v for n, v in final.items() if n in path.versions}}
        if not ends or not falls:
            return False
        self.merge(ends)
        for name, version in final.items():
            self.put(name, version)
        return True

    def tried(self, node: ast.Try) -> list[_Path]:
        """Walk body, else and handlers of a try; return the paths that leave them at their ends."""
        tried = _Tried(self.assigned_by(node.body), self.drawn)
        ends: list[_Path] = []
        mark = len(self.log)
        outer = self.tries
        everything = any(mask_caught(handler.type) == ALL_KINDS for handler in node.handlers)
        # What a handler of everything catches gets no further.
        self.tries = [tried] if everything else [*outer, tried]
        falls = self.body(node.body)
        self.tries = outer
        if falls and self.body(node.orelse):
            ends.append(self.path({name for name, _ in self.log[mark:]}))
        self.rollback(mark)
        for handler in node.handlers:
            mark = len(self.log)
            self.enter(tried, [])
            falls = self.body(handler.body)
            if handler.name is not None:
                # Python takes the name away.
                self.put(handler.name, UNASSIGNED)
            if falls:
                ends.append(self.path({name for name, _ in self.log[mark:]}))
            self.rollback(mark)
        return ends

    def enter(self, tried: _Tried, paths: Sequence[_Path]) -> None:
        """Go on where an error, or one of some paths, has led."""
        for name, versions in tried.versions.items():
            found = dict.fromkeys([*versions, *(path.versions[name] for path in paths if name in path.versions)])
            if found:
                self.put(name, next(iter(found)) if len(found) == 1 else self.version(name, found))
        self.drawn = tried.drawn.union(*(path.drawn for path in paths))

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        if isinstance(node, ast.AugAssign):
            self.use(node.target)
            self.error()
        if node.value is not None:
            self.expression(node.value)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self.target(target)

    def target(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name):
                version = self.version(name)
                self.flow.writes[id(node)] = version
                self.put(name, version)
            case ast.Attribute(attr=name) if f"self.{name}" in self.env:
                self.put(f"self.{name}", self.version(f"self.{name}"))
            case ast.Tuple(elts=elements):
                self.error()
                for element in elements:
                    self.target(element)
            case ast.Subscript():
                self.expression(node)
                self.error()
            case _:
                self.error()

    def branches(self, node: ast.If) -> bool:
        self.expression(node.test)
        before = self.drawn
        paths: list[_Path] = []
        for arm in (node.body, node.orelse):
            mark = len(self.log)
            self.drawn = before
            falls = self.body(arm)
            names = {name for name, _ in self.log[mark:]}
            if falls:
                paths.append(self.path(names))
            self.rollback(mark)
        if not paths:
            return False
        self.merge(paths)
        return True

    # Loops.

    def while_loop(self, node: ast.While) -> bool:
        constant = evaluate(node.test, self.constants)
        always = not isinstance(constant, NotConstant) and bool(constant)
        returns = len(self.returns)
        errors = sum(tried.errors for tried in self.tries)
        frame, falls = self.loop(node, test=node.test, ends=not always, sure=False, bounded=False)
        whole = not any(isinstance(part, Hole) for part in ast.walk(node))
        left = frame.breaks or len(self.returns) > returns or sum(tried.errors for tried in self.tries) > errors
        left = left or any(isinstance(part, ast.Raise | ast.Assert) for part in ast.walk(node))
        if whole and not left and not self.changes(node):
            names = sorted({part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)} - {"self"})
            what = f"nothing in the loop changes {', '.join(names)}" if names else "its condition never changes"
            self.add(node, "endless-loop", f"the loop never ends: {what}, and nothing leaves it")
        return falls

    def changes(self, node: ast.While) -> bool:
        """Tell whether a round may change what the condition depends on."""
        assigned = self.assigned[id(node)]
        rounds = [part for statement in node.body for part in ast.walk(statement)]
        asked = [part for part in ast.walk(node.test) if not isinstance(part, ast.Call) or not [*self_attributes(part)]]
        changes = any(_changes_a_list(part) for part in (*rounds, *asked))
        for part in ast.walk(node.test):
            if isinstance(part, ast.Name) and part.id != "self" and (part.id in assigned or changes):
                return True
        for attribute in self_attributes(node.test):
            reach = self.setting.reach.get(attribute.attr)
            loads = {attribute.attr} if reach is None else reach.loads
            if any(f"self.{name}" in assigned for name in loads):
                return True
        return False

    def for_loop(self, node: ast.For) -> bool:
        rounds = self.constant_rounds(node.iter)
        of_values = isinstance(node.iter, ast.Name) and node.iter.id == self.setting.values
        of_range = isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name)
        self.expression(node.iter)
        if isinstance(node.iter, ast.Name) and of_values:
            self.drawn = self.drawn_at(node.iter, self.drawn)
        # A group always has a value.
        sure = of_values or SOME.on(node) or bool(rounds) or isinstance(node.iter, Hole)
        bounded = rounds is not None or not (of_values or of_range)
        return self.loop(node, test=None, ends=True, sure=sure, bounded=bounded)[1]

    def constant_rounds(self, node: ast.expr) -> int | None:
        match node:
            case ast.Call(func=ast.Name(id="range"), args=[_, *_] as arguments) if len(arguments) <= 3:
                found = [evaluate(argument, self.constants) for argument in arguments]
                numbers = [value for value in found if isinstance(value, int) and not isinstance(value, bool)]
                if len(numbers) == len(found) and 0 not in numbers[2:]:
                    start, stop, step = (0, *numbers, 1)[-3:] if len(numbers) < 3 else numbers
                    return max(0, -((start - stop) // step))
        return None

    def loop(
        self, node: ast.For | ast.While, *, test: ast.expr | None, ends: bool, sure: bool, bounded: bool
    ) -> tuple[_Frame, bool]:
        """Walk a loop; ``ends``: it can end by itself, ``sure``: it has at least one round."""
        before = self.drawn
        names = tuple(sorted(name for name in self.assigned_in(node) if name in self.env))
        heads = {name: self.version(name, [self.env[name]]) for name in names}
        for name, head in heads.items():
            self.put(name, head)
        frame = _Frame(names)
        self.frames.append(frame)
        mark, first = len(self.log), len(self.flow.sources)
        if test is not None:
            self.expression(test)
        exits = [self.path(())] if ends and not sure else []
        if isinstance(node, ast.For):
            self.target(node.target)
        falls = self.body(node.body)
        rounds = [*frame.continues, *([self.path(names)] if falls else [])]
        self.frames.pop()
        self.rollback(mark)
        for path in rounds:
            for name, head in heads.items():
                self.flow.sources[head].append(path.versions[name])
            for site in path.drawn - before:
                self.add(site, "values-twice", "the values are drawn again in the next round of the loop")
        self.flow.loops[id(node)] = LoopFlow(
            frozenset(self.assigned_in(node)),
            bool(frame.continues),
            tuple(heads.values()),
            first,
            len(self.flow.sources),
            bounded,
            ends,
            sure,
        )
        exits += rounds if ends and sure else []
        if node.orelse and exits:
            self.flow.elses.add(id(node))
            exits = self.otherwise(exits, node.orelse)
        exits += frame.breaks
        if exits:
            self.merge(exits)
        return frame, bool(exits)

    def otherwise(self, exits: Sequence[_Path], statements: Iterable[ast.stmt]) -> list[_Path]:
        """Walk the else of a loop that ends on these paths; return the path out of it, if there is one."""
        mark = len(self.log)
        self.merge(exits)
        falls = self.body(statements)
        path = self.path({name for name, _ in self.log[mark:]})
        self.rollback(mark)
        return [path] if falls else []

    def assigned_in(self, node: ast.AST) -> set[str]:
        """Return the names and fields that a loop's rounds, or another part, may assign."""
        if id(node) not in self.assigned:
            found = set(bound_names(node))
            for attribute in self_attributes(node):
                if attribute.attr in self.setting.reach:
                    found.update(f"self.{name}" for name in self.setting.reach[attribute.attr].stores)
            self.assigned[id(node)] = found
        return self.assigned[id(node)]

    # Expressions.

    def expression(self, node: ast.expr) -> None:
        draws = False
        for part in self.parts(node):
            if isinstance(part, ast.Name | ast.Attribute):
                self.use(part)
                draws = draws or (isinstance(part, ast.Name) and part.id == self.setting.values)
        if draws:
            self.drawn = self.draw(node, self.drawn)
        if self.tries and may_fail(node):
            self.error()

    def parts(self, node: ast.expr) -> Iterator[ast.AST]:
        """Yield an expression and what is in it, after walking the statements that stand in it."""
        pending: list[ast.AST] = [node]
        while pending:
            part = pending.pop()
            if isinstance(part, Statements):
                self.body(part.body)
                pending.append(part.result)
                continue
            yield part
            pending += reversed(children(part))

    def use(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name) if name in self.env:
                self.flow.reads[id(node)] = self.env[name]
                self.uses.append((node, name, self.env[name]))
            case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
                reach = self.setting.reach.get(attribute)
                for name in (attribute,) if reach is None else sorted(reach.loads):
                    if f"self.{name}" in self.env:
                        self.uses.append((node, f"self.{name}", self.env[f"self.{name}"]))

    def draw(self, node: ast.AST, drawn: frozenset[ast.AST]) -> frozenset[ast.AST]:
        """Return where values may have been drawn after ``node`` was evaluated."""
        match node:
            case Statements():
                return self.drawn | drawn
            case ast.Call(func=ast.Name(id="sum" | "min" | "max"), args=[ast.Name(id=name) as values]) if (
                name == self.setting.values
            ):
                return self.drawn_at(values, drawn)
            case ast.IfExp():
                tested = self.draw(node.test, drawn)
                return self.draw(node.body, tested) | self.draw(node.orelse, tested)
        for child in ast.iter_child_nodes(node):
            drawn = self.draw(child, drawn)
        return drawn

    def drawn_at(self, node: ast.Name, drawn: frozenset[ast.AST]) -> frozenset[ast.AST]:
        if drawn:
            self.add(node, "values-twice", f"the values of {node.id} may have been drawn before")
        return drawn | {node}

    # The end.

    def finish(self, falls: bool) -> Flow:
        if falls:
            self.returns.append(self.path(f"self.{name}" for name in self.setting.fields))
        self.flow.ends = bool(self.returns)
        unsure = doubtful(self.flow)
        for node, name, version in self.uses:
            if version in unsure:
                doubt = "has no value here" if version == UNASSIGNED else "may have no value here"
                self.add(node, "unassigned", f"{name} {doubt}")
        for field_name in self.setting.fields:
            if any(path.versions[f"self.{field_name}"] in unsure for path in self.returns):
                message = f"self.{field_name} is not set on every path through {self.function.name}"
                self.add(self.function, "state", message)
        if falls:
            self.flow.final = {
                name: version
                for name, version in self.env.items()
                if version not in unsure and not name.startswith("self.") and name not in self.flow.parameters
            }
        self.flow.variables = variables_of(self.flow)
        return self.flow


def analyse(setting: Setting, function: ast.FunctionDef, findings: Findings) -> Flow:
    """Return the flow of one function; what is wrong with it is added to ``findings``."""
    walker = _Walker(setting, function, findings)
    return walker.finish(walker.body(function.body))
