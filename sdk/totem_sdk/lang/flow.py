"""Fourth pass: which assignment each use of a variable sees, whether there is one on every path, where paths end.

The result is a ``versions.Flow``. Nothing here needs types. Loops that never end and values that are drawn twice are
found on the way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from totem_sdk.caught import ALL_KINDS
from totem_sdk.lang.caught_forms import mask_caught
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.flow_loops import FlowLoops
from totem_sdk.lang.flow_state import Path, Setting, Tried
from totem_sdk.lang.versions import UNASSIGNED, Flow, doubtful, variables_of

__all__ = ["analyse"]


class _Walker(FlowLoops):
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

    def try_statement(self, node: ast.Try) -> bool:
        before = self.drawn
        marks = [(frame, len(frame.breaks), len(frame.continues)) for frame in self.frames]
        returns = len(self.returns)
        whole = Tried(self.assigned_by((*node.body, *node.handlers, *node.orelse)), before)
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

    def tried(self, node: ast.Try) -> list[Path]:
        """Walk body, else and handlers of a try; return the paths that leave them at their ends."""
        tried = Tried(self.assigned_by(node.body), self.drawn)
        ends: list[Path] = []
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

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        if isinstance(node, ast.AugAssign):
            self.use(node.target)
            self.error()
        if node.value is not None:
            self.expression(node.value)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self.target(target)

    def branches(self, node: ast.If) -> bool:
        self.expression(node.test)
        before = self.drawn
        paths: list[Path] = []
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
        if falls and self.setting.results:
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
