"""SORT_VALUES of mrjob: a combiner or reducer that goes through its values gets them sorted (docs/adr/0025).

mrjob sorts the lines that values are written as, so the order is that of JSON texts. Here a loop over the values
becomes one that draws them into a list, sorts that, and goes through it. ``sum``, ``min`` and ``max`` stay as they are:
what they give doesn't depend on the order, but for the smallest and the largest of floats, which are refused.
"""

from __future__ import annotations

import ast

from totem_sdk.lang.container_types import Listed
from totem_sdk.lang.marks import BY_LINES, SOME
from totem_sdk.lang.new_nodes import NewNodes, Statements
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Expr
from totem_sdk.types import FLOAT, NONE, NUM, Type, has_list, leaves

__all__ = ["SortedValues", "depends_on_order", "sort_lines"]


class SortedValues(NewNodes):
    """Sorts the values of one method, after it was rewritten."""

    def visit_For(self, node: ast.For) -> ast.AST:
        """Sort what a loop over the values goes through."""
        self.generic_visit(node)
        if not isinstance(node.iter, ast.Name) or node.iter.id != self.values:
            return node
        whole, item = self.fresh("list"), self.fresh("item")
        append = ast.Attribute(ast.Name(whole, ast.Load()), "append", ast.Load())
        drawn = ast.Expr(ast.Call(append, [ast.Name(item, ast.Load())], []))
        sort = ast.Call(ast.Attribute(ast.Name(whole, ast.Load()), "sort", ast.Load()), [], [])
        BY_LINES.put(sort, True)
        made = Statements()
        made.body = [
            self.assign(whole, ast.List([], ast.Load()), node.iter),
            self.at(ast.For(ast.Name(item, ast.Store()), node.iter, [drawn], []), node.iter),
            self.at(ast.Expr(sort), node.iter),
        ]
        made.result = self.load(whole, node.iter)
        node.iter = self.at(made, node.iter)
        SOME.put(node, True)
        return node


def sort_lines(scope: Scope, node: ast.AST, owner: Expr, type_: Listed) -> Expr | None:
    """Return what sorts a list of values as mrjob does."""
    if has_list(type_.item):
        scope.refuse(node, "option", f"SORT_VALUES of {type_.item}", "lists can't be sorted: yield their items")
        return None
    return Apply(NONE, scope.at(node), "sort_lines", type_, (owner,))


def depends_on_order(type_: Type) -> bool:
    """Return whether the smallest or largest of values depends on their order: equal floats may differ, and NaN."""
    return any(leaf in (FLOAT, NUM) for leaf in leaves(type_))
