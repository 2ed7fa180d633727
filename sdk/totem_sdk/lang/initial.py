"""Fields that a task begins with: what ``__init__`` sets, and the containers of module and class (``tables``).

Every role begins with those that it has use for.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from totem_sdk.lang.calls import Reach, reach_of, self_attributes
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.holes import bound_names
from totem_sdk.lang.job import Job
from totem_sdk.lang.steps import ROLES, StepSource
from totem_sdk.lang.tables import read_tables

__all__ = ["with_init"]


@dataclass(frozen=True)
class _Part:
    """Statements that set fields, all or none of which a role begins with; ``loads`` are fields that they read."""

    sets: frozenset[str]
    loads: frozenset[str]
    body: tuple[ast.stmt, ...]


def with_init(job: Job) -> Job:
    """Return the job with what sets these fields at the top of the ``_init`` of each role that has use for them."""
    parts = tuple(_parts(job))
    if not parts:
        return job
    reach = reach_of(job.source, job.methods, Findings())
    methods = dict(job.methods)
    steps: list[StepSource] = []
    for step in job.steps:
        functions = dict(step.functions)
        for role in ROLES:
            needed = _needed(parts, _loads(step.functions, role, reach))
            if not needed:
                continue
            own = step.functions.get(f"{role}_init")
            key = " ".join(("__init__", own or "", *(str(parts.index(part)) for part in needed)))
            functions = {f"{role}_init": key, **functions} if own is None else {**functions, f"{role}_init": key}
            if key not in methods:
                methods[key] = _made(needed, None if own is None else job.methods[own])
        steps.append(StepSource(step.node, functions))
    return replace(job, methods=methods, steps=tuple(steps))


def _parts(job: Job) -> Iterable[_Part]:
    """Yield the containers in the order of the source, then ``__init__``, which comes after them."""
    bodies: list[list[ast.stmt]] = [[table] for table in job.tables.values()]
    bodies += [] if job.init is None else [job.init.body]
    for body in bodies:
        function = _function(body)
        read_tables(function, job.name, job.tables)
        sets = {name.removeprefix("self.") for name in bound_names(function) if name.startswith("self.")}
        loads = {part.attr for part in self_attributes(function) if isinstance(part.ctx, ast.Load)}
        yield _Part(frozenset(sets), frozenset(loads), tuple(function.body))


def _loads(functions: Mapping[str, str], role: str, reach: Mapping[str, Reach]) -> frozenset[str]:
    names = [functions[part] for part in (f"{role}_init", role, f"{role}_final") if part in functions]
    return frozenset(field for name in names if name in reach for field in reach[name].loads)


def _needed(parts: tuple[_Part, ...], loads: frozenset[str]) -> list[_Part]:
    needed: list[_Part] = []
    for part in reversed(parts):
        if part.sets & loads:
            needed.insert(0, part)
            loads |= part.loads
    return needed


def _made(parts: Iterable[_Part], own: ast.FunctionDef | None) -> ast.FunctionDef:
    body = [copy.deepcopy(statement) for part in parts for statement in part.body]
    if own is None:
        return _function(body)
    method = copy.deepcopy(own)
    method.body = [*body, *method.body]
    return method


def _function(body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg("self")], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.fix_missing_locations(ast.copy_location(ast.FunctionDef("__init__", arguments, body, []), body[0]))
