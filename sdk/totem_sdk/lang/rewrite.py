"""Before the forms are checked: what is made of loops and lists is written as loops and lists.

Comprehensions, generator arguments, ``enumerate``, ``zip``, ``reversed`` and the like become the statements that they
stand for, so flows, types, charges and bounds know one kind of loop. The names of the statements end in ``'`` and a
number, which no source can write. ``Statements`` is the expression in whose place they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from totem_sdk.lang.comprehension_forms import ComprehensionForms
from totem_sdk.lang.container_forms import ContainerForms
from totem_sdk.lang.counter_forms import evident_counters
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.idiom_forms import IdiomForms
from totem_sdk.lang.loop_forms import LoopForms
from totem_sdk.lang.marks import DELETED, DRAWN, IN_PLACE
from totem_sdk.lang.match_forms import PatternsAtHand
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.nodes import walk
from totem_sdk.lang.order_forms import OrderForms
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


class _Rewriting(ComprehensionForms, OrderForms, LoopForms, ContainerForms, IdiomForms):
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

    # Comprehensions and displays.

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
        if (idiom := self.of_idioms(node)) is not None:
            return idiom
        if (made := self.of_container(node) or self.of_matches(node) or self.of_calls(node)) is not None:
            return made
        if self.calls(node, "set") and len(node.args) <= 1 and not node.keywords:
            return self.made_set(node)
        if self.calls(node, "any", "all") and len(node.args) == 1 and not node.keywords:
            return self.tested(node)
        if self.calls(node, "sorted", "min", "max") and any(keyword.arg == "key" for keyword in node.keywords):
            return self.by_key(node)
        if len(node.args) == 1 and (self.calls(node, *_DRAWING, "len") or _is_join(node)):
            DRAWN.put(node.args[0], True)
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

    # Statements.

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        if (ordered := self.sorted_by_key(node)) is not None:
            return ordered
        if (put := self.put_in_front(node)) is not None:
            return put
        if isinstance(node.value, ast.Call) and self.updates_counter(node.value):
            made = self.visit(node.value)
            return made.body if isinstance(made, Statements) else node
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        node.target, node.iter = self.visit(node.target), self.iterable(node.iter)
        node.body, node.orelse = self.statements(node.body), self.statements(node.orelse)
        return self.unrolled(node)

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
        IN_PLACE.put(value, True)
        return [*kept, ast.copy_location(ast.Assign([written], value), node)]

    def visit_Delete(self, node: ast.Delete) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        match node.targets:
            case [ast.Subscript(value=value, slice=index)] if not isinstance(index, ast.Slice):
                call = ast.Call(ast.Attribute(value, "pop", ast.Load()), [index], [])
                DELETED.put(call, True)
                return self.at(ast.Expr(call), node)
        return node


def _is_join(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "join"


def _again(node: ast.expr) -> ast.expr:
    """Return a copy of a name or constant: nodes are told apart by what they are, not by what they say."""
    made = ast.Name(node.id, ast.Load()) if isinstance(node, ast.Name) else ast.Constant(getattr(node, "value", None))
    return ast.copy_location(made, node)
