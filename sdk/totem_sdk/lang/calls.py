"""Which method calls which: refuses recursion, and tells which fields of self a call may read and write."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from totem_sdk.lang.findings import Findings
from totem_sdk.lang.source import Source, nesting

__all__ = ["MAX_CALL_DEPTH", "MAX_NESTING", "Reach", "reach_of", "self_attributes"]

MAX_CALL_DEPTH = 16
"""Longest chain of helpers that call each other."""

MAX_NESTING = 96
"""Deepest nesting of a function together with that of the helpers that it calls."""


@dataclass(frozen=True)
class Reach:
    """The attributes of self that a method reads and writes, itself or through the helpers that it calls."""

    loads: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


def self_attributes(node: ast.AST) -> Iterator[ast.Attribute]:
    """Yield every ``self.name`` in a node."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
            yield part


def _called(method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef]) -> Iterator[tuple[ast.AST, str]]:
    for part in ast.walk(method):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name) as called) if name in methods:
                yield called, name


def reach_of(source: Source, methods: Mapping[str, ast.FunctionDef], findings: Findings) -> Mapping[str, Reach]:
    """Return what each method reaches; recursion and chains that are too long are added to ``findings``."""
    calls = {name: list(_called(method, methods)) for name, method in methods.items()}
    done: dict[str, Reach] = {}
    depth: dict[str, int] = {}
    nested: dict[str, int] = {}
    for root in methods:
        path: dict[str, Iterator[tuple[ast.AST, str]]] = {} if root in done else {root: iter(calls[root])}
        while path:
            name = next(reversed(path))
            for node, callee in path[name]:
                if callee in path:
                    chain = " → ".join([*list(path)[list(path).index(callee) :], callee])
                    findings.add(source.at(node), "recursion", f"this call is recursive: {chain}")
                elif callee not in done:
                    path[callee] = iter(calls[callee])
                    break
            else:
                path.pop(name)
                done[name] = _merge(methods[name], [done[c] for _, c in calls[name] if c in done], methods)
                depth[name] = 1 + max((depth[c] for _, c in calls[name] if c in depth), default=0)
                nested[name] = nesting(methods[name]) + max(
                    (nested[c] for _, c in calls[name] if c in nested), default=0
                )
    for name, method in methods.items():
        # The function of a step is no helper: it adds one.
        if depth[name] > MAX_CALL_DEPTH + 1:
            message = f"{name} leads through more than {MAX_CALL_DEPTH} helpers"
            findings.add(source.at(method), "too-deep", message)
        elif nested[name] > MAX_NESTING:
            message = f"{name} and the helpers that it calls are nested more than {MAX_NESTING} deep"
            findings.add(source.at(method), "too-deep", message)
    return done


def _merge(method: ast.FunctionDef, callees: list[Reach], methods: Mapping[str, ast.FunctionDef]) -> Reach:
    loads: set[str] = set()
    stores: set[str] = set()
    for attribute in self_attributes(method):
        if attribute.attr not in methods:
            (stores if isinstance(attribute.ctx, ast.Store) else loads).add(attribute.attr)
    for callee in callees:
        loads |= callee.loads
        stores |= callee.stores
    # An augmented assignment reads what it writes.
    return Reach(frozenset(loads | stores), frozenset(stores))
