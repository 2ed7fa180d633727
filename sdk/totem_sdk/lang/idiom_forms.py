"""Small idioms that say something which the language has in another form, for the rewriting of a method.

``heapq.nlargest(n, items)`` is ``sorted(items, reverse=True)[:n]``, ``x != None`` is ``x is not None``,
``all([a, b])`` asks each of values that may have several types, ``", ".join(values)`` draws a reducer's values.
"""

from __future__ import annotations

import ast

from totem_sdk.lang.choice_forms import CHOICES, ChoiceForms
from totem_sdk.lang.json_texts import DUMPS, written_out
from totem_sdk.lang.marks import EMITTED
from totem_sdk.lang.new_nodes import Statements

__all__ = ["IdiomForms"]


class IdiomForms(ChoiceForms):
    """Rewrites idioms."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Ask by identity whether something is None: no value of the language equals it otherwise."""
        match node:
            case ast.Compare(left=other, ops=[ast.Eq() | ast.NotEq() as op], comparators=[ast.Constant(value=None)]):
                pass
            case ast.Compare(left=ast.Constant(value=None), ops=[ast.Eq() | ast.NotEq() as op], comparators=[other]):
                pass
            case _:
                return self.generic_visit(node)
        test: ast.cmpop = ast.Is() if isinstance(op, ast.Eq) else ast.IsNot()
        none = ast.copy_location(ast.Constant(None), node)
        return self.generic_visit(ast.copy_location(ast.Compare(other, [test], [none]), node))

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        """Note which lists are emitted as they are written: their items may be of several types, as in JSON."""
        pending: list[ast.AST | None] = [node.value]
        while pending:
            part = pending.pop()
            if isinstance(part, ast.List | ast.Tuple):
                EMITTED.put(part, True)
                pending += part.elts
        return self.generic_visit(node)

    def of_idioms(self, node: ast.Call) -> ast.AST | None:
        """Return what a call stands for; None of another call."""
        if self.calls(node, "heapq.nlargest", "heapq.nsmallest") and len(node.args) == 2:
            return None if "sorted" in self.hidden else self.first_sorted(node)
        if self.calls(node, *CHOICES):
            return self.choice_lists(node)
        if self.calls(node, DUMPS) and len(node.args) == 1 and not node.keywords:
            written = written_out(node.args[0])
            return None if written is None else self.visited(written, node)
        if self.calls(node, "all", "any") and len(node.args) == 1 and not node.keywords:
            match node.args[0]:
                case ast.List(elts=[_, *_] as items) | ast.Tuple(elts=[_, *_] as items):
                    if not any(isinstance(item, ast.Starred) for item in items):
                        return self.asked_each(node, items)
        match node:
            case ast.Call(func=ast.Attribute(attr="join"), args=[ast.Name(id=name) as values], keywords=[]) if (
                name == self.values and "list" not in self.hidden
            ):
                node.args = [self.at(ast.Call(ast.Name("list", ast.Load()), [values], []), values)]
        return None

    def first_sorted(self, node: ast.Call) -> ast.AST:
        """Return ``heapq.nlargest`` or ``nsmallest`` as a slice of a sorted list."""
        number, items = node.args
        largest = self.calls(node, "heapq.nlargest")
        turned = [ast.keyword("reverse", ast.Constant(True))] if largest else []
        if not isinstance(number, ast.Constant):  # none are taken where the number is below 0
            number = ast.Call(ast.Name("max", ast.Load()), [number, ast.Constant(0)], [])
        ordered = ast.Call(ast.Name("sorted", ast.Load()), [items], [*node.keywords, *turned])
        return self.visited(ast.Subscript(ordered, ast.Slice(None, number, None), ast.Load()), node)

    def visited(self, made: ast.expr, place: ast.AST) -> ast.AST:
        """Return an expression in the place of another, rewritten."""
        visited: ast.AST = self.visit(self.at(made, place))
        return visited

    def asked_each(self, node: ast.Call, items: list[ast.expr]) -> ast.AST:
        """Return ``all`` or ``any`` of values that are written out: all are evaluated, and then asked."""
        every = self.calls(node, "all")
        made = Statements()
        asked: list[ast.expr] = []
        made.body = []
        for item in items:
            name = self.fresh("item")
            made.body.append(self.assign(name, self.visit(item), item))
            asked.append(ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), ast.Name(name, ast.Load()))))
        answer = self.fresh("answer")
        whole = asked[0] if len(asked) == 1 else ast.BoolOp(ast.And() if every else ast.Or(), asked)
        made.body.append(self.assign(answer, whole, node))
        made.result = self.load(answer, node)
        return self.at(made, node)
