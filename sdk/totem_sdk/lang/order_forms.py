"""What sorts, or takes the least or greatest, by a key or backwards, for the rewriting of a method."""

from __future__ import annotations

import ast
import copy

from totem_sdk.lang.choice_forms import CHOICES
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.marks import DESCENDING
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.rewriting import Rewriting

__all__ = ["OrderForms"]


class OrderForms(Rewriting):
    """Rewrites ``sorted``, ``min`` and ``max`` with ``key=`` and ``reverse=``, and what they draw their items from."""

    def by_key(self, node: ast.Call) -> ast.expr:
        """Return ``sorted``, ``min`` or ``max`` by a key as that of pairs: the key, and the position of the item.

        The position keeps equal keys in their order; it counts backwards where the largest comes first.
        """
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        keys = [keyword for keyword in node.keywords if keyword.arg == "key"]
        node.keywords = [keyword for keyword in node.keywords if keyword.arg != "key"]
        self.descending(node)
        whole, order, number, item = (self.fresh(made) for made in ("list", "list", "number", "item"))
        key = self.key_of(keys[0].value, item)
        if key is None or len(node.args) != 1 or len(keys) > 1 or node.keywords:
            self.refuse(keys[0].value, "argument", f"{name}() by a key of another form", "write key=lambda x: x[1]")
            return ast.copy_location(Hole(), node)
        (argument,) = node.args
        if isinstance(argument, ast.GeneratorExp):
            argument = ast.copy_location(ast.ListComp(argument.elt, argument.generators), argument)
        backwards = name == "max" or DESCENDING.on(node)

        def turned(position: ast.expr) -> ast.expr:
            return ast.UnaryOp(ast.USub(), position) if backwards else position

        def appended(into: str, value: ast.expr) -> ast.stmt:
            return ast.Expr(ast.Call(ast.Attribute(ast.Name(into, ast.Load()), "append", ast.Load()), [value], []))

        pair = ast.Tuple([self.visit(key), turned(ast.Name(number, ast.Load()))], ast.Load())
        loop = ast.For(ast.Name(item, ast.Store()), self.iterable(argument), [], [])
        loop.body = [
            appended(whole, ast.Name(item, ast.Load())),
            appended(order, self.at(pair, key)),
            self.assign(number, ast.BinOp(ast.Name(number, ast.Load()), ast.Add(), ast.Constant(1)), node),
        ]
        node.args = [self.load(order, argument)]
        made = Statements()
        made.body = [
            self.assign(whole, ast.List([], ast.Load()), node),
            self.assign(order, ast.List([], ast.Load()), node),
            self.assign(number, ast.Constant(0), node),
            *self.looped(self.at(loop, argument)),
        ]
        position: ast.expr = ast.Subscript(node, ast.Constant(1), ast.Load())
        if name == "sorted":
            place = self.fresh("number")
            position = ast.Name(place, ast.Load())
        result: ast.expr = ast.Subscript(ast.Name(whole, ast.Load()), turned(position), ast.Load())
        if name == "sorted":
            target = ast.Tuple([ast.Name(self.fresh("key"), ast.Store()), ast.Name(place, ast.Store())], ast.Store())
            result = ast.ListComp(result, [ast.comprehension(target, node, [], 0)])
        found = self.fresh("item")
        made.body.append(self.assign(found, self.visit(self.at(result, node)), node))
        made.result = self.load(found, node)
        return self.at(made, node)

    def key_of(self, key: ast.expr, item: str) -> ast.expr | None:
        """Return what a key is for an item; None if it is of another form."""
        value = self.at(ast.Name(item, ast.Load()), key)
        match key:
            case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)], defaults=[]) as arguments, body=body):
                if arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
                    return None
                for part in ast.walk(body):
                    if isinstance(part, ast.Name) and part.id == name:
                        part.id = item
                return body
            case ast.Call(func=ast.Name(id="operator.itemgetter"), args=[_, *_] as places, keywords=[]):
                items: list[ast.expr] = [ast.Subscript(copy.copy(value), place, ast.Load()) for place in places]
                return self.at(items[0] if len(items) == 1 else ast.Tuple(items, ast.Load()), key)
            case ast.Attribute(value=ast.Name(id="str"), attr=method):
                return self.at(ast.Call(ast.Attribute(value, method, ast.Load()), [], []), key)
            case ast.Name(id=name) if name in self.functions:
                linked = ast.Attribute(ast.Name("self", ast.Load()), f"{name}()", ast.Load())
                return self.at(ast.Call(linked, [value], []), key)
            case ast.Name() | ast.Attribute(value=ast.Name(id="self")):
                return self.at(ast.Call(key, [value], []), key)
            case ast.Attribute(value=owner, attr="get"):
                return self.at(ast.Subscript(owner, value, ast.Load()), key)
        return None

    def drawn(self, argument: ast.expr, call: ast.Call) -> ast.expr | None:
        """Return the list of what a generator, a range or a reducer's values give as the argument of a call."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if isinstance(argument, ast.GeneratorExp):
            return ast.copy_location(ast.ListComp(argument.elt, argument.generators), argument)
        of_values = isinstance(argument, ast.Name) and argument.id == self.values and name in ("list", "sorted")
        if of_values or self.calls(argument, "range", "enumerate", "zip", "reversed", *CHOICES):
            item = self.fresh("item")
            target: ast.expr = ast.Name(item, ast.Store())
            element: ast.expr = ast.Name(item, ast.Load())
            if self.calls(argument, "enumerate", "zip") and isinstance(argument, ast.Call):
                names = [self.fresh("item") for _ in range(len(argument.args) if self.calls(argument, "zip") else 2)]
                target = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
                element = ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())
            return self.at(ast.ListComp(element, [ast.comprehension(target, argument, [], 0)]), argument)
        return None

    def tested(self, node: ast.Call) -> ast.AST:
        """Return ``any`` or ``all`` of a generator or list."""
        name = "any" if self.calls(node, "any") else "all"
        argument = node.args[0]
        if not isinstance(argument, ast.GeneratorExp):
            item = self.fresh("item")
            generator = ast.comprehension(ast.Name(item, ast.Store()), argument, [], 0)
            argument = self.at(ast.GeneratorExp(ast.Name(item, ast.Load()), [generator]), node)
        return self.comprehension(argument, name, ast.Constant(name == "all"))

    def descending(self, node: ast.Call) -> None:
        """Take ``reverse=True`` off a call and note it."""
        for keyword in list(node.keywords):
            if keyword.arg != "reverse":
                continue
            node.keywords.remove(keyword)
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool):
                DESCENDING.put(node, keyword.value.value)
            else:
                self.refuse(keyword, "argument", "reverse is not the constant True or False", "write an if around it")
