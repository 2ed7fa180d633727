"""Helpers that yield: their statements are copied to where they are used.

``yield from self.pairs(x)`` becomes the helper's statements, with its variables under names of their own;
``for a, b in self.pairs(x):`` does too, with the loop's body in the place of each ``yield``. What is left then are the
copies, so all other passes know of emits in the functions of steps alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from totem_sdk.lang.callables import arguments_of
from totem_sdk.lang.constants import Constant
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.forms import local_names
from totem_sdk.lang.holes import Gap, bound_names
from totem_sdk.lang.job import Job
from totem_sdk.lang.source import MAX_NODES

__all__ = ["with_generators"]

_TOO_OFTEN = "helpers that yield are used in too many places"
_BLOCKS = ("body", "orelse", "finalbody")


def with_generators(job: Job, findings: Findings) -> Job:
    """Return the job with the helpers that yield copied to where they are used, as far as they can be."""
    used = {name for step in job.steps for name in step.functions.values()}
    makers = {
        name: method
        for name, method in job.methods.items()
        if name not in used and any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(method))
    }
    if not makers:
        return job
    inliner = _Inliner(job, makers, findings)
    for name, method in job.methods.items():
        if name not in makers:
            method.body = inliner.block(method.body, (name,))
    return replace(job, methods={n: m for n, m in job.methods.items() if n not in inliner.copied})


@dataclass
class _Inliner:
    job: Job
    makers: Mapping[str, ast.FunctionDef]
    findings: Findings
    copied: set[str] = field(default_factory=set)
    number: int = 0
    nodes: int = 0

    def block(self, statements: list[ast.stmt], path: tuple[str, ...]) -> list[ast.stmt]:
        """Return statements with the helpers in place that they use; ``path`` are those around them."""
        found: list[ast.stmt] = []
        for statement in statements:
            for name in _BLOCKS:
                if inner := getattr(statement, name, None):
                    setattr(statement, name, self.block(inner, path))
            for handler in statement.handlers if isinstance(statement, ast.Try) else ():
                handler.body = self.block(handler.body, path)
            match statement:
                case ast.Expr(value=ast.YieldFrom(value=ast.Call() as call)):
                    found += self.copy_of(statement, call, path)
                case ast.For(iter=ast.Call() as call):
                    found += self.copy_of(statement, call, path)
                case _:
                    found.append(statement)
        return found

    def copy_of(self, statement: ast.Expr | ast.For, call: ast.Call, path: tuple[str, ...]) -> list[ast.stmt]:
        """Return what a helper that yields does at a place; the statement itself where that can't be."""
        match call.func:
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in self.makers:
                self.copied.add(name)
            case _:
                return [statement]
        maker = self.makers[name]
        if name in path:
            return self.refused(statement, "recursion", f"this call is recursive: {' → '.join((*path, name))}")
        given, wrong = arguments_of(maker, call, self.job.defaults.get(name, {}))
        if wrong is not None:
            return self.refused(statement, "argument", wrong)
        if isinstance(statement, ast.For):
            wrong = _wrong_in_loop(statement, maker)
        wrong = wrong or _wrong_return(maker)
        if wrong is not None:
            return self.refused(statement, "yield-in-helper", wrong)
        self.number += 1
        self.nodes += sum(1 for _ in ast.walk(maker)) + sum(1 for _ in ast.walk(statement))
        if self.nodes > MAX_NODES:
            return self.refused(statement, "too-large", _TOO_OFTEN)
        return self.expanded(statement, name, call, given, path)

    def refused(self, statement: ast.stmt, code: str, message: str) -> list[ast.stmt]:
        """Return what stands for a use that is refused."""
        self.findings.add(self.job.source.at(statement), code, message)
        gap = Gap()
        gap.names = tuple(dict.fromkeys(bound_names(statement)))
        return [ast.copy_location(gap, statement)]

    def expanded(
        self,
        statement: ast.Expr | ast.For,
        name: str,
        call: ast.Call,
        given: Mapping[str, ast.expr | None],
        path: tuple[str, ...],
    ) -> list[ast.stmt]:
        maker = copy.deepcopy(self.makers[name])
        assigned = _stored(maker)
        around = _stored(statement)
        names = {local: f"{maker.name}.{local} {self.number}" for local in local_names(maker) if local != "self"}
        written = (*call.args, *(keyword.value for keyword in call.keywords))
        first: list[ast.stmt] = []
        for parameter, argument in sorted(given.items(), key=lambda item: _position(item[1], written)):
            if isinstance(argument, ast.Name) and parameter not in assigned and argument.id not in around:
                names[parameter] = argument.id
                continue
            default = self.job.defaults.get(name, {}).get(parameter)
            value = _literal(default, call) if argument is None else argument
            target = ast.copy_location(ast.Name(names[parameter], ast.Store()), call)
            first.append(ast.copy_location(ast.Assign([target], value), call))
        for part in ast.walk(maker):
            if isinstance(part, ast.Name) and part.id in names:
                part.id = names[part.id]
        returns = any(isinstance(one, ast.Return) for one, _, _ in _own(maker.body))
        body = self.block(_leaving(maker.body), (*path, name))
        if isinstance(statement, ast.For):
            yields = sum(isinstance(part, ast.Yield) for one in body for part in ast.walk(one))
            self.nodes += yields * sum(1 for part in statement.body for _ in ast.walk(part))
            if self.nodes > MAX_NODES:
                return self.refused(statement, "too-large", _TOO_OFTEN)
            body = _with_body(body, statement)
        if not returns:
            return [*first, *body]
        end = ast.copy_location(ast.Break(), call)
        once = ast.While(ast.copy_location(ast.Constant(True), call), [*body, end], [])
        return [*first, ast.copy_location(once, call)]


def _stored(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _position(argument: ast.expr | None, written: tuple[ast.expr, ...]) -> int:
    return next((i for i, one in enumerate(written) if one is argument), -1)


def _literal(value: Constant, at: ast.AST) -> ast.expr:
    if isinstance(value, tuple):
        return ast.copy_location(ast.Tuple([_literal(item, at) for item in value], ast.Load()), at)
    return ast.copy_location(ast.Constant(value), at)


def _own(statements: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool, bool]]:
    """Yield every statement, with whether it stands in a loop and in a try among these."""
    pending = [(statement, False, False) for statement in statements]
    while pending:
        statement, looped, tried = pending.pop()
        yield statement, looped, tried
        looped = looped or isinstance(statement, ast.For | ast.While)
        tried = tried or isinstance(statement, ast.Try)
        blocks = [getattr(statement, name, []) for name in _BLOCKS]
        blocks += [handler.body for handler in statement.handlers] if isinstance(statement, ast.Try) else []
        pending += [(inner, looped, tried) for block in blocks for inner in block]


def _wrong_return(maker: ast.FunctionDef) -> str | None:
    for statement, looped, tried in _own(maker.body):
        if isinstance(statement, ast.Return) and (looped or tried or statement.value is not None):
            return f"{maker.name} yields, and returns a value or out of a loop or try"
    return None


def _wrong_in_loop(loop: ast.For, maker: ast.FunctionDef) -> str | None:
    """Return why a loop over a helper that yields can't be put into it."""
    if loop.orelse or any(
        isinstance(statement, ast.Break | ast.Continue) and not looped for statement, looped, _ in _own(loop.body)
    ):
        return f"a loop over what {maker.name} yields with break, continue or else"
    for statement, _, tried in _own(maker.body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom):
            if tried:
                return f"{maker.name} yields inside of a try"
            if isinstance(statement.value, ast.Yield) and statement.value.value is None:
                return f"{maker.name} yields nothing"
    return None


def _with_body(statements: list[ast.stmt], loop: ast.For) -> list[ast.stmt]:
    """Return the statements with what a loop does in the place of each yield."""
    found: list[ast.stmt] = []
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Yield(value=ast.expr() as value)):
                target = copy.deepcopy(loop.target)
                found.append(ast.copy_location(ast.Assign([target], value), statement))
                found += copy.deepcopy(loop.body)
            case _:
                for name in _BLOCKS:
                    if inner := getattr(statement, name, None):
                        setattr(statement, name, _with_body(inner, loop))
                found.append(statement)
    return found


def _leaving(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements with a break in the place of each return: none of them stands in a loop."""
    found: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.If):
            statement.body, statement.orelse = _leaving(statement.body), _leaving(statement.orelse)
        found.append(ast.copy_location(ast.Break(), statement) if isinstance(statement, ast.Return) else statement)
    return found
