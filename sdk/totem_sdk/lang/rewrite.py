"""Before the forms are checked: what is made of loops and lists is written as loops and lists.

Comprehensions, generator arguments, ``enumerate``, ``zip``, ``reversed`` and the like become the statements that they
stand for, so flows, types, charges and bounds know one kind of loop. The names of the statements end in ``'`` and a
number, which no source can write. ``Statements`` is the expression in whose place they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from totem_sdk.lang.call_forms import CallForms
from totem_sdk.lang.container_forms import ContainerForms
from totem_sdk.lang.counter_forms import evident_counters
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.json_texts import DUMPS, written_out
from totem_sdk.lang.lists import changes_lists
from totem_sdk.lang.match_forms import MatchForms, PatternsAtHand
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.nodes import walk
from totem_sdk.lang.set_forms import combined, empty_set, evident_sets, gathered
from totem_sdk.lang.sorted_values import SortedValues
from totem_sdk.lang.source import Source
from totem_sdk.lang.targets import flat_targets, rename_values
from totem_sdk.lang.walrus import sure_walruses

__all__ = ["rewrite"]

_DRAWING = ("list", "max", "min", "sorted", "sum")
"""What takes a generator argument as the list of what it yields."""


def rewrite(
    source: Source,
    function: ast.FunctionDef,
    outside: tuple[Iterable[str], Iterable[str], frozenset[str]],
    values: str | None,
    findings: Findings,
    *,
    sorts: bool = False,
    at_hand: PatternsAtHand | None = None,
) -> None:
    """Rewrite the body of a method, in place.

    ``outside`` are the names of constants, and of functions of the module: both hide Python's functions; and the fields
    that hold a Counter. ``values`` is the parameter that holds a reducer's values; ``sorts``: they come sorted.
    ``at_hand`` are the patterns that the method sees.
    """
    names, functions, counters = outside
    if values is not None:
        rename_values(function, values)
    local = {part.id for part in walk(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    local.update(argument.arg for argument in function.args.args)
    hidden = frozenset((*names, *functions, *local))
    rewriting = _Rewriting(source, hidden, frozenset(functions) - local, values, findings)
    rewriting.at_hand = PatternsAtHand() if at_hand is None else at_hand.beside(local)
    rewriting.sets = evident_sets(function)
    rewriting.counters = evident_counters(function, counters)
    function.body = rewriting.statements(function.body)
    flat_targets(function)
    if sorts and values is not None:
        sorting = SortedValues(source, hidden, values, findings)
        sorting.numbers = rewriting.numbers
        sorting.visit(function)


class _Rewriting(ContainerForms, MatchForms, CallForms):
    def __init__(
        self,
        source: Source,
        hidden: frozenset[str],
        functions: frozenset[str],
        values: str | None,
        findings: Findings,
    ) -> None:
        super().__init__(source, hidden, values, findings)
        self.functions = functions
        self.renamed: list[Mapping[str, str]] = []

    def statements(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    # Names of comprehensions.

    def visit_Name(self, node: ast.Name) -> ast.AST:
        for mapping in reversed(self.renamed):
            if node.id in mapping:
                return ast.copy_location(ast.Name(mapping[node.id], node.ctx), node)
        return node

    # Assignments in expressions.

    def visit(self, node: ast.AST) -> Any:
        """Visit a node, a statement without the assignments that stand in its expressions."""
        if isinstance(node, ast.stmt):
            self.name_values(node)
        return super().visit(node)

    def name_values(self, statement: ast.stmt) -> None:
        """Put statements in place of each ``(name := value)`` that is surely evaluated."""
        fields = ("test",) if isinstance(statement, ast.If | ast.While | ast.Assert) else ()
        fields = ("value",) if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr) else fields
        for parent, name, position in sure_walruses(statement, fields):
            value = getattr(parent, name)
            node = value if position is None else value[position]
            made = Statements()
            made.body = [ast.copy_location(ast.Assign([node.target], node.value), node)]
            made.result = self.load(node.target.id, node)
            ast.copy_location(made, node)
            if position is None:
                setattr(parent, name, made)
            else:
                value[position] = made

    # Comprehensions.

    def loops(
        self, generators: Sequence[ast.comprehension], innermost: Sequence[ast.stmt], after: ast.stmt | None
    ) -> ast.stmt:
        """Return the loops of a comprehension around statements; each inner one is followed by ``after``."""
        body: list[ast.stmt] = [*innermost]
        for position in range(len(generators) - 1, -1, -1):
            generator = generators[position]
            for test in reversed(generator.ifs):
                body = [self.at(ast.If(test, body, []), test)]
            loop = self.at(ast.For(generator.target, generator.iter, body, []), generator.target)
            body = [loop, after] if after is not None and position else [loop]
        return body[0]

    def comprehension(
        self,
        node: ast.ListComp | ast.DictComp | ast.GeneratorExp | ast.SetComp,
        element: str,
        start: ast.expr,
        after: ast.stmt | None = None,
    ) -> Statements:
        """Return the statements of a comprehension; ``element`` tells what is done with each element."""
        made = {"add": "set", "append": "list", "count": "counter", "put": "dict"}
        result = self.fresh(made.get(element, element))
        bound = [part.id for g in node.generators for part in ast.walk(g.target) if isinstance(part, ast.Name)]
        for generator in node.generators:
            if generator.is_async:
                self.refuse(node, "async", "an async comprehension")
        first = self.visit(node.generators[0].iter)
        self.renamed.append({name: self.fresh(name) for name in bound})
        generators = [
            ast.comprehension(
                self.visit(g.target), first if i == 0 else self.visit(g.iter), [self.visit(t) for t in g.ifs], 0
            )
            for i, g in enumerate(node.generators)
        ]
        value = self.visit(node.value if isinstance(node, ast.DictComp) else node.elt)
        key = self.visit(node.key) if isinstance(node, ast.DictComp) else None
        self.renamed.pop()
        if isinstance(node, ast.DictComp):
            return self.by_keys(node, result, generators, (key or value, value), start)
        if element in ("add", "append"):
            method = ast.Attribute(ast.Name(result, ast.Load()), element, ast.Load())
            innermost: list[ast.stmt] = [self.at(ast.Expr(ast.Call(method, [value], [])), node.elt)]
        elif element == "count":
            item = self.fresh("item")
            innermost = [self.assign(item, value, node.elt), *self.one_more(result, item, ast.Constant(1), node.elt)]
        else:
            test = value if element == "any" else ast.UnaryOp(ast.Not(), value)
            found = ast.Constant(element == "any")
            left = [ast.Assign([ast.Name(result, ast.Store())], found), ast.Break()]
            innermost = [self.at(ast.If(test, left, []), node.elt)]
            asked: ast.expr = ast.Name(result, ast.Load())
            asked = asked if element == "any" else ast.UnaryOp(ast.Not(), asked)
            after = self.at(ast.If(asked, [ast.Break()], []), node)
        return self.made(node, result, start, self.loops(generators, innermost, after))

    def by_keys(
        self,
        node: ast.DictComp,
        result: str,
        generators: Sequence[ast.comprehension],
        entry: tuple[ast.expr, ast.expr],
        start: ast.expr,
    ) -> Statements:
        """Return the statements of a dict's comprehension: each key is evaluated before its value."""
        key = self.fresh("key")
        kept = self.assign(key, entry[0], entry[0])
        target = ast.Subscript(ast.Name(result, ast.Load()), ast.Name(key, ast.Load()), ast.Store())
        put = self.at(ast.Assign([target], entry[1]), node.value)
        return self.made(node, result, start, self.loops(generators, [kept, put], None))

    def made(self, node: ast.expr, result: str, start: ast.expr, loop: ast.stmt) -> Statements:
        """Return the statements of a comprehension, whose iterables are rewritten already."""
        found = Statements()
        found.body = [self.assign(result, start, node), *self.looped(loop)]
        found.result = self.load(result, node)
        return self.at(found, node)

    def looped(self, loop: ast.stmt) -> list[ast.stmt]:
        """Return a loop of a comprehension, and those in it, with what ``enumerate`` and the like stand for."""
        if isinstance(loop, ast.If):
            loop.body = [made for statement in loop.body for made in self.looped(statement)]
        if not isinstance(loop, ast.For):
            return [loop]
        loop.body = [made for statement in loop.body for made in self.looped(statement)]
        return self.unrolled(loop)

    def visit_List(self, node: ast.List) -> ast.AST:
        made = self.starred_list(node)
        return self.generic_visit(node) if made is None else self.visit(made)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.unpacked_map(node)
        return self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self.comprehension(node, "append", ast.List([], ast.Load()))

    # Sets.

    def visit_Set(self, node: ast.Set) -> ast.AST:
        return self.generic_visit(self.at(gathered(node.elts), node))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self.comprehension(node, "add", empty_set())

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        found = combined(node, self.sets)
        return self.generic_visit(node) if found is None else self.of_sets(node, *found)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self.comprehension(node, "put", ast.Dict([], []))

    # Calls.

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if (found := combined(node, self.sets)) is not None:
            return self.of_sets(node, *found)
        self.name_iterators(node)
        if (made := self.of_container(node) or self.of_matches(node) or self.of_calls(node)) is not None:
            return made
        if (
            self.calls(node, DUMPS)
            and len(node.args) == 1
            and not node.keywords
            and (written := written_out(node.args[0])) is not None
        ):
            return self.visit(self.at(written, node))  # type: ignore[no-any-return]
        if self.calls(node, "set") and len(node.args) <= 1 and not node.keywords:
            return self.made_set(node)
        if self.calls(node, "any", "all") and len(node.args) == 1 and not node.keywords:
            return self.tested(node)
        if self.calls(node, "sorted", "min", "max") and any(keyword.arg == "key" for keyword in node.keywords):
            return self.by_key(node)
        if len(node.args) == 1 and (self.calls(node, *_DRAWING, "len") or _is_join(node)):
            node.args[0].drawn = True  # type: ignore[attr-defined]
        if self.calls(node, *_DRAWING) and len(node.args) == 1:
            drawn = self.drawn(node.args[0], node)
            if drawn is not None:
                node.args = [drawn]
        match node:
            case ast.Call(func=ast.Attribute(attr="join"), args=[ast.GeneratorExp() as joined], keywords=[]):
                node.args = [ast.copy_location(ast.ListComp(joined.elt, joined.generators), joined)]
        if self.calls(node, "sorted") or (isinstance(node.func, ast.Attribute) and node.func.attr == "sort"):
            self.descending(node)
        return self.generic_visit(node)

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
        backwards = name == "max" or bool(getattr(node, "descending", False))

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
        if of_values or self.calls(argument, "range", "enumerate", "zip", "reversed"):
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
                node.descending = keyword.value.value  # type: ignore[attr-defined]
            else:
                self.refuse(keyword, "argument", "reverse is not the constant True or False", "write an if around it")

    # Statements.

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        if (ordered := self.sorted_by_key(node)) is not None:
            return ordered
        if isinstance(node.value, ast.Call) and self.updates_counter(node.value):
            made = self.visit(node.value)
            return made.body if isinstance(made, Statements) else node
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        node.target, node.iter = self.visit(node.target), self.iterable(node.iter)
        node.body, node.orelse = self.statements(node.body), self.statements(node.orelse)
        return self.unrolled(node)

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
            return self.numbered(node, call)
        if isinstance(call, ast.Call) and self.calls(call, "zip") and call.args and not call.keywords:
            return self.side_by_side(node, call)
        if isinstance(call, ast.Call) and self.calls(call, "reversed") and len(call.args) == 1:
            return self.backwards(node, call)
        return self.over_matches(node) or self.over_iterator(node) or [node]

    def numbered(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
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

    def indexed(self, lists: Sequence[str], index: str, place: ast.AST) -> list[ast.expr]:
        return [
            self.at(ast.Subscript(ast.Name(name, ast.Load()), ast.Name(index, ast.Load()), ast.Load()), place)
            for name in lists
        ]

    def length(self, name: str) -> ast.expr:
        return ast.Call(ast.Name("len", ast.Load()), [ast.Name(name, ast.Load())], [])

    def side_by_side(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
        lists = [self.fresh("list") for _ in call.args]
        index = self.fresh("number")
        kept = [self.items(name, value, value) for name, value in zip(lists, call.args, strict=True)]
        items = self.indexed(lists, index, call)
        if isinstance(node.target, ast.Tuple) and len(node.target.elts) == len(items):
            taken = [self.at(ast.Assign([t], i), call) for t, i in zip(node.target.elts, items, strict=True)]
        else:
            taken = [self.at(ast.Assign([node.target], ast.Tuple(items, ast.Load())), call)]
        if changes_lists(node.body):
            tests = [self.below(index, name) for name in lists]
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
            return [*kept, *self.asking(node, index, (ast.Constant(0), test, 1), taken, call)]
        node.body = [*taken, *node.body]
        node.target = self.at(ast.Name(index, ast.Store()), call)
        shortest = self.length(lists[0])
        for name in lists[1:]:
            shortest = ast.Call(ast.Name("min", ast.Load()), [shortest, self.length(name)], [])
        node.iter = self.at(ast.Call(ast.Name("range", ast.Load()), [shortest], []), call)
        return [*kept, node]

    def items(self, name: str, value: ast.expr, place: ast.AST) -> ast.stmt:
        """Return the assignment of what a loop takes one by one by indices."""
        made = self.assign(name, value, place)
        made.of_items = True  # type: ignore[attr-defined]
        return made

    def below(self, index: str, name: str) -> ast.expr:
        return ast.Compare(ast.Name(index, ast.Load()), [ast.Lt()], [self.length(name)])

    def asking(
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

    def backwards(self, node: ast.For, call: ast.Call) -> list[ast.stmt]:
        if self.calls(call.args[0], "range"):
            self.refuse(call, "loop-form", "reversed() of a range", "write range(last, first - 1, -1)")
            node.iter = ast.copy_location(Hole(), call)
            return [node]
        whole, index = self.fresh("list"), self.fresh("number")
        (item,) = self.indexed([whole], index, call)
        taken = self.at(ast.Assign([node.target], item), call)
        last = ast.BinOp(self.length(whole), ast.Sub(), ast.Constant(1))
        kept = self.items(whole, call.args[0], call)
        if changes_lists(node.body):
            above = ast.Compare(ast.Name(index, ast.Load()), [ast.GtE()], [ast.Constant(0)])
            test = ast.BoolOp(ast.And(), [above, self.below(index, whole)])
            return [kept, *self.asking(node, index, (last, test, -1), [taken], call)]
        node.body = [taken, *node.body]
        node.target = self.at(ast.Name(index, ast.Store()), call)
        bounds: list[ast.expr] = [
            last,
            ast.UnaryOp(ast.USub(), ast.Constant(1)),
            ast.UnaryOp(ast.USub(), ast.Constant(1)),
        ]
        node.iter = self.at(ast.Call(ast.Name("range", ast.Load()), bounds, []), call)
        return [kept, node]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Subscript) or isinstance(node.target.slice, ast.Slice):
            return node
        target = node.target
        kept: list[ast.stmt] = []
        parts: list[ast.expr] = []
        for part, name in ((target.value, "owner"), (target.slice, "index")):
            if isinstance(part, ast.Name | ast.Constant):
                parts.append(part)
                continue
            fresh = self.fresh(name)
            kept.append(self.assign(fresh, part, part))
            parts.append(self.load(fresh, part))
        read = ast.copy_location(ast.Subscript(parts[0], parts[1], ast.Load()), target)
        written = ast.copy_location(ast.Subscript(_again(parts[0]), _again(parts[1]), ast.Store()), target)
        value = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        value.in_place = True  # type: ignore[attr-defined]
        return [*kept, ast.copy_location(ast.Assign([written], value), node)]

    def visit_Delete(self, node: ast.Delete) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        match node.targets:
            case [ast.Subscript(value=value, slice=index)] if not isinstance(index, ast.Slice):
                call = ast.Call(ast.Attribute(value, "pop", ast.Load()), [index], [])
                call.deleted = True  # type: ignore[attr-defined]
                return self.at(ast.Expr(call), node)
        return node


def _is_join(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "join"


def _again(node: ast.expr) -> ast.expr:
    """Return a copy of a name or constant: nodes are told apart by what they are, not by what they say."""
    made = ast.Name(node.id, ast.Load()) if isinstance(node, ast.Name) else ast.Constant(getattr(node, "value", None))
    return ast.copy_location(made, node)
