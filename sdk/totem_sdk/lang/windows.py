"""Searches in a part of a text, ``text.find(part, start, end)``, and for one of several prefixes.

The part is a slice; what Python says of bounds outside of the text and of empty texts is asked for only where the
operands don't show it.
"""

from __future__ import annotations

import ast

from totem_sdk.lang.findings import At
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Choice, Const, Expr, Logic
from totem_sdk.limits import INT_MAX
from totem_sdk.types import BOOL, INT, NONE, STR, Option, Tuple, Type, Union

__all__ = ["affixed", "found_within"]


def _bounds(scope: Scope, node: ast.Call, args: list[Expr]) -> list[Expr | None] | None:
    """Return start and end, None for one that is not given; None (and a refusal) if one is no int."""
    bounds: list[Expr | None] = []
    for part, bound in zip(node.args[1:], args[1:], strict=True):
        if bound.type == NONE:
            bounds.append(None)
        elif bound.type == INT:
            bounds.append(bound)
        else:
            code = "maybe-none" if isinstance(bound.type, Option) else "type"
            scope.refuse(part, code, f"where a search begins or ends is {bound.type}, not int")
            return None
    return [*bounds, None, None][:2]


class _Window:
    """A part of a text: what is kept, and in which order it is evaluated."""

    def __init__(self, at: At, text: Expr, wanted: Expr, bounds: list[Expr | None]) -> None:
        self.at = at
        self.keeper = Keeper(at)
        self.keep = self.keeper.keep
        self.text = self.keep(text)
        self.wanted = self.keep(wanted)
        start, end = (self._bound(bound) for bound in bounds)
        self.length: Expr | None = None
        never_empty = isinstance(wanted, Const) and wanted.value != ""
        self.start = None if start is None else self.keep(self.from_left(start))
        stop = Const(INT, at, INT_MAX) if end is None else end
        self.part = self.text
        if not start is end is None:
            self.part = self.keep(self.of("slice", STR, self.text, self.first, stop, imm=(1,)))
        self.inside: list[Expr] = []
        if self.start is not None and not never_empty:
            self.inside.append(self.asks("le", self.start, self.size()))
        if end is not None and not never_empty:
            self.inside.append(self.asks("le", self.first, self.from_left(end)))

    @property
    def first(self) -> Expr:
        return Const(INT, self.at, 0) if self.start is None else self.start

    def of(self, code: str, on: Type, *args: Expr, imm: tuple[int, ...] = ()) -> Expr:
        return Apply(STR if code == "slice" else INT, self.at, code, on, args, imm)

    def asks(self, code: str, left: Expr, right: Expr) -> Expr:
        return Apply(BOOL, self.at, code, INT, (left, right))

    def size(self) -> Expr:
        if self.length is None:
            self.length = self.keep(self.of("len", STR, self.text))
        return self.length

    def _bound(self, bound: Expr | None) -> Expr | None:
        return bound if bound is None or isinstance(bound, Const) else self.keep(bound)

    def from_left(self, bound: Expr) -> Expr:
        """Return a bound counted from the left, 0 where it lies before the text."""
        if isinstance(bound, Const) and isinstance(bound.value, int) and bound.value >= 0:
            return bound
        zero = Const(INT, self.at, 0)
        moved = self.of("add", INT, bound, self.size())
        moved = self.of("max", INT, moved, zero)
        return Choice(INT, self.at, self.asks("lt", bound, zero), moved, bound)

    def result(self, inside: Expr, outside: Expr) -> Expr:
        """Return one of two values, by whether the bounds lie inside of the text."""
        result = inside
        for test in reversed(self.inside):
            if inside.type == BOOL:
                result = Logic(self.at, "and", test, result)
            else:
                result = Choice(result.type, self.at, test, result, outside)
        return self.keeper.let(result)


def found_within(scope: Scope, node: ast.Call, name: str, text: Expr, args: list[Expr]) -> Expr | None:
    """Return ``find``, ``rfind``, ``index``, ``rindex`` or ``count`` between a start and an end."""
    bounds = _bounds(scope, node, args)
    if bounds is None:
        return None
    at = scope.at(node)
    window = _Window(at, text, args[0], bounds)
    found: Expr = Apply(INT, at, "find", STR, (window.part, window.wanted), (name,))
    missing: Expr = Const(INT, at, 0 if name == "count" else -1)
    if name == "count":
        return window.result(found, missing)
    if name in ("index", "rindex"):
        # Nothing has an index there: what Python raises is what int() of no digits ends in.
        missing = Apply(INT, at, "to_int", STR, (Const(STR, at, ""),))
        return window.result(window.of("add", INT, found, window.first), missing)
    inner = Keeper(at)
    kept = inner.keep(found)
    moved = Choice(
        INT,
        at,
        window.asks("lt", kept, Const(INT, at, 0)),
        Const(INT, at, -1),
        window.of("add", INT, kept, window.first),
    )
    return window.result(inner.let(moved), missing)


def affixed(scope: Scope, node: ast.Call, name: str, text: Expr, args: list[Expr]) -> Expr | None:
    """Return ``startswith`` or ``endswith``, of one text or a tuple of texts, between a start and an end."""
    bounds = _bounds(scope, node, args)
    wanted, at = args[0], scope.at(node)
    several = isinstance(wanted.type, Tuple) and not isinstance(wanted.type, Union) and not wanted.type.listed
    texts = wanted.type.items if several and isinstance(wanted.type, Tuple) else (wanted.type,)
    if bounds is None:
        return None
    if any(type_ != STR for type_ in texts):
        scope.refuse(node.args[0], "type", f".{name}() of {wanted.type}", "it takes one text, or a tuple of texts")
        return None
    if wanted.type == STR and bounds == [None, None]:
        return Apply(BOOL, at, name, STR, (text, wanted))
    window = _Window(at, text, wanted, bounds)
    result: Expr | None = None
    for position in range(len(texts) - 1, -1, -1):
        one: Expr = window.wanted
        if isinstance(wanted.type, Tuple):
            one = Apply(STR, at, "item", wanted.type, (window.wanted,), (position,))
        test = Apply(BOOL, at, name, STR, (window.part, one))
        result = test if result is None else Logic(at, "or", test, result)
    return None if result is None else window.result(result, result)
