"""Dicts: what makes them, what they are asked, what changes them; which opcode each of it is."""

from __future__ import annotations

import ast
from collections.abc import Callable

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_methods import method_of
from totem_sdk.lang.container_types import Counted, Gathered, Mapped
from totem_sdk.lang.marks import DRAWN
from totem_sdk.lang.named_types import nameless
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Const, DictDisplay, Expr, Place
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    List,
    Match,
    Option,
    Tuple,
    Type,
    part_of_entry,
)

__all__ = [
    "VIEWS",
    "as_list",
    "asked_for",
    "call_dict_method",
    "copied_dict",
    "dict_display",
    "dict_place",
    "entry",
    "has_key",
    "put_key",
    "viewed",
]

VIEWS = ("items", "keys", "values")
"""Methods that give what is in a dict; how they are named is also the immediate of the opcodes."""

_KEYS: tuple[Type, ...] = (INT, STR, BOOL, DATE, DATETIME, TIMEDELTA)

_Method = Callable[[Scope, ast.Call, Expr, Mapped, list[Expr]], Expr | None]


def _may_be_key(type_: Type) -> bool:
    if isinstance(type_, Tuple) and not isinstance(type_, Match) and not type_.listed:
        return all(map(_may_be_key, type_.items))
    return type_ in _KEYS


def _is_key(scope: Scope, node: ast.AST, key: Expr) -> bool:
    if _may_be_key(key.type):
        return True
    if isinstance(key.type, Option) or key.type == NONE:
        scope.refuse(node, "maybe-none", "a key of a dict may be None")
    else:
        hint = "keys are ints, texts, bools, dates and tuples of them: int(), str() or round() makes one"
        scope.refuse(node, "type", f"{key.type} is a key of a dict", hint)
    return False


def asked_for(scope: Scope, node: ast.AST, key: Expr, type_: Mapped) -> bool:
    """Return whether a value can be looked for among the keys."""
    if not _is_key(scope, node, key):
        return False
    if type_.known and type_.key == NONE:
        scope.refuse(node, "type", "nothing is ever put into this dict", "assign a value to a key of it first")
        return False
    if type_.known and nameless(type_.key) != nameless(key.type):
        scope.refuse(node, "type", f"{key.type} is looked for in {type_}", "use one type for the keys")
        return False
    return True


def dict_display(scope: Scope, node: ast.Dict) -> Expr | None:
    """Return a dict that is written out."""
    made = scope.mapped(node)
    entries: list[tuple[Expr, Expr]] = []
    complete = True
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        if key_node is None:
            scope.refuse(value_node, "star", "a dict in a dict's display", "call .update(...)")
            complete = False
            continue
        key, value = scope.check(scope, key_node), scope.check(scope, value_node)
        if key is None or value is None or not put_key(scope, key_node, made, key, value.type):
            complete = False
        else:
            entries.append((key, value))
    if not complete:
        return None
    return DictDisplay(made, scope.at(node), tuple((key, widen(value, made.value)) for key, value in entries))


def put_key(scope: Scope, node: ast.AST, into: Mapped, key: Expr, value: Type) -> bool:
    """Note that a dict gets a value; refuse it if keys or values have no common type."""
    if not _is_key(scope, node, key):
        return False
    old = str(into)
    if isinstance(into, Counted) and value != INT:
        hint = "the numbers of a Counter are ints; for others write defaultdict(float)"
        scope.refuse(node, "type-conflict", f"a Counter gets the number {value}", hint)
        return False
    # A key is found by what it is: none is converted to be like the others.
    if into.known and nameless(into.key) not in (NONE, nameless(key.type)):
        scope.refuse(node, "type-conflict", f"{old} gets the key {key.type}", "use one type for the keys")
        return False
    if scope.role.boxes.holds(value, into):
        hint = "a dict's values are of one type, so it is never one of them"
        scope.refuse(node, "type-conflict", "the dict gets itself as a value", hint)
        return False
    if scope.enter(into, key.type, value):
        return True
    hint = "the values of a dict have one type; a tuple can have several: (a, b)"
    scope.refuse(node, "type-conflict", f"{old} gets a value that is {value}", hint)
    return False


def entry(scope: Scope, node: ast.Subscript, owner: Expr, type_: Mapped) -> Expr | None:
    """Return ``d[key]``."""
    if getattr(node.value, "id", "").startswith("list'"):  # see rewrite: what zip() and reversed() go over
        scope.refuse(node, "loop-form", "zip() or reversed() over a dict", "write list(d) or list(d.items())")
        return None
    if isinstance(node.slice, ast.Slice):
        scope.refuse(node.slice, "slice", f"a slice of {type_}")
        return None
    if isinstance(type_, Gathered):
        scope.refuse(node, "type", f"an item of {type_}", "look whether it is there: x in s; or sort it: sorted(s)[0]")
        return None
    key = scope.check(scope, node.slice)
    if key is None or not asked_for(scope, node.slice, key, type_) or not type_.known:
        return None
    return Apply(type_.value, scope.at(node), "dict_get", type_, (owner, key))


def dict_place(scope: Scope, node: ast.Subscript, owner: Expr, owner_type: Mapped, type_: Type) -> Place | None:
    """Note that a dict gets a value of a type for a key."""
    if isinstance(node.slice, ast.Slice):
        scope.refuse(node.slice, "slice", "a slice is assigned to")
        return None
    if isinstance(owner_type, Gathered):
        scope.refuse(node, "target", f"an item of {owner_type} can't be assigned", "write s.add(x)")
        return None
    key = scope.check(scope, node.slice)
    if key is None or not put_key(scope, node.slice, owner_type, key, type_):
        return None
    return Place(owner, key, owner_type)


def has_key(scope: Scope, node: ast.Compare, key: Expr, owner: Expr, type_: Mapped) -> Expr | None:
    """Return ``key in d``."""
    if not asked_for(scope, node.left, key, type_) or not type_.known:
        return None
    return Apply(BOOL, scope.at(node), "dict_has", type_, (owner, key))


def viewed(scope: Scope, node: ast.expr) -> tuple[Expr, str] | None:
    """Return the dict that a loop runs over, and what of it; None if it is something else or not known yet."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[], keywords=[]) if name in VIEWS:
            owner = scope.check(scope, value)
        case _:
            return None
    is_dict = owner is not None and isinstance(owner.type, Mapped) and not isinstance(owner.type, Gathered)
    return (owner, name) if owner is not None and is_dict else None


def as_list(scope: Scope, node: ast.AST, expr: Expr, what: str = "keys") -> Expr:
    """Return the keys, values or items of a dict as a new list."""
    type_ = expr.type
    if not isinstance(type_, Mapped):
        return expr
    made = scope.listed(node, None, owned=True)
    if type_.known:
        scope.put(made, part_of_entry(type_.item, what))
    return Apply(made, scope.at(node), "dict_list", type_, (expr,), (what,))


def copied_dict(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    """Return ``dict()`` or ``dict(other)``."""
    if not args:
        return DictDisplay(scope.mapped(node), scope.at(node), ())
    if len(args) == 1 and isinstance(args[0].type, Mapped) and not isinstance(args[0].type, Gathered):
        made = scope.mapped(node)
        scope.role.boxes.alike(made, args[0].type)
        return Apply(made, scope.at(node), "dict_copy", made, (args[0],))
    scope.refuse(node, "argument", f"dict() of {args[0].type}", "it takes nothing or a dict; or write {k: v for ...}")
    return None


# Methods.


def call_dict_method(
    scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr], *, others: tuple[str, ...] = ()
) -> Expr | None:
    """Return a call of a method of a dict; ``others`` are methods that it has beside those of all dicts."""
    name, type_ = method.attr, owner.type
    if not isinstance(type_, Mapped):
        raise InternalError("a method of a dict of something else")
    if name in VIEWS and not args:
        if not DRAWN.on(node):
            hint = f"loop over it, or make a list of it: list(d.{name}())"
            scope.refuse(node, "view", f".{name}() is kept as a value", hint)
            return None
        return as_list(scope, node, owner, name)
    make = method_of(scope, node, method, type_, _METHODS, others=(*VIEWS, *others))
    return None if make is None else make(scope, node, owner, type_, args)


def _get(scope: Scope, node: ast.Call, owner: Expr, type_: Mapped, args: list[Expr]) -> Expr | None:
    if not asked_for(scope, node.args[0], args[0], type_):
        return None
    at = scope.at(node)
    if len(args) == 1 or args[1].type == NONE:
        if not type_.known:
            return None
        value = type_.value
        if isinstance(value, List):
            scope.refuse(node, "maybe-none", f".get() of {type_} may be None", "test `key in d` first")
            return None
        found = value if isinstance(value, Option) or value == NONE else Option(value)
        return Apply(found, at, "dict_default", type_, (owner, args[0], widen(Const(NONE, at, None), found)))
    default = args[1]
    if not type_.known:
        return None if isinstance(default.type, List) else default
    joined = _with_default(scope, node.args[1], type_, default)
    return (
        None if joined is None else Apply(joined, at, "dict_default", type_, (owner, args[0], widen(default, joined)))
    )


def _with_default(scope: Scope, node: ast.AST, type_: Mapped, default: Expr) -> Type | None:
    joined = scope.joined(type_.value, default.type)
    if joined is None:
        scope.refuse(node, "type-conflict", f"the default is {default.type}, the values are {type_.value}")
    return joined


def _setdefault(scope: Scope, node: ast.Call, owner: Expr, type_: Mapped, args: list[Expr]) -> Expr | None:
    if not put_key(scope, node.args[0], type_, args[0], args[1].type):
        return None
    return Apply(type_.value, scope.at(node), "dict_setdefault", type_, (owner, args[0], widen(args[1], type_.value)))


def _pop(scope: Scope, node: ast.Call, owner: Expr, type_: Mapped, args: list[Expr]) -> Expr | None:
    if not asked_for(scope, node.args[0], args[0], type_) or not type_.known:
        return None
    if len(args) == 1:
        return Apply(type_.value, scope.at(node), "dict_pop", type_, (owner, args[0]))
    if isinstance(args[1].type, List) or (args[1].type == NONE and isinstance(type_.value, List)):
        scope.refuse(node, "type", f"the default of .pop() is {args[1].type}", "test `key in d` first")
        return None
    joined = _with_default(scope, node.args[1], type_, args[1])
    if joined is None:
        return None
    return Apply(joined, scope.at(node), "dict_pop", type_, (owner, args[0], widen(args[1], joined)))


def _clear(scope: Scope, node: ast.Call, owner: Expr, type_: Mapped, _args: list[Expr]) -> Expr | None:
    return Apply(NONE, scope.at(node), "dict_clear", type_, (owner,))


def _copy(scope: Scope, node: ast.Call, owner: Expr, type_: Mapped, _args: list[Expr]) -> Expr | None:
    made = scope.mapped(node, type_)
    scope.joined(made, type_)
    return Apply(made, scope.at(node), "dict_copy", made, (owner,))


def _update(scope: Scope, node: ast.Call, owner: Expr, type_: Mapped, args: list[Expr]) -> Expr | None:
    if not isinstance(args[0].type, Mapped):
        scope.refuse(node.args[0], "type", f".update() of {args[0].type}", "it takes a dict")
        return None
    if isinstance(args[0].type, Gathered) or not scope.role.boxes.alike(type_, args[0].type):
        scope.refuse(node.args[0], "type-conflict", f"{type_} is updated by {args[0].type}")
        return None
    return Apply(NONE, scope.at(node), "dict_update", type_, (owner, args[0]))


_METHODS: dict[str, tuple[int, int, _Method]] = {
    "clear": (0, 0, _clear),
    "copy": (0, 0, _copy),
    "get": (1, 2, _get),
    "pop": (1, 2, _pop),
    "setdefault": (2, 2, _setdefault),
    "update": (1, 1, _update),
}
"""By name: the fewest and the most arguments, and what makes the call."""
