"""Which method calls which: refuses recursion, and tells which fields of self a call may read and write."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from totem_sdk.lang.container_types import may_change
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.nodes import walk
from totem_sdk.lang.reserved import STEP_FUNCTIONS, meant
from totem_sdk.lang.source import Source, nesting

__all__ = ["MAX_CALL_DEPTH", "MAX_NESTING", "Reach", "check_yields", "reach_of", "self_attributes"]

MAX_CALL_DEPTH = 32
"""Longest chain of helpers that call each other."""

MAX_NESTING = 128
"""Deepest nesting of what a function does, together with what the helpers do that it calls there."""


@dataclass(frozen=True)
class Reach:
    """The attributes of self that a method reads and writes, itself or through the helpers that it calls.

    ``changes`` tells whether a list or deque may be changed by one of its methods, or by ``+=``.
    """

    loads: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    changes: bool = False


def self_attributes(node: ast.AST) -> Iterator[ast.Attribute]:
    """Yield every ``self.name`` in a node."""
    for part in walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
            yield part


@dataclass(frozen=True)
class _Call:
    """A call of a method: its node, how deep it is nested in the caller, who is called."""

    node: ast.AST
    depth: int
    name: str


def _called(method: ast.FunctionDef) -> Iterator[ast.Attribute]:
    """Yield every ``self.name`` that a method calls."""
    for part in walk(method):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self")) as called):
                yield called


def _calls(method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef]) -> Iterator[_Call]:
    for part, depth in nesting(method):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name) as called) if name in methods:
                yield _Call(called, depth, name)


def reach_of(source: Source, methods: Mapping[str, ast.FunctionDef], findings: Findings) -> Mapping[str, Reach]:
    """Return what each method reaches; recursion and chains that are too long are added to ``findings``."""
    calls = {name: list(_calls(method, methods)) for name, method in methods.items()}
    done: dict[str, Reach] = {}
    for root in methods:
        path: dict[str, Iterator[_Call]] = {} if root in done else {root: iter(calls[root])}
        while path:
            name = next(reversed(path))
            for call in path[name]:
                if call.name in path:
                    chain = " → ".join([*list(path)[list(path).index(call.name) :], call.name])
                    findings.add(source.at(call.node), "recursion", f"this call is recursive: {chain}")
                elif call.name not in done:
                    path[call.name] = iter(calls[call.name])
                    break
            else:
                path.pop(name)
                done[name] = _merge(methods[name], [done[c.name] for c in calls[name] if c.name in done], methods)
    _check_depth(source, methods, {name: calls[name] for name in done}, findings)
    return done


def check_yields(
    source: Source, methods: Mapping[str, ast.FunctionDef], used: frozenset[str], findings: Findings
) -> None:
    """Refuse a yield, reachable or not, in what is called or ``used`` by no step: in Python it makes a generator."""
    reached = (attribute for method in methods.values() for attribute in _called(method))
    called = {attribute.attr for attribute in reached if attribute.attr in methods}
    for name, method in methods.items():
        yields = [part for part in walk(method) if isinstance(part, ast.Yield)]
        if not yields or (name in used and name not in called):
            continue
        if name in called:
            message, hint = f"{name} is called and yields", None
        else:
            near = meant(name, STEP_FUNCTIONS)
            if near is None:
                continue  # nothing runs it, in Python too
            message, hint = f"{name} yields, but no step uses it", f"did you mean {near}?"
        for part in yields:
            findings.add(source.at(part), "yield-in-helper", message, hint)


def _check_depth(
    source: Source,
    methods: Mapping[str, ast.FunctionDef],
    calls: Mapping[str, list[_Call]],
    findings: Findings,
) -> None:
    """Refuse what calls or nests too deeply; ``calls`` has callees before their callers."""
    chain: dict[str, int] = {}
    nested: dict[str, int] = {}
    for name, called in calls.items():
        known = [call for call in called if call.name in chain]
        chain[name] = 1 + max((chain[call.name] for call in known), default=0)
        own = max(depth for _, depth in nesting(methods[name]))
        nested[name] = max([own, *(call.depth + nested[call.name] for call in known)])
        at = source.at(methods[name])
        # The function of a step is no helper: it adds one.
        if chain[name] > MAX_CALL_DEPTH + 1:
            findings.add(at, "too-deep", f"{name} leads through more than {MAX_CALL_DEPTH} helpers")
        elif nested[name] > MAX_NESTING:
            findings.add(
                at, "too-deep", f"{name} and the helpers that it calls are nested more than {MAX_NESTING} deep"
            )


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
    changes = any(map(may_change, walk(method))) or any(callee.changes for callee in callees)
    return Reach(frozenset(loads | stores), frozenset(stores), changes)
