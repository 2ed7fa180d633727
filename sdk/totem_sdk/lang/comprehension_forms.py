"""Comprehensions and generator arguments as the loops that they stand for, for the rewriting of a method."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.rewriting import Rewriting

__all__ = ["ComprehensionForms"]


class ComprehensionForms(Rewriting):
    """Rewrites comprehensions; ``renamed`` are the names of those that it is in."""

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
