"""Loops over ``enumerate``, ``zip``, ``reversed`` and the like as loops over lists, for the rewriting of a method."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from totem_sdk.lang.call_forms import CallForms
from totem_sdk.lang.choice_forms import ChoiceForms
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.lists import changes_lists
from totem_sdk.lang.marks import CHANGED, OF_ITEMS
from totem_sdk.lang.match_forms import MatchForms

__all__ = ["LoopForms"]


class LoopForms(MatchForms, CallForms, ChoiceForms):
    """Rewrites loops, also over calls (``CallForms``), matches (``MatchForms``) and choices (``ChoiceForms``)."""

    def iterable(self, node: ast.expr) -> ast.expr:
        """Rewrite what a loop runs over, but for the call that the loop itself makes something of."""
        if isinstance(node, ast.Call) and self.calls(node, "enumerate", "zip", "reversed"):
            node.args = [self.iterable(argument) for argument in node.args]
            node.keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
            return node
        visited = self.visit(node)
        return visited if isinstance(visited, ast.expr) else node

    def unrolled(self, node: ast.For) -> list[ast.stmt]:
        """Return a loop over ``enumerate``, ``zip`` or ``reversed`` as one over a list."""
        call = node.iter
        if isinstance(call, ast.Call) and self.calls(call, "enumerate"):
            return self._numbered(node, call)
        if isinstance(call, ast.Call) and self.calls(call, "zip") and call.args and not call.keywords:
            return self._side_by_side(node, call)
        if isinstance(call, ast.Call) and self.calls(call, "reversed") and len(call.args) == 1:
            return self._backwards(node, call)
        return self.over_matches(node) or self.over_iterator(node) or self.over_choices(node) or [node]

    def _numbered(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
        given = [*call.args, *(k.value for k in call.keywords if k.arg == "start")]
        if not isinstance(node.target, ast.Tuple) or len(node.target.elts) != 2 or not 1 <= len(given) <= 2:
            self.refuse(node, "loop-form", "enumerate() in another form", "write for i, x in enumerate(items)")
            node.iter = ast.copy_location(Hole(), call)
            return [node]
        counter = self.fresh("number")
        start = ast.Constant(0) if len(given) == 1 else given[1]
        number, node.target = node.target.elts
        node.iter = given[0]
        step = ast.BinOp(ast.Name(counter, ast.Load()), ast.Add(), ast.Constant(1))
        node.body = [
            self.at(ast.Assign([number], ast.Name(counter, ast.Load())), call),
            self.assign(counter, step, call),
            *node.body,
        ]
        return [self.assign(counter, start, call), *self.unrolled(node)]

    def _indexed(self, lists: Sequence[str], index: str, place: ast.AST) -> list[ast.expr]:
        return [
            self.at(ast.Subscript(ast.Name(name, ast.Load()), ast.Name(index, ast.Load()), ast.Load()), place)
            for name in lists
        ]

    def _length(self, name: str) -> ast.expr:
        return ast.Call(ast.Name("len", ast.Load()), [ast.Name(name, ast.Load())], [])

    def _side_by_side(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
        lists = [self.fresh("list") for _ in call.args]
        index = self.fresh("number")
        changes = changes_lists(node.body)
        kept = [self._items(name, value, value, changes) for name, value in zip(lists, call.args, strict=True)]
        items = self._indexed(lists, index, call)
        if isinstance(node.target, ast.Tuple) and len(node.target.elts) == len(items):
            taken = [self.at(ast.Assign([t], i), call) for t, i in zip(node.target.elts, items, strict=True)]
        else:
            taken = [self.at(ast.Assign([node.target], ast.Tuple(items, ast.Load())), call)]
        if changes:
            tests = [self._below(index, name) for name in lists]
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
            return [*kept, *self._asking(node, index, (ast.Constant(0), test, 1), taken, call)]
        node.body = [*taken, *node.body]
        node.target = self.at(ast.Name(index, ast.Store()), call)
        shortest = self._length(lists[0])
        for name in lists[1:]:
            shortest = ast.Call(ast.Name("min", ast.Load()), [shortest, self._length(name)], [])
        node.iter = self.at(ast.Call(ast.Name("range", ast.Load()), [shortest], []), call)
        return [*kept, node]

    def _items(self, name: str, value: ast.expr, place: ast.AST, changes: bool) -> ast.stmt:
        """Return the assignment of what a loop takes one by one by indices; ``changes``: it changes lists."""
        made = self.assign(name, value, place)
        OF_ITEMS.put(made, True)
        CHANGED.put(made, changes)
        return made

    def _below(self, index: str, name: str) -> ast.expr:
        return ast.Compare(ast.Name(index, ast.Load()), [ast.Lt()], [self._length(name)])

    def _asking(
        self,
        node: ast.For,
        index: str,
        head: tuple[ast.expr, ast.expr, int],
        taken: Sequence[ast.stmt],
        place: ast.AST,
    ) -> list[ast.stmt]:
        """Return a loop over lists that its body may change: every round asks for their lengths."""
        start, test, by = head
        operator = ast.Add() if by > 0 else ast.Sub()
        step = ast.Assign(
            [ast.Name(index, ast.Store())], ast.BinOp(ast.Name(index, ast.Load()), operator, ast.Constant(1))
        )
        body = [*taken, self.at(step, place), *node.body]
        return [self.assign(index, start, place), self.at(ast.While(test, body, node.orelse), place)]

    def _backwards(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
        if self.calls(call.args[0], "range"):
            self.refuse(call, "loop-form", "reversed() of a range", "write range(last, first - 1, -1)")
            node.iter = ast.copy_location(Hole(), call)
            return [node]
        whole, index = self.fresh("list"), self.fresh("number")
        (item,) = self._indexed([whole], index, call)
        taken = self.at(ast.Assign([node.target], item), call)
        last = ast.BinOp(self._length(whole), ast.Sub(), ast.Constant(1))
        changes = changes_lists(node.body)
        kept = self._items(whole, call.args[0], call, changes)
        if changes:
            above = ast.Compare(ast.Name(index, ast.Load()), [ast.GtE()], [ast.Constant(0)])
            test = ast.BoolOp(ast.And(), [above, self._below(index, whole)])
            return [kept, *self._asking(node, index, (last, test, -1), [taken], call)]
        node.body = [taken, *node.body]
        node.target = self.at(ast.Name(index, ast.Store()), call)
        bounds: list[ast.expr] = [
            last,
            ast.UnaryOp(ast.USub(), ast.Constant(1)),
            ast.UnaryOp(ast.USub(), ast.Constant(1)),
        ]
        node.iter = self.at(ast.Call(ast.Name("range", ast.Load()), bounds, []), call)
        return [kept, node]
