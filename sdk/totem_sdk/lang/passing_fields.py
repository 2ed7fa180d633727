"""Fields of self that one method sets before it uses them, and that nothing else uses: they are variables of it.

``self.found = []`` at the top of a reducer keeps nothing from one call to the next, so no state of a task is needed
and nothing has to be set in an ``_init``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from totem_sdk.lang.calls import self_attributes
from totem_sdk.lang.job import Job

__all__ = ["name_passing_fields"]


def name_passing_fields(job: Job) -> None:
    """Make variables of such fields, in place."""
    used = Counter(
        name
        for function in (*job.methods.values(), *([] if job.init is None else [job.init]), *job.tables.values())
        for name in {part.attr for part in self_attributes(function)}
    )
    known = {*job.constants, *job.methods, *(param.name for param in job.params)}
    inits = {name for step in job.steps for part, name in step.functions.items() if part.endswith("_init")}
    for name, method in job.methods.items():
        if name in inits:
            continue
        fields = [field for field in _set_first(method) if used[field] == 1 and field not in known]
        if fields:
            _Names(fields).visit(method)


def _set_first(method: ast.FunctionDef) -> Iterator[str]:
    """Yield the fields whose first use in a method, on every way through it, is an assignment."""
    seen: set[str] = set()
    for statement in method.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = [part for target in statement.targets for part in getattr(target, "elts", [target])]
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        read = {part.attr for part in self_attributes(statement) if isinstance(part.ctx, ast.Load)}
        for target in targets:
            match target:
                case ast.Attribute(value=ast.Name(id="self"), attr=field) if field not in seen and field not in read:
                    yield field
        seen.update(part.attr for part in self_attributes(statement))


class _Names(ast.NodeTransformer):
    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = frozenset(fields)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=field, ctx=ctx) if field in self.fields:
                return ast.copy_location(ast.Name(f"{field}'field", ctx), node)
        return self.generic_visit(node)
