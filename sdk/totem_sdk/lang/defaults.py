"""What dicts give for a key that is not there: Counters 0, defaultdicts the value that it then has.

Counters have some more methods than other dicts.
"""

from __future__ import annotations

import ast
import copy

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_types import Counted, Defaulting, Gathered, Mapped
from totem_sdk.lang.dicts import as_list, asked_for, call_dict_method, entry, put_key
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.lists import total
from totem_sdk.lang.marks import DELETED, Mark
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Choice, Const, Expr
from totem_sdk.types import BOOL, INT, List

__all__ = ["call_counter_method", "counted_entry", "entry_or_default"]

_MADE: Mark[ast.expr | None] = Mark("made", None)
"""On a subscript: what a defaultdict gives here. A tree of its own for each place that reads, since the containers of
one place are of one type."""


def entry_or_default(scope: Scope, node: ast.Subscript, owner: Expr, type_: Mapped) -> Expr | None:
    """Return ``d[key]`` of a dict of any kind."""
    if not isinstance(type_, Counted | Defaulting) or isinstance(node.slice, ast.Slice):
        return entry(scope, node, owner, type_)
    key = scope.check(scope, node.slice)
    if key is None:
        return None
    if isinstance(type_, Counted):
        return _number(scope, node, owner, type_, key)
    made = _MADE.on(node)
    if made is None:
        made = copy.deepcopy(type_.default)
        _MADE.put(node, made)
    default = scope.check(scope, made)
    if default is None or not put_key(scope, node.slice, type_, key, default.type):
        return None
    at = scope.at(node)
    default = widen(default, type_.value)
    if not isinstance(default.type, List):
        return Apply(type_.value, at, "dict_setdefault", type_, (owner, key, default))
    # A container is made only where there is none: making one and throwing it away again takes memory.
    keeper = Keeper(at)
    of, wanted = keeper.keep(owner), keeper.keep(key)
    there = Apply(BOOL, at, "dict_has", type_, (of, wanted))
    found = Apply(type_.value, at, "dict_get", type_, (of, wanted))
    return keeper.let(
        Choice(type_.value, at, there, found, Apply(type_.value, at, "dict_setdefault", type_, (of, wanted, default)))
    )


def _number(scope: Scope, node: ast.Subscript, owner: Expr, type_: Counted, key: Expr) -> Expr | None:
    zero = Const(INT, scope.at(node), 0)
    if not type_.known:
        return zero
    if not asked_for(scope, node.slice, key, type_):
        return None
    return Apply(type_.value, scope.at(node), "dict_default", type_, (owner, key, widen(zero, type_.value)))


def counted_entry(scope: Scope, node: ast.Subscript, over: Expr) -> Expr | None:
    """Return how often an item of what a Counter counts is counted: once, or as often as another dict says."""
    if isinstance(over.type, Mapped) and not isinstance(over.type, Gathered):
        return entry_or_default(scope, node, over, over.type)
    return Const(INT, scope.at(node), 1)


def call_counter_method(
    scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]
) -> Expr | None:
    """Return a call of a method of a Counter."""
    type_ = owner.type
    if not isinstance(type_, Counted):
        raise InternalError("a method of a Counter of something else")
    match method.attr:
        case "most_common'":  # see container_forms: what must be a Counter
            return owner
        case "total" if not args:
            return total(scope, node, as_list(scope, node, owner, "values"))
        case "update":
            hint = "write for item in items: counter[item] += 1; or assign nothing but Counter(...) to the variable"
            scope.refuse(node, "argument", ".update() of what is not a Counter by its form", hint)
            return None
        case "pop" if DELETED.on(node) and len(args) == 1:
            args = [*args, Const(INT, scope.at(node), 0)]
            node = ast.copy_location(ast.Call(node.func, [*node.args, *node.args], []), node)
    return call_dict_method(scope, node, method, owner, args, others=("most_common", "total"))
