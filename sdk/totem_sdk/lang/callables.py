"""What can be called beside methods: functions of the module and static methods; and how arguments find parameters.

Both become methods that don't use ``self``: a function of the module is one under its name with ``()`` behind it,
which no method can have. So all that follows knows one kind of helper.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from totem_sdk.lang.findings import Findings
from totem_sdk.lang.forms import local_names
from totem_sdk.lang.job import Job
from totem_sdk.lang.nodes import walk

__all__ = ["Argument", "arguments_of", "link"]

Argument = ast.expr | None
"""What a call gives for a parameter; None: nothing, so it has its default."""


def link(job: Job, findings: Findings) -> None:
    """Make every call of a function of the module, or of a static method by its class, one of a method of self."""
    for key, method in job.methods.items():
        if key in job.bare:
            _check_bare(job, method, findings)
        local = local_names(method)
        for node in walk(method):
            match node:
                case ast.Call(func=ast.Name(id=name) as called) if name in job.functions and name not in local:
                    node.func = _of_self(called, f"{name}()", 2)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name) as called) if (
                    owner == job.name and owner not in local and name in job.bare
                ):
                    node.func = _of_self(called, name, 0)


def _of_self(called: ast.expr, name: str, longer: int) -> ast.Attribute:
    """Return ``self.name`` at the place of what is called; its name ends ``longer`` characters later than that does."""
    attribute = ast.copy_location(
        ast.Attribute(ast.copy_location(ast.Name("self", ast.Load()), called), name, ast.Load()), called
    )
    attribute.end_col_offset = (called.end_col_offset or 0) + longer
    return attribute


def _check_bare(job: Job, method: ast.FunctionDef, findings: Findings) -> None:
    for node in (part for statement in method.body for part in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id == "self":
            message = f"{method.name} has no self"
            findings.add(job.source.at(node), "self-use", message, "make it a method, or pass what it needs")


def arguments_of(
    method: ast.FunctionDef, call: ast.Call, defaults: Mapping[str, object]
) -> tuple[dict[str, Argument], str | None]:
    """Return what a call gives for each parameter but self, in their order, and what is wrong with it."""
    names = [argument.arg for argument in method.args.args[1:]]
    found: dict[str, Argument] = dict.fromkeys(names)
    if len(call.args) > len(names):
        return found, f"{method.name} takes {len(names)} arguments, {len(call.args)} are given"
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        name = keyword.arg or "**"
        if name not in found:
            return found, f"{method.name} has no parameter {name}"
        if name in given:
            return found, f"{method.name} gets two values for {name}"
        given[name] = keyword.value
    missing = [name for name in names if name not in given and name not in defaults]
    if missing:
        few = "" if len(names) != len(missing) or call.args or call.keywords else f": it takes {len(names)} arguments"
        return found, f"{method.name} gets no value for {', '.join(missing)}{few}"
    return {**found, **given}, None
