"""Changes programs at random: what the checker accepts of the results has to mean what it means in Python.

The changes aim at what a checker can get wrong: values that may be None, joined types, tuples of other shapes, paths
that end early, fields of self. Most mutants are refused; the others are compared (``test_conformance_mutants.py``).
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable
from typing import Any

from totem_sdk.schema import Schema

LITERALS = (
    "None",
    "0",
    "1",
    "-2",
    "3",
    "0.5",
    "-0.0",
    "2.0",
    "True",
    "False",
    "''",
    "'a'",
    "'7'",
    "(1, 'a')",
    "(None, 2)",
)
WRAPPED = (
    "({0} if {1} else None)", "({0}, {1})", "({1}, {0})", "({0}, None)", "{0}[0]", "{0}[1]", "{0}[-1]", "not {0}",
    "{0} is None", "{0} is not None", "({0} if {0} is not None else {1})", "({0} and {1})", "({0} or {1})",
    "{0} < {1}", "({0} + {1})", "({0} // {1})", "int({0})", "float({0})", "str({0})", "bool({0})", "min({0}, {1})",
    "max({0}, {1})", "round({0})", "abs({0})", "-{0}", "len({0})", "({1} if {0} else {0})", "({0} / {1})",
    "{0}.split()", "({0} != {1} and {0} is not None)", "({0} < {1} < {0})", "{0} ** 2", "({0} * 2)",
    "{0} == {1}", "{0}.upper()",
)  # fmt: skip
BEFORE = (
    "if {0} is None:\n    {end}", "if {0} is not None:\n    {end}", "if {0}:\n    {end}", "if not {0}:\n    {end}",
    "{n} = {0}", "{n} = None", "{n} = {m}", "{n}, {m} = {m}, {n}", "{n}, {m} = {0}", "{n} = ({n}, {m})", "{n} += {m}",
    "self.{n} = {0}", "self.{n} = self.{m}", "{n} = self.{m}", "yield {0}, {1}", "yield {0}", "{end}", "{n}: int = {0}",
    "{n}: float | None = {0}", "{n} = {m} = {0}", "{n} = {0} if {n} is None else {n}", "if {n} is None:\n    {n} = {0}",
    "for {n} in range(3):\n    {end}", "for {n} in {0}:\n    {end}", "return {0}",
)  # fmt: skip
AROUND = (
    "if {0}:\n    pass", "if {0} is None:\n    pass", "if {0} is not None:\n    pass",
    "for {n} in range(3):\n    pass", "for {n} in range({0}):\n    pass", "while {0}:\n    pass\n    break",
    "while {0} is None:\n    pass\n    {n} = {1}", "while True:\n    pass\n    if {0}:\n        break",
    "for {n} in {0}:\n    pass", "for i9 in range(2):\n    pass\n    {n} = {0}",
    "while {0} is not None:\n    pass\n    {n} = None", "if {0}:\n    pass\nelse:\n    {n} = {1}",
)  # fmt: skip
ENDS = ("return", "break", "continue", "pass")
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
TYPES = ("int", "float", "str", "bool", "int?", "float?", "str?")

_Body = list[ast.stmt]


class Mutator:
    """Makes mutants of one program."""

    def __init__(self, source: str, chance: random.Random) -> None:
        self.tree = ast.parse(source)
        self.chance = chance

    def mutant(self) -> str:
        """Return the program with one to four changes."""
        tree = copy.deepcopy(self.tree)
        job = next(node for node in tree.body if isinstance(node, ast.ClassDef))
        for _ in range(self.chance.choice((1, 1, 2, 2, 3, 4))):
            methods = [node for node in job.body if isinstance(node, ast.FunctionDef) and node.name != "steps"]
            change = self.chance.choice(_CHANGES)
            change(self, job, self.chance.choice(methods))
        try:
            text = ast.unparse(ast.fix_missing_locations(tree))
            ast.parse(text)
        except (SyntaxError, ValueError):
            return self.mutant()  # not everything can be written in the braces of an f-string, or deleted
        return text

    # What there is to choose from.

    def expressions(self, method: ast.FunctionDef) -> list[ast.expr]:
        whole = [node for node in ast.walk(method) if isinstance(node, ast.JoinedStr)]
        parts = {id(part) for node in whole for part in node.values}
        parts |= {
            id(part.format_spec) for node in whole for part in node.values if isinstance(part, ast.FormattedValue)
        }
        return [
            node
            for statement in method.body
            for node in ast.walk(statement)
            if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store)
            if id(node) not in parts  # an f-string is made of nothing else than its parts
            if not isinstance(node, ast.Yield) and not (isinstance(node, ast.Name) and node.id in ("self", "range"))
        ]

    def some(self, method: ast.FunctionDef) -> str:
        """Return the text of an expression that stands in the method, or of a literal."""
        found = self.expressions(method)
        if not found or self.chance.random() < 0.2:
            return self.chance.choice(LITERALS)
        return ast.unparse(self.chance.choice(found))

    def name(self, method: ast.FunctionDef) -> str:
        names = {node.id for node in ast.walk(method) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)}
        names |= {argument.arg for argument in method.args.args}
        return self.chance.choice([*sorted(names - {"self", "range"}), "v0"])

    def bodies(self, method: ast.FunctionDef) -> list[_Body]:
        return [
            body
            for node in ast.walk(method)
            for body in (getattr(node, "body", None), getattr(node, "orelse", None))
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt)
        ]

    def place(self, method: ast.FunctionDef) -> tuple[_Body, int]:
        body = self.chance.choice(self.bodies(method))
        return body, self.chance.randrange(len(body))

    def written(self, form: str, method: ast.FunctionDef) -> _Body:
        text = form.format(
            self.some(method), self.some(method), n=self.name(method), m=self.name(method), end=self.chance.choice(ENDS)
        )
        try:
            return ast.parse(text).body
        except SyntaxError:  # an expression that can't stand there
            return [ast.Pass()]

    # Changes of statements.

    def drop(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        body, position = self.place(method)
        body[position : position + 1] = [] if len(body) > 1 else [ast.Pass()]

    def double(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        body, position = self.place(method)
        other, at = self.place(method)
        other.insert(at + self.chance.randrange(2), copy.deepcopy(body[position]))

    def swap(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        body, position = self.place(method)
        at = self.chance.randrange(len(body))
        body[position], body[at] = body[at], body[position]

    def insert(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        body, position = self.place(method)
        at = position + self.chance.randrange(2)
        body[at:at] = self.written(self.chance.choice(BEFORE), method)

    def wrap(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        body, position = self.place(method)
        made = self.written(self.chance.choice(AROUND), method)
        inner = getattr(made[0], "body", None)
        if isinstance(inner, list):
            inner[0:1] = [body[position]]
            body[position : position + 1] = made

    def flatten(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        """Put a branch or the body of a loop in the place of the whole, or exchange branches."""
        body, position = self.place(method)
        node = body[position]
        if isinstance(node, ast.If) and node.orelse and self.chance.random() < 0.5:
            node.body, node.orelse = node.orelse, node.body
        elif isinstance(node, ast.If | ast.For | ast.While):
            body[position : position + 1] = node.body

    # Changes of expressions.

    def _replace(self, method: ast.FunctionDef, make: Callable[[ast.expr], ast.AST]) -> None:
        found = self.expressions(method)
        if found:
            chosen = self.chance.choice(found)
            method.body = [_Replacing(chosen, make(chosen)).visit(statement) for statement in method.body]

    def exchange(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        self._replace(method, lambda _old: _parsed(self.some(method)))

    def wrapped(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        form = self.chance.choice(WRAPPED)
        self._replace(method, lambda old: _parsed(form.format(ast.unparse(old), self.some(method))))

    def literal(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        self._replace(method, lambda _old: _parsed(self.chance.choice(LITERALS)))

    def operator(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        nodes = [
            node for node in ast.walk(method) if isinstance(node, ast.BinOp | ast.AugAssign | ast.Compare | ast.BoolOp)
        ]
        node = self.chance.choice(nodes) if nodes else None
        match node:
            case ast.BinOp() | ast.AugAssign():
                node.op = self.chance.choice(OPERATORS)()
            case ast.Compare():
                node.ops[0] = self.chance.choice(COMPARISONS)()
            case ast.BoolOp():
                node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()

    def rename(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        """Let one use of a name, or all, be another name."""
        nodes = [node for node in ast.walk(method) if isinstance(node, ast.Name) and node.id not in ("self", "range")]
        if nodes:
            chosen, new = self.chance.choice(nodes), self.name(method)
            everywhere = self.chance.random() < 0.3
            for node in nodes:
                if node is chosen or (everywhere and node.id == chosen.id):
                    node.id = new

    def shape(self, _job: ast.ClassDef, method: ast.FunctionDef) -> None:
        tuples = [node for node in ast.walk(method) if isinstance(node, ast.Tuple) and len(node.elts) > 1]
        if tuples:
            node = self.chance.choice(tuples)
            if self.chance.random() < 0.4:
                self.chance.shuffle(node.elts)
            elif self.chance.random() < 0.5 or isinstance(node.ctx, ast.Store):
                node.elts.pop()
            else:
                node.elts.insert(self.chance.randrange(2), _parsed(self.some(method)))

    # Changes of the class.

    def role(self, job: ast.ClassDef, method: ast.FunctionDef) -> None:
        """Let a method do what another one does, or add a function to a step."""
        others = [node for node in job.body if isinstance(node, ast.FunctionDef) and node.name != "steps"]
        other = self.chance.choice(others)
        if len(other.args.args) == len(method.args.args):
            method.body, method.args = copy.deepcopy(other.body), copy.deepcopy(other.args)
        elif all(node.name != "combiner" for node in others) and method.name == "reducer":
            made = copy.deepcopy(method)
            made.name = "combiner"
            job.body.append(made)


class _Replacing(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(f"({text})", mode="eval").body
    except SyntaxError:  # an expression that can't stand there
        return ast.Constant(None)


_CHANGES: tuple[Callable[[Mutator, ast.ClassDef, ast.FunctionDef], None], ...] = (
    Mutator.drop, Mutator.double, Mutator.swap, Mutator.insert, Mutator.insert, Mutator.insert, Mutator.insert,
    Mutator.wrap, Mutator.wrap, Mutator.wrap, Mutator.flatten, Mutator.exchange, Mutator.exchange, Mutator.wrapped,
    Mutator.wrapped, Mutator.literal, Mutator.operator, Mutator.rename, Mutator.rename, Mutator.shape, Mutator.role,
)  # fmt: skip


def other_schema(schema: Schema, chance: random.Random) -> Schema:
    """Return the schema, sometimes with another type for a column, or with None allowed in it."""
    columns = {column.name: str(column.type) for column in schema.columns}
    if chance.random() < 0.4:
        name = chance.choice(list(columns))
        type_ = columns[name]
        columns[name] = chance.choice((*TYPES, type_.rstrip("?"), type_.rstrip("?") + "?", type_.rstrip("?") + "?"))
    return Schema.of(columns)
