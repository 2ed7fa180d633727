"""Rows that are read as JSON objects: ``INPUT_PROTOCOL = JSONValueProtocol``, or ``data = json.loads(line)``.

mrjob gives such a mapper a dict; here it is a row whose columns are the keys. ``data["city"]`` becomes the column
``data.city``, with KeyError where it may be missing; ``data.get("city")`` is None there, ``data.get("city", "?")`` the
default, and ``"city" in data`` asks for it. Types, charges and bounds know rows alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from totem_sdk.lang.findings import Findings
from totem_sdk.lang.job import Job
from totem_sdk.lang.new_nodes import NewNodes, Statements
from totem_sdk.names import identifier
from totem_sdk.schema import Schema
from totem_sdk.types import DATE, DATETIME, Option, Type

__all__ = ["rows_of_objects", "takes_objects"]


_JSON_ERRORS = ("JSONDecodeError", "json.JSONDecodeError", "json.decoder.JSONDecodeError")


def takes_objects(methods: Mapping[str, ast.FunctionDef], mapper: str) -> bool:
    """Make ``data = json.loads(line)`` of the first mapper the object that it gets; False if it has nothing like it.

    The line must be used for nothing else, and ``data`` be set nowhere else; then the shape of the object is that of
    the dataset, and the mapper reads it as one does with JSONValueProtocol.
    """
    method = methods.get(mapper)
    if method is None or len(method.args.args) != 3:
        return False
    line = method.args.args[2].arg
    names = [part for part in ast.walk(method) if isinstance(part, ast.Name)]
    found = [(block, place, name) for block in _blocks(method) for place, name in _loads(block, line)]
    if len(found) != 1 or sum(part.id == line for part in names) != 1:
        return False
    ((block, place, name),) = found
    if sum(part.id == name and isinstance(part.ctx, ast.Store) for part in names) != 1:
        return False
    block[place] = ast.copy_location(ast.Pass(), block[place])
    method.body = [part for statement in method.body for part in _without_json_errors(statement, block)]
    method.args.args[2].arg = name
    return True


def _blocks(method: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that each call of a method goes through: its own, and those of a first try."""
    yield method.body
    for statement in method.body:
        if isinstance(statement, ast.Try):
            yield statement.body


def _without_json_errors(statement: ast.stmt, block: list[ast.stmt]) -> list[ast.stmt]:
    """Return a try around a block without what it does where a line is no JSON: every row is."""
    if not isinstance(statement, ast.Try) or statement.body is not block:
        return [statement]
    handlers = []
    for handler in statement.handlers:
        named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        kept = [part for part in named if part is None or ast.unparse(part) not in _JSON_ERRORS]
        if kept and isinstance(handler.type, ast.Tuple):
            handler.type.elts = [part for part in kept if part is not None]
        handlers += [handler] if kept else []
    statement.handlers = handlers
    return [statement] if handlers or statement.finalbody else [*statement.body, *statement.orelse]


def _loads(block: list[ast.stmt], line: str) -> Iterator[tuple[int, str]]:
    for place, statement in enumerate(block):
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="json.loads"), args=[ast.Name(id=given)], keywords=[]),
            ) if given == line:
                yield place, name


def rows_of_objects(job: Job, schema: Schema, findings: Findings) -> None:
    """Put columns in place of the keys of objects, in the first mapper and in the helpers that it gives the object."""
    first = job.steps[0].functions.get("mapper") if job.steps else None
    if first is None or first not in job.methods or len(job.methods[first].args.args) != 3:
        return
    types = {column.name: column.type for column in schema.columns}
    reached = [(first, job.methods[first].args.args[2].arg)]
    for name, row in reached:
        method = job.methods[name]
        for node in _other_variables(method, row):
            message = f"{row} is the object here, and another variable as well"
            findings.add(job.source.at(node), "row-use", message, "give the variable another name")
        objects = _Objects(job, row, types, findings)
        method.body = [objects.visit(statement) for statement in method.body]
        reached += [found for found in _given(job, method, row) if found not in reached]


def _other_variables(method: ast.FunctionDef, row: str) -> Iterator[ast.AST]:
    """Yield what gives the object's name to something else: an assignment, a loop, a comprehension, a lambda."""
    for node in (part for statement in method.body for part in ast.walk(statement)):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name) if name == row:
                yield node


def _given(job: Job, method: ast.FunctionDef, row: str) -> Iterator[tuple[str, str]]:
    """Yield the helpers that get the object by their place in a call, each with its parameter for it."""
    for node in ast.walk(method):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=args) if name in job.methods:
                parameters = job.methods[name].args.args[1:]
                for parameter, argument in zip(parameters, args, strict=False):
                    if isinstance(argument, ast.Name) and argument.id == row:
                        yield name, parameter.arg


class _Objects(NewNodes):
    def __init__(self, job: Job, row: str, types: Mapping[str, Type], findings: Findings) -> None:
        super().__init__(job.source, frozenset(), None, findings)
        self.row = row
        self.types = types

    def fresh(self, name: str) -> str:
        """Return a name that no source can write, and no other rewriting."""
        return f"{super().fresh(name)}'{self.row}"

    def column(self, key: ast.expr, place: ast.AST) -> ast.Attribute | None:
        """Return the column of a key; None if it is no constant text."""
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            self.refuse(key, "index", "a key of an input object that is no constant text", 'write data["name"]')
            return None
        name = identifier(key.value, 0)
        type_ = self.types.get(name)
        if (type_.item if isinstance(type_, Option) else type_) in (DATE, DATETIME):
            hint = "derive from TotemJob to read it as a date, or ask the provider for a column of texts"
            self.refuse(key, "type", f"the column {name} has dates, which JSON doesn't have", hint)
        column = self.at(ast.Attribute(ast.Name(self.row, ast.Load()), name, ast.Load()), place)
        column.end_col_offset = (key.end_col_offset or 1) - 1  # where the key ends is where errors point
        return column

    def is_row(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.row

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if not self.is_row(node.value) or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        column = self.column(node.slice, node)
        if column is None:
            return node
        if not isinstance(self.types.get(column.attr), Option):
            return column
        value = self.fresh("value")
        missing = ast.Raise(ast.Call(ast.Name("KeyError", ast.Load()), [node.slice], []), None)
        made = Statements()
        made.body = [self.assign(value, column, node), self.at(ast.If(_is_none(value), [missing], []), node)]
        made.result = self.load(value, node)
        return self.at(made, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *default], keywords=[]) if (
                self.is_row(owner) and len(default) < 2
            ):
                column = self.column(key, node)
            case _:
                return self.generic_visit(node)
        if column is None or not default:
            return node if column is None else column
        value = self.fresh("value")
        instead = self.fresh("default")
        made = Statements()
        made.body = [
            self.assign(instead, self.visit(default[0]), node),
            self.assign(value, column, node),
            self.at(ast.If(_is_none(value), [self.assign(value, ast.Name(instead, ast.Load()), node)], []), node),
        ]
        made.result = self.load(value, node)
        return self.at(made, node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        match node:
            case ast.Compare(left=key, ops=[ast.In() | ast.NotIn() as op], comparators=[owner]) if self.is_row(owner):
                column = self.column(key, node)
                if column is None:
                    return node
                test: ast.cmpop = ast.IsNot() if isinstance(op, ast.In) else ast.Is()
                return self.at(ast.Compare(column, [test], [ast.Constant(None)]), node)
        return self.generic_visit(node)


def _is_none(name: str) -> ast.expr:
    return ast.Compare(ast.Name(name, ast.Load()), [ast.Is()], [ast.Constant(None)])
