"""Which forms of try and raise the language has: what is wrong with one, and which kinds of error an except names."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from totem_sdk.caught import ALL_KINDS, CLASSES, mask_of

__all__ = ["MAX_HANDLERS", "kind_raised", "mask_caught", "wrong_in_raise", "wrong_in_try"]

_RAISED = {name: kinds[0] for name, kinds in CLASSES.items() if len(kinds) == 1} | {"Exception": "exception"}

MAX_HANDLERS = 16
"""Most ``except`` of a try: each asks after the one before it has not caught the error."""

_Wrong = tuple[ast.AST, str, str, str | None]


def _named(node: ast.expr | None) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def mask_caught(node: ast.expr | None) -> int | None:
    """Return the set of the kinds that an except catches (``totem_sdk.caught``); None if it is of another form."""
    if node is None:
        return ALL_KINDS
    names = [_named(part) for part in (node.elts if isinstance(node, ast.Tuple) else [node])]
    if not all(name in CLASSES for name in names):
        return None
    return mask_of(kind for name in names for kind in CLASSES[name])


def kind_raised(node: ast.expr) -> str | None:
    """Return the kind of error that ``raise node`` ends in; None if it is of another form."""
    match node:
        case ast.Call(func=called, keywords=[]):
            return _RAISED.get(_named(called))
        case _:
            return _RAISED.get(_named(node))


def wrong_in_try(node: ast.Try, local: Collection[str]) -> Iterator[_Wrong]:
    """Yield what is wrong with the form of a try statement: place, code, message, hint."""
    if len(node.handlers) > MAX_HANDLERS:
        message = f"a try has more than {MAX_HANDLERS} except"
        yield node.handlers[MAX_HANDLERS].body[0], "too-deep", message, "catch several errors at once: except (A, B)"
    for handler in node.handlers:
        mask = mask_caught(handler.type)
        names = {part.id for part in ast.walk(handler.type) if isinstance(part, ast.Name)} if handler.type else set()
        if mask is None or names & set(local):
            yield handler.type or handler, "exception", "this except names no error of the language", None
        for part in (part for statement in handler.body for part in ast.walk(statement)):
            if handler.name is not None and isinstance(part, ast.Name) and part.id == handler.name:
                hint = "an error has no text here: decide by its class"
                yield part, "exception", f"the error {handler.name} is used as a value", hint
    for part in (part for statement in node.finalbody for part in _own(statement)):
        if isinstance(part, ast.Return | ast.Break | ast.Continue):
            what = type(part).__name__.lower()
            yield part, "exception", f"{what} in a finally", "leave after the whole try statement"


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the parts of a statement; of a loop in it nothing that only leaves that loop."""
    pending: list[tuple[ast.AST, bool]] = [(statement, False)]
    while pending:
        part, looped = pending.pop()
        if not (looped and isinstance(part, ast.Break | ast.Continue)):
            yield part
        looped = looped or isinstance(part, ast.For | ast.While)
        pending.extend((child, looped) for child in ast.iter_child_nodes(part))


def wrong_in_raise(node: ast.Raise, local: Collection[str]) -> tuple[str, str, str | None] | None:
    """Return what is wrong with the form of a raise statement: code, message, hint."""
    if not (node.cause is None or isinstance(node.cause, ast.Name | ast.Constant)):
        return "exception", "raise … from something else than an error that was caught", "write raise alone"
    if node.exc is None:
        return None
    called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    if kind_raised(node.exc) is None or _named(called) in local:
        return "exception", "this raises no error of the language", None
    return None
