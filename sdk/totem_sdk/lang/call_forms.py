"""Calls that stand for loops and lists: ``map``, ``filter``, ``min`` and ``max`` with a default, ``sort`` by a key.

Also lists that are written out with lists in them, ``[*items, 1]``.
"""

from __future__ import annotations

import ast
import copy

from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.rewriting import Rewriting

__all__ = ["CallForms"]

_ITERATORS = ("filter", "map")
_CONSUMING = ("all", "any", "list", "max", "min", "set", "sorted", "sum")
_CONVERTING = ("float", "int", "str")
"""Functions whose errors are of the kind that unpacking has, so nobody can tell how far ``map`` has come."""


class CallForms(Rewriting):
    """Rewrites such calls, for the rewriting of a method."""

    def iterator_of(self, node: ast.expr) -> tuple[str, ast.expr, ast.expr, ast.expr] | None:
        """Return an item's name, what ``map`` gives or ``filter`` asks for it, and what is gone over; or None."""
        if not isinstance(node, ast.Call) or not self.calls(node, *_ITERATORS):
            return None
        if len(node.args) != 2 or node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            return None
        item = self.fresh("item")
        loaded = self.load(item, node)
        function, items = node.args
        if self.calls(node, "filter") and isinstance(function, ast.Constant) and function.value is None:
            return item, loaded, loaded, items
        found = self.key_of(copy.deepcopy(function), item)
        return None if found is None else (item, loaded, found, items)

    def generator(self, node: ast.expr) -> ast.GeneratorExp | None:
        """Return ``map`` or ``filter`` as a generator; None if it is something else."""
        found = self.iterator_of(node)
        if found is None:
            return None
        item, loaded, value, items = found
        filters = self.calls(node, "filter")
        over = ast.comprehension(ast.Name(item, ast.Store()), items, [value] if filters else [], 0)
        return self.at(ast.GeneratorExp(copy.copy(loaded) if filters else value, [over]), node)

    def name_iterators(self, node: ast.Call) -> None:
        """Put generators in place of ``map`` and ``filter`` where a call takes all that they give."""
        joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        if len(node.args) == 1 and (joins or self.calls(node, *_CONSUMING)):
            node.args = [self.generator(node.args[0]) or node.args[0]]

    def unpacked_map(self, node: ast.Assign) -> None:
        """Put a list in place of ``map(int, parts)`` that is unpacked."""
        if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Tuple) or not self.calls(node.value, "map"):
            return
        if isinstance(node.value, ast.Call) and node.value.args and isinstance(node.value.args[0], ast.Name):
            found = self.generator(node.value) if node.value.args[0].id in _CONVERTING else None
            if found is not None:
                node.value = ast.copy_location(ast.ListComp(found.elt, found.generators), node.value)

    def over_iterator(self, node: ast.For) -> list[ast.stmt] | None:
        """Return a loop over ``map`` or ``filter`` as one over what they go over; None of another loop."""
        found = self.iterator_of(node.iter)
        if found is None:
            return None
        item, loaded, value, items = found
        place = node.iter
        if self.calls(place, "filter"):
            left_out = ast.If(ast.UnaryOp(ast.Not(), value), [ast.Continue()], [])
            taken: list[ast.stmt] = [left_out, ast.Assign([node.target], copy.copy(loaded))]
        else:
            taken = [ast.Assign([node.target], value)]
        node.body = [*(self.at(made, place) for made in taken), *node.body]
        node.target = self.at(ast.Name(item, ast.Store()), place)
        node.iter = items
        return self.unrolled(node)

    def of_calls(self, node: ast.Call) -> ast.expr | None:
        """Return what ``min`` or ``max`` with a default stands for; None of another call."""
        defaults = [keyword.value for keyword in node.keywords if keyword.arg == "default"]
        if not self.calls(node, "min", "max") or len(node.args) != 1 or len(defaults) != 1 or "list" in self.hidden:
            return None
        node.keywords = [keyword for keyword in node.keywords if keyword.arg != "default"]
        (items,) = node.args
        if isinstance(items, ast.Name) and items.id == self.values and isinstance(defaults[0], ast.Constant):
            return node if not node.keywords else None  # a group always has a value
        whole, default, result = (self.fresh(name) for name in ("items", "default", "result"))
        drawn = ast.Call(ast.Name("list", ast.Load()), [items], [])
        node.args = [ast.Name(whole, ast.Load())]
        chosen = ast.If(
            ast.Name(whole, ast.Load()),
            [ast.Assign([ast.Name(result, ast.Store())], node)],
            [ast.Assign([ast.Name(result, ast.Store())], ast.Name(default, ast.Load()))],
        )
        made = Statements()
        made.body = [
            self.visit(self.assign(whole, drawn, node)),
            self.visit(self.assign(default, defaults[0], node)),
            self.visit(self.at(chosen, node)),
        ]
        made.result = ast.Name(result, ast.Load())
        return self.at(made, node)

    def sorted_by_key(self, node: ast.Expr) -> list[ast.stmt] | None:
        """Return ``items.sort(key=f)``: the list gets its items in another order; None of another statement."""
        match node.value:
            case ast.Call(func=ast.Attribute(value=owner, attr="sort"), args=[], keywords=keywords):
                pass
            case _:
                return None
        if not any(keyword.arg == "key" for keyword in keywords) or "sorted" in self.hidden:
            return None
        if not isinstance(owner, ast.Name) and not (
            isinstance(owner, ast.Attribute) and isinstance(owner.value, ast.Name) and owner.value.id == "self"
        ):
            return None
        kept = self.fresh("sorted")

        def changed(method: str, *args: ast.expr) -> ast.stmt:
            return ast.Expr(ast.Call(ast.Attribute(copy.deepcopy(owner), method, ast.Load()), [*args], []))

        ordered = ast.Call(ast.Name("sorted", ast.Load()), [copy.deepcopy(owner)], keywords)
        made = [self.assign(kept, ordered, node), changed("clear"), changed("extend", ast.Name(kept, ast.Load()))]
        return [self.visit(self.at(statement, node)) for statement in made]

    def put_in_front(self, node: ast.Expr) -> list[ast.stmt] | None:
        """Return ``d.extendleft(items)``, which only deques have, as a loop; None of another statement."""
        match node.value:
            case ast.Call(func=ast.Attribute(value=owner, attr="extendleft"), args=[items], keywords=[]):
                kept, item = self.fresh("deque"), self.fresh("item")
            case _:
                return None
        put = ast.Call(ast.Attribute(ast.Name(kept, ast.Load()), "appendleft", ast.Load()), [self.load(item, node)], [])
        loop = ast.For(ast.Name(item, ast.Store()), items, [ast.Expr(put)], [])
        made = [self.assign(kept, owner, node), self.at(loop, node)]
        found = [self.visit(statement) for statement in made]
        return [part for each in found for part in (each if isinstance(each, list) else [each])]

    def starred_list(self, node: ast.List) -> ast.expr | None:
        """Return ``[*a, b]`` as ``list(a) + [b]``; None of a list without a star."""
        if not any(isinstance(element, ast.Starred) for element in node.elts) or "list" in self.hidden:
            return None
        parts: list[ast.expr] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                parts.append(ast.Call(ast.Name("list", ast.Load()), [element.value], []))
            elif parts and isinstance(parts[-1], ast.List):
                parts[-1].elts.append(element)
            else:
                parts.append(ast.List([element], ast.Load()))
        made = parts[0]
        for part in parts[1:]:
            made = ast.BinOp(made, ast.Add(), part)
        return self.at(made, node)
