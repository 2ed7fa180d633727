"""Sets, Counters and defaultdicts of the source as the dicts that they are here, for the rewriting of a method."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from totem_sdk.lang.counter_forms import (
    COUNTER,
    DEFAULT_DICT,
    DEQUE,
    default_dict,
    empty_counter,
    is_counter,
)
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.marks import BOUNDED, COUNTED
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.rewriting import Rewriting
from totem_sdk.lang.set_forms import combining, empty_set

__all__ = ["ContainerForms"]

_ITERATORS = ("enumerate", "range", "reversed", "zip")


class ContainerForms(Rewriting):
    """Rewrites what makes and combines containers.

    ``sets`` and ``counters`` are the variables and fields that hold one by their form.
    """

    sets: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()

    # Sets.

    def made_set(self, node: ast.Call) -> ast.AST:
        """Return ``set()`` or ``set(items)``."""
        if not node.args:
            return self.at(empty_set(), node)
        (argument,) = node.args
        if isinstance(argument, ast.GeneratorExp):
            made = ast.copy_location(ast.SetComp(argument.elt, argument.generators), node)
        else:
            item = self.fresh("item")
            generator = ast.comprehension(ast.Name(item, ast.Store()), argument, [], 0)
            made = self.at(ast.SetComp(ast.Name(item, ast.Load()), [generator]), node)
        return self.comprehension(made, "add", empty_set())

    def of_sets(self, node: ast.expr, method: str, left: ast.expr, right: ast.expr) -> Statements:
        """Return the statements of what combines two sets."""
        names = (self.fresh("set"), self.fresh("set"), self.fresh("set"), self.fresh("item"))
        made = Statements()
        made.body = []
        for name, value in zip(names[:2], (left, right), strict=True):
            made.body.append(self.assign(name, self.asked(self.visit(value), method), value))
        made.body += [self.at(statement, node) for statement in combining(method, *names)]
        made.result = self.load(names[2], node)
        return self.at(made, node)

    def asked(self, value: ast.expr, method: str) -> ast.expr:
        """Return a value itself, which must have a method of this name."""
        called = self.at(ast.Attribute(value, f"{method}'", ast.Load()), value)
        called.end_col_offset = value.col_offset + len(called.attr)  # where a refusal of the method points to
        return self.at(ast.Call(called, [], []), value)

    # Counters and defaultdicts.

    def made_default_dict(self, node: ast.Call) -> ast.AST:
        """Return ``defaultdict(...)``."""
        made = default_dict(node)
        if made is None:
            hint = "write defaultdict(int), defaultdict(list), or defaultdict(lambda: 1.5) with a constant"
            self.refuse(node, "argument", "defaultdict() of something else", hint)
            return ast.copy_location(Hole(), node)
        return self.at(made, node)

    def made_deque(self, node: ast.Call) -> ast.AST:
        """Return ``deque(items, maxlen)`` with a list of the items where they are made here."""
        bounds = [keyword.value for keyword in node.keywords if keyword.arg == "maxlen"]
        if len(node.args) + len(node.keywords) > 2 or len(bounds) < len(node.keywords):
            self.refuse(node, "argument", "deque() in another form", "write deque(items, maxlen=10) or deque()")
            return ast.copy_location(Hole(), node)
        match node.args:
            case [ast.GeneratorExp() as items, *_]:
                node.args[0] = ast.copy_location(ast.ListComp(items.elt, items.generators), items)
            case [ast.Call() | ast.Name() as items, *_] if isinstance(items, ast.Call) or items.id == self.values:
                node.args[0] = self.at(ast.Call(ast.Name("list", ast.Load()), [items], []), items)
        if bounds:
            BOUNDED.put(node, not node.args)
            node.args, node.keywords = [*node.args, *bounds], []
        return self.generic_visit(node)

    def made_counter(self, node: ast.Call) -> ast.AST:
        """Return ``Counter()`` or ``Counter(items)``."""
        if len(node.args) > 1 or node.keywords:
            self.refuse(node, "argument", "Counter() takes one thing to count, or nothing", "write Counter(words)")
            return ast.copy_location(Hole(), node)
        return self.counted(node, empty_counter()) if node.args else self.at(empty_counter(), node)

    def counted(self, node: ast.Call, start: ast.expr) -> Statements:
        """Return the statements that count what the argument of a call gives, in the Counter that they start with."""
        (argument,) = node.args
        of_values = isinstance(argument, ast.Name) and argument.id == self.values
        if of_values or self.calls(argument, *_ITERATORS):
            drawn = self.drawn(argument, ast.Call(ast.Name("list", ast.Load()), [argument], []))
            argument = argument if drawn is None else drawn
        if isinstance(argument, ast.ListComp):
            argument = ast.copy_location(ast.GeneratorExp(argument.elt, argument.generators), argument)
        if isinstance(argument, ast.GeneratorExp):
            return self.comprehension(argument, "count", start)
        counter, over, item = self.fresh("counter"), self.fresh("counted"), self.fresh("item")
        number = ast.Subscript(ast.Name(over, ast.Load()), ast.Name(item, ast.Load()), ast.Load())
        COUNTED.put(number, True)
        loop = ast.For(ast.Name(item, ast.Store()), ast.Name(over, ast.Load()), [], [])
        loop.body = self.one_more(counter, item, number, node)
        made = Statements()
        made.body = [
            self.assign(counter, start, node),
            self.assign(over, self.visit(argument), argument),
            self.at(loop, argument),
        ]
        made.result = self.load(counter, node)
        return self.at(made, node)

    def one_more(self, counter: str, item: str, number: ast.expr, place: ast.AST) -> list[ast.stmt]:
        """Return what adds a number to that of an item in a Counter."""
        read = ast.Subscript(ast.Name(counter, ast.Load()), ast.Name(item, ast.Load()), ast.Load())
        written = ast.Subscript(ast.Name(counter, ast.Load()), ast.Name(item, ast.Load()), ast.Store())
        return [self.at(ast.Assign([written], ast.BinOp(read, ast.Add(), number)), place)]

    def updates_counter(self, node: ast.Call) -> bool:
        """Return whether a call is that of a Counter's ``update``, by its form."""
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="update"), args=[_], keywords=[]):
                return is_counter(owner, self.counters)
        return False

    def most_common(self, node: ast.Call, owner: ast.expr, wanted: Sequence[ast.expr]) -> Statements:
        """Return the statements of ``c.most_common()``: the keys and numbers, the largest numbers first."""
        counter, result, item = self.fresh("counter"), self.fresh("list"), self.fresh("item")
        entries: ast.expr = ast.Call(ast.Attribute(ast.Name(counter, ast.Load()), "items", ast.Load()), [], [])
        number = ast.Subscript(ast.Name(item, ast.Load()), ast.Constant(1), ast.Load())
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg(item)], kwonlyargs=[], kw_defaults=[], defaults=[])
        keywords = [ast.keyword("key", ast.Lambda(arguments, number)), ast.keyword("reverse", ast.Constant(True))]
        made = Statements()
        made.body = [self.assign(counter, self.asked(self.visit(owner), "most_common"), node)]
        ordered = self.by_key(self.at(ast.Call(ast.Name("sorted", ast.Load()), [entries], keywords), node))
        for part in wanted:
            if not (isinstance(part, ast.Constant) and part.value is None):
                upper = self.visit(part)
                if not isinstance(part, ast.Constant):
                    # Below 0 it gives nothing; a slice would count from the end.
                    upper = ast.Call(ast.Name("max", ast.Load()), [upper, ast.Constant(0)], [])
                ordered = self.at(ast.Subscript(ordered, ast.Slice(None, upper, None), ast.Load()), node)
        made.body.append(self.assign(result, ordered, node))
        made.result = self.load(result, node)
        return self.at(made, node)

    def of_container(self, node: ast.Call) -> ast.AST | None:
        """Return what a call that makes or asks a Counter or defaultdict stands for; None where it is another."""
        match node:
            case ast.Call(func=ast.Name(id=name)) if name == DEFAULT_DICT:
                return self.made_default_dict(node)
            case ast.Call(func=ast.Name(id=name)) if name == COUNTER:
                return self.made_counter(node)
            case ast.Call(func=ast.Name(id=name)) if name == DEQUE:
                return self.made_deque(node)
            case ast.Call(func=ast.Attribute(value=owner, attr="most_common"), args=args, keywords=[]) if len(
                args
            ) <= 1 and not (isinstance(owner, ast.Name) and owner.id == "self"):
                return self.most_common(node, owner, args)
            case ast.Call(func=ast.Attribute(value=owner)) if self.updates_counter(node):
                return self.counted(node, self.asked(self.visit(owner), "most_common"))
        return None
