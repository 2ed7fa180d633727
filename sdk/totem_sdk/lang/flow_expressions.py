"""What expressions and targets read, assign and draw, as part of ``flow``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from totem_sdk.lang.flow_state import FlowState
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.nodes import children

__all__ = ["FlowExpressions"]

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


class FlowExpressions(FlowState):
    """Walks expressions and targets."""

    def expression(self, node: ast.expr) -> None:
        """Walk an expression."""
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
        """Note which version a name or field has where it is read."""
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
        """Return where values may have been drawn after they were drawn here, which may be for the second time."""
        if drawn:
            self.add(node, "values-twice", f"the values of {node.id} may have been drawn before")
        return drawn | {node}

    def target(self, node: ast.expr) -> None:
        """Walk what is assigned to."""
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
