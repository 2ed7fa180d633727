"""What is known on the way through a function, as part of ``flow``: versions, paths that leave, errors in a try."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from totem_sdk.lang.calls import Reach, self_attributes
from totem_sdk.lang.constants import Constant
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.forms import local_names
from totem_sdk.lang.holes import Gap, Hole, bound_names, has_gap
from totem_sdk.lang.nodes import walk
from totem_sdk.lang.source import Source
from totem_sdk.lang.versions import UNASSIGNED, Flow

__all__ = ["FlowState", "Frame", "Path", "Setting", "Tried"]


@dataclass(frozen=True)
class Setting:
    """What a function is analysed in.

    ``values`` is the name of the parameter that holds a reducer's values; ``fields`` are the fields of self that the
    function must set (an _init); ``constants`` are those of the module by name, of the class as ``self.NAME``.
    ``results``: what the variables hold at the end is used (a snippet).
    """

    source: Source
    reach: Mapping[str, Reach]
    constants: Mapping[str, Constant]
    values: str | None = None
    fields: tuple[str, ...] = ()
    results: bool = False


@dataclass
class Path:
    """The versions of some names, and the places where values were drawn, at the end of a path."""

    versions: Mapping[str, int]
    drawn: frozenset[ast.AST]


@dataclass
class Frame:
    """The loop being walked: the names whose versions its exits must know, and the paths that leave it."""

    names: tuple[str, ...]
    breaks: list[Path] = field(default_factory=list)
    continues: list[Path] = field(default_factory=list)


class Tried:
    """The body of a try: by name, the versions that an error in it may leave behind; how often one may happen."""

    def __init__(self, names: Iterable[str], drawn: frozenset[ast.AST]) -> None:
        self.versions: dict[str, dict[int, None]] = {name: {} for name in names}
        self.drawn = drawn
        self.errors = 0


class FlowState(ABC):
    """Where the walk through a function is."""

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
        self.frames: list[Frame] = []
        self.tries: list[Tried] = []
        self.drawn: frozenset[ast.AST] = frozenset()
        self.returns: list[Path] = []
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
        """Add a refusal."""
        # All findings of this pass are about paths, and what a refused statement does to them is not known.
        if not self.flow.gaps:
            self.findings.add(self.setting.source.at(node), code, message, hint)

    # Versions.

    def version(self, name: str, sources: Iterable[int] = ()) -> int:
        """Return a new version of a name, and note the versions that it merges."""
        self.flow.sources.append(list(sources))
        self.flow.names.append(name)
        return len(self.flow.sources) - 1

    def put(self, name: str, version: int) -> None:
        """Let a name have a version from here on."""
        self.log.append((name, self.env[name]))
        self.env[name] = version

    def path(self, names: Iterable[str]) -> Path:
        """Return the end of a path that leads from here."""
        return Path({name: self.env[name] for name in names}, self.drawn)

    def rollback(self, mark: int) -> list[str]:
        """Undo the assignments since ``mark``; return the names."""
        names: dict[str, None] = {}
        while len(self.log) > mark:
            name, old = self.log.pop()
            self.env[name] = old
            names[name] = None
        return sorted(names)

    def merge(self, paths: Sequence[Path]) -> None:
        """Go on where several paths meet; a path that doesn't tell a name's version has the current one."""
        for name in sorted({name for path in paths for name in path.versions}):
            versions = dict.fromkeys(path.versions.get(name, self.env[name]) for path in paths)
            self.put(name, next(iter(versions)) if len(versions) == 1 else self.version(name, versions))
        self.drawn = frozenset().union(*(path.drawn for path in paths))

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

    def enter(self, tried: Tried, paths: Sequence[Path]) -> None:
        """Go on where an error, or one of some paths, has led."""
        for name, versions in tried.versions.items():
            found = dict.fromkeys([*versions, *(path.versions[name] for path in paths if name in path.versions)])
            if found:
                self.put(name, next(iter(found)) if len(found) == 1 else self.version(name, found))
        self.drawn = tried.drawn.union(*(path.drawn for path in paths))

    def assigned_in(self, node: ast.AST) -> set[str]:
        """Return the names and fields that a loop's rounds, or another part, may assign."""
        if id(node) not in self.assigned:
            found = set(bound_names(node))
            for attribute in self_attributes(node):
                if attribute.attr in self.setting.reach:
                    found.update(f"self.{name}" for name in self.setting.reach[attribute.attr].stores)
            self.assigned[id(node)] = found
        return self.assigned[id(node)]

    @abstractmethod
    def body(self, statements: Iterable[ast.stmt]) -> bool:
        """Walk statements; return whether what is after them can be reached."""
