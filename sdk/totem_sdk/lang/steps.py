"""The steps of a job: from ``steps()`` and its MRSteps, or from the conventional names of the methods."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from totem_sdk.lang.findings import Findings
from totem_sdk.lang.reserved import MRJOB_OPTIONS, STEP_FUNCTIONS, meant
from totem_sdk.lang.source import Source
from totem_sdk.lang.surface import Note

__all__ = ["MAX_STEPS", "ROLES", "StepSource", "read_steps"]

MAX_STEPS = 16
"""Most steps of a job."""

ROLES: tuple[str, ...] = ("mapper", "combiner", "reducer")


@dataclass(frozen=True)
class StepSource:
    """One step: the name of the method for each of its functions that the source has."""

    node: ast.AST
    functions: Mapping[str, str]


def read_steps(
    source: Source,
    job: ast.ClassDef,
    methods: Mapping[str, ast.FunctionDef],
    findings: Findings,
    *,
    imported: bool,
    lines: bool,
    notes: list[Note],
) -> tuple[StepSource, ...]:
    """Return the steps in order; what is wrong with them is added to ``findings``.

    ``imported``: the file imports MRStep; ``lines``: the first step gets raw lines. ``notes`` gets what is ignored.
    """
    if "steps" in methods:
        steps = tuple(_from_method(source, methods["steps"], imported, findings, notes))
    else:
        steps = (StepSource(job, {name: name for name in STEP_FUNCTIONS if name in methods}),)
    for number, step in enumerate(steps):
        at = source.at(step.node)
        if not any(role in step.functions for role in ROLES):
            findings.add(at, "steps", "a step has no mapper and no reducer", _misnamed(methods, ROLES))
        if number == 0 and not lines and "mapper" not in step.functions and step.functions:
            hint = _misnamed(methods, ("mapper",)) or "take columns out of the row and yield them"
            findings.add(at, "steps", "the first step needs a mapper", hint)
        for role in ("combiner", "reducer"):
            if role not in step.functions and any(f"{role}_{part}" in step.functions for part in ("init", "final")):
                findings.add(at, "steps", f"a step has {role}_init or {role}_final, but no {role}")
        if "combiner" in step.functions and "reducer" not in step.functions:
            findings.add(at, "steps", "a step has a combiner, but no reducer")
        for function, name in step.functions.items():
            if name not in methods or name == "steps":
                findings.add(at, "steps", f"there is no method {name}")
            else:
                row = ("line" if lines else "row") if number == 0 else None
                _check_method(source, methods[name], function, row, findings)
    if len(steps) > MAX_STEPS:
        findings.add(source.at(steps[MAX_STEPS].node), "too-large", f"the job has more than {MAX_STEPS} steps")
    return steps


def first_mapper(source: Source, methods: Mapping[str, ast.FunctionDef]) -> str:
    """Return the name of the method that gets the rows; what is wrong with steps is found by ``read_steps``."""
    if "steps" not in methods:
        return "mapper"
    steps = _from_method(source, methods["steps"], True, Findings(), [])
    return next((step.functions.get("mapper", "") for step in steps), "")


def _misnamed(methods: Iterable[str], wanted: Iterable[str]) -> str | None:
    """Return a hint at methods that are probably meant to be functions of a step, if there are any."""
    wanted = tuple(wanted)
    near = {name: meant(name, wanted) for name in methods if name not in STEP_FUNCTIONS}
    found = [f"{role} instead of {name}" for name, role in near.items() if role is not None]
    return f"did you mean {', '.join(found)}?" if found else None


def _form(function: str, *, row: str | None) -> str:
    """Return the parameters that a function of a step takes; ``row`` is what the first mapper gets."""
    if function not in ROLES:
        return "(self)"
    if function == "mapper" and row is not None:
        return f"(self, _, {row})"
    return "(self, key, value)" if function == "mapper" else "(self, key, values)"


def _check_method(source: Source, method: ast.FunctionDef, function: str, row: str | None, findings: Findings) -> None:
    form = _form(function, row=row)
    parameters = [argument.arg for argument in method.args.args]
    wrong = parameters[:1] != ["self"] or len(parameters) != form.count(",") + 1
    if wrong and not (method.args.posonlyargs or method.args.kwonlyargs):  # which are refused for themselves
        used = "" if method.name == function else f" is used as {function}, which"
        message = f"{method.name}{used} takes {form}"
        findings.add(source.at(method), "signature", message, f"write def {method.name}{form}")


def _from_method(
    source: Source, method: ast.FunctionDef, imported: bool, findings: Findings, notes: list[Note]
) -> Iterator[StepSource]:
    statements = [s for s in method.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match statements:
        case [ast.Return(value=ast.expr() as value)] if calls := _listed(value):
            for call in calls:
                yield from _from_call(source, call, imported, findings, notes)
        case _:
            hint = "return [MRStep(...), ...]; a list may be added to another, or repeated: [MRStep(...)] * 3"
            findings.add(source.at(method), "steps", "steps() does more than return a list of MRSteps", hint)


def _listed(value: ast.expr) -> list[ast.expr]:
    """Return the items of a list that is written out, with ``+`` and ``*``; nothing where it isn't."""
    match value:
        case ast.List(elts=elements):
            return elements
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = _listed(left), _listed(right)
            return [*before, *after] if before and after else []
        case (
            ast.BinOp(left=listed, op=ast.Mult(), right=ast.Constant(value=int() as times))
            | ast.BinOp(left=ast.Constant(value=int() as times), op=ast.Mult(), right=listed)
        ):
            return _listed(listed) * min(times, MAX_STEPS + 1)
    return []


def _from_call(
    source: Source, call: ast.expr, imported: bool, findings: Findings, notes: list[Note]
) -> Iterator[StepSource]:
    match call:
        case ast.Call(func=ast.Name(id="MRStep")):
            old = False
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="mr")):
            old = True  # what mrjob called it before 0.7
        case _:
            hint = "write MRStep(mapper=self.a, reducer=self.b)"
            findings.add(source.at(call), "steps", "this is no MRStep(...)", hint)
            return
    if not imported and not old:
        hint = "write from mrjob.step import MRStep above"
        findings.add(source.at(call), "unknown-name", "MRStep is not imported", hint)
    functions: dict[str, str] = {}
    for argument in call.args:
        findings.add(source.at(argument), "steps", "MRStep takes its functions by name")
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg=str() as name, value=ast.Attribute(value=ast.Name(id="self"), attr=method)) if (
                name in STEP_FUNCTIONS
            ):
                if name in functions:
                    findings.add(source.at(keyword), "steps", f"{name} is given twice")
                functions[name] = method
            case ast.keyword(arg="jobconf"):
                notes.append(
                    Note(source.at(keyword), "jobconf tells an engine how to run the step: it is ignored here")
                )
            case ast.keyword(arg=str() as name) if name in MRJOB_OPTIONS:
                findings.add(source.at(keyword), "option", f"{name} changes how mrjob runs the step")
            case _:
                message = "an MRStep is made of methods: mapper=self.name, combiner=self.name, reducer=self.name, …"
                findings.add(source.at(keyword), "steps", message)
    yield StepSource(call, functions)
