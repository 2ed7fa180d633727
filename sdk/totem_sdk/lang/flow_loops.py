"""Loops: what their rounds assign, which paths leave them, which never end, as part of ``flow``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from totem_sdk.lang.calls import self_attributes
from totem_sdk.lang.constants import NotConstant, evaluate
from totem_sdk.lang.container_types import CHANGING
from totem_sdk.lang.flow_expressions import FlowExpressions
from totem_sdk.lang.flow_state import Frame, Path
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.marks import SOME
from totem_sdk.lang.versions import LoopFlow

__all__ = ["FlowLoops"]


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


class FlowLoops(FlowExpressions):
    """Walks loops."""

    def while_loop(self, node: ast.While) -> bool:
        """Walk a while loop; return whether what is after it can be reached."""
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
        """Walk a for loop; return whether what is after it can be reached."""
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
        """Return how many rounds a loop over a range of constants has; None of another loop."""
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
    ) -> tuple[Frame, bool]:
        """Walk a loop; ``ends``: it can end by itself, ``sure``: it has at least one round."""
        before = self.drawn
        names = tuple(sorted(name for name in self.assigned_in(node) if name in self.env))
        heads = {name: self.version(name, [self.env[name]]) for name in names}
        for name, head in heads.items():
            self.put(name, head)
        frame = Frame(names)
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

    def otherwise(self, exits: Sequence[Path], statements: Iterable[ast.stmt]) -> list[Path]:
        """Walk the else of a loop that ends on these paths; return the path out of it, if there is one."""
        mark = len(self.log)
        self.merge(exits)
        falls = self.body(statements)
        path = self.path({name for name, _ in self.log[mark:]})
        self.rollback(mark)
        return [path] if falls else []
