"""Lists: what makes them, what they are asked, what changes them; which opcode each of it is."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable

from totem_sdk.errors import InternalError
from totem_sdk.lang.boxes import flat
from totem_sdk.lang.container_types import Listed, Mapped, Queued, may_change
from totem_sdk.lang.dicts import dict_place
from totem_sdk.lang.marks import EMITTED
from totem_sdk.lang.operators import number, orderable
from totem_sdk.lang.scope import Scope, fits, widen
from totem_sdk.lang.tree import Apply, Call, Const, Display, Expr, Local, Place, Stmt, parts_of
from totem_sdk.types import BOOL, FLOAT, INT, NONE, NUM, STR, List, Option, Tuple, Type, has_union, join

__all__ = [
    "LENGTHENING",
    "as_pieces",
    "changes_lists",
    "characters",
    "comparable",
    "copied",
    "display",
    "element",
    "extreme",
    "index_of",
    "letters_of",
    "may_lengthen",
    "membership",
    "of_pieces",
    "place",
    "put_into",
    "ordered",
    "searched",
    "sliced",
    "sorted_list",
    "total",
    "tuple_display",
]

LENGTHENING = (
    "append", "clear", "extend", "insert", "pop", "pop_at", "deque_append", "deque_appendleft", "deque_extend",
    "deque_popleft", "deque_rotate",
)  # fmt: skip
"""Opcodes that change how long a list or deque is, or that deques count as that."""


def changes_lists(statements: Iterable[ast.AST]) -> bool:
    """Return whether statements may change a list, themselves or by a helper that they call."""
    for statement in statements:
        for part in ast.walk(statement):
            match part:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="self"))):
                    return True
            if may_change(part):
                return True
    return False


def may_lengthen(scope: Scope, body: tuple[Stmt, ...]) -> bool:
    """Return whether checked statements may change the length of a list that they don't make themselves."""
    kept = any(isinstance(type_, List) for type_ in scope.role.fields.values())
    for node in parts_of(body):
        match node:
            case Apply(code="append", args=(Local(version=version), *_)) if "'" in scope.function.flow.names[version]:
                continue  # the list that a comprehension makes
            case Apply(code=code) if code in LENGTHENING:
                return True
            case Call(args=args) if kept or any(isinstance(argument.type, List) for argument in args):
                return True
    return False


def display(scope: Scope, node: ast.List) -> Expr | None:
    """Return a list that is written out."""
    checked = [scope.check(scope, element_) for element_ in node.elts]
    if EMITTED.on(node) and (several := _of_several_types(checked)):
        return tuple_display(scope, node, several)  # which JSON writes alike
    made = scope.listed(node, None, owned=True)
    items: list[Expr] = []
    complete = True
    for element_, expr in zip(node.elts, checked, strict=True):
        if expr is None or not put_into(scope, element_, made, expr):
            complete = False
        else:
            items.append(expr)
    if not complete:
        return None
    return Display(made, scope.at(node), tuple(widen(item, made.item) for item in items))


def _of_several_types(checked: list[Expr | None]) -> list[Expr]:
    """Return the items of a list that have no common type; none where they have one, or are not all known."""
    found = [expr for expr in checked if expr is not None]
    if not found or len(found) < len(checked):
        return []
    common: Type | None = found[0].type
    for expr in found[1:]:
        if isinstance(common, Listed | Mapped):  # which become one type where they are of one kind
            common = common if type(expr.type) is type(common) else None
        elif common is not None:
            common = join(common, expr.type)
    return found if common is None else []


def tuple_display(scope: Scope, node: ast.AST, items: list[Expr]) -> Expr | None:
    """Return a tuple of items."""
    for item in items:
        scope.own(item.type)
    type_ = Tuple(tuple(item.type for item in items))
    if not fits(type_):
        scope.refuse(node, "too-large", "a tuple has at most 64 items in all, nested 8 deep")
        return None
    return Apply(type_, scope.at(node), "tuple", type_, tuple(items))


def put_into(scope: Scope, node: ast.AST, into: Listed, expr: Expr) -> bool:
    """Note that a list gets an item; refuse it if the items have no common type."""
    old = into.item
    if scope.role.boxes.holds(expr.type, into):
        scope.refuse(
            node, "type-conflict", "the list gets itself as an item", "a list holds items of one type, so never itself"
        )
        return False
    if scope.put(into, expr.type):
        return True
    hint = "the items of a list have one type; a tuple has several: (a, b), and is emitted as a list"
    scope.refuse(node, "type-conflict", f"the list gets {expr.type} here and {old} elsewhere", hint)
    return False


def of_pieces(scope: Scope, node: ast.AST, split: Expr) -> Expr:
    """Return what a split gives: its pieces or, where they are changed or kept, a list of them."""
    made = scope.listed(node, STR, owned=False)
    if made.owned:
        return Apply(made, split.at, "list_of", List(STR), (split,))
    return dataclasses.replace(split, type=made)


def characters(scope: Scope, node: ast.AST, text: Expr) -> Expr:
    """Return the characters of a text as pieces of it."""
    return Apply(List(STR), scope.at(node), "cut", STR, (text,), ("list", None, -1))


def letters_of(scope: Scope, node: ast.AST, text: Expr) -> Expr:
    """Return the characters of a text as a new list."""
    letters = of_pieces(scope, node, characters(scope, node, text))
    scope.own(letters.type)
    return letters


def as_pieces(parts: Expr) -> Expr:
    """Return a list of texts as something to be read at once."""
    if isinstance(parts.type, Listed) and parts.type.owned:
        return Apply(List(STR), parts.at, "list_view", parts.type, (parts,))
    return parts


def index_of(scope: Scope, node: ast.AST, expr: Expr | None) -> bool:
    """Return whether an expression is an int, as an index is; if not, refuse it."""
    if expr is not None and expr.type != INT:
        code = "maybe-none" if isinstance(expr.type, Option) or expr.type == NONE else "type"
        scope.refuse(node, code, f"the index is {expr.type}, not int")
    return expr is not None and expr.type == INT


def element(scope: Scope, node: ast.Subscript, owner: Expr, type_: Listed) -> Expr | None:
    """Return ``items[i]`` or a slice of a list."""
    if isinstance(node.slice, ast.Slice):
        if isinstance(type_, Queued):
            scope.refuse(node.slice, "slice", f"a slice of {type_}", "write list(items)[1:]")
            return None
        return sliced(scope, node, owner, type_, (node.slice.lower, node.slice.upper, node.slice.step))
    index = scope.check(scope, node.slice)
    if not index_of(scope, node.slice, index) or index is None or not type_.known:
        return None
    return Apply(type_.item, scope.at(node), "at", type_, (owner, index))


def sliced(scope: Scope, node: ast.AST, owner: Expr, type_: Listed, bounds: tuple[ast.expr | None, ...]) -> Expr | None:
    """Return a new list of the items that a slice takes."""
    at = scope.at(node)
    given = 0
    found: list[Expr] = []
    for bit, bound in enumerate(bounds):
        if bound is None or (isinstance(bound, ast.Constant) and bound.value is None):
            found.append(Const(INT, at, 0))
            continue
        expr = scope.check(scope, bound)
        if not index_of(scope, bound, expr) or expr is None:
            return None
        given |= 1 << bit
        found.append(expr)
    scope.own(type_)
    made = scope.listed(node, None, owned=True)
    if not type_.known:
        return Apply(made, at, "list_slice", made, (owner, *found), (given,))
    scope.put(made, type_.item)
    scope.role.boxes.alike(made, type_)
    return Apply(made, at, "list_slice", made, (owner, *found), (given,))


def place(scope: Scope, node: ast.Subscript, type_: Type) -> Place | None:
    """Note that an item of a list gets a value of a type."""
    owner = scope.check(scope, node.value)
    if owner is None:
        return None
    if isinstance(owner.type, Mapped):
        return dict_place(scope, node, owner, owner.type, type_)
    if not isinstance(owner.type, Listed):
        hint = "build a new tuple" if not isinstance(owner.type, List) else None
        scope.refuse(node, "target", f"an item of {owner.type} can't be assigned", hint)
        return None
    if isinstance(node.slice, ast.Slice):
        scope.refuse(node.slice, "slice", "a slice is assigned to", "build a new list")
        return None
    index = scope.check(scope, node.slice)
    if not index_of(scope, node.slice, index) or index is None:
        return None
    if not put_into(scope, node, owner.type, Const(type_, scope.at(node), None)):
        return None
    return Place(owner, index, owner.type)


def membership(scope: Scope, node: ast.Compare, value: Expr, owner: Expr, type_: Listed) -> Expr | None:
    """Return ``value in items``."""
    asked = searched(scope, node, value, type_, "in")
    return None if asked is None else Apply(BOOL, scope.at(node), "list_contains", type_, (owner, asked))


def comparable(scope: Scope, node: ast.AST, left: Listed, right: Listed, what: str) -> Type | None:
    """Return the type in which two lists are compared."""
    for side in (left, right):
        scope.own(side)
    is_deque = isinstance(left, Queued) or isinstance(right, Queued)
    if is_deque or scope.joined(left, right) is None:
        hint = "compare lists: list(a) == list(b)" if is_deque else None
        scope.refuse(node, "type", f"{what} compares {left} with {right}", hint)
        return None
    return left if _flat(scope, node, left, what) else None


def joined_items(scope: Scope, into: Listed, more: Type) -> bool:
    """Note that a list or deque gets the items of another one; False if they have no common type."""
    return isinstance(more, Listed) and scope.role.boxes.alike(into, more)


def _flat(scope: Scope, node: ast.AST, type_: Listed, what: str) -> bool:
    if flat(type_.item) and not has_union(type_.item):
        return True
    held = "values of several types" if has_union(type_.item) else "lists in a list"
    scope.refuse(node, "type", f"{what} compares {held}", "compare their items one by one")
    return False


def searched(scope: Scope, node: ast.AST, value: Expr, type_: Listed, what: str) -> Expr | None:
    """Return a value as the items of a list are, to be compared with them."""
    scope.own(type_)
    if not _flat(scope, node, type_, what):
        return None
    if isinstance(value.type, List):
        scope.refuse(node, "type", f"{what} compares {value.type} with the items of {type_}")
        return None
    if not put_into(scope, node, type_, value):
        return None
    return widen(value, type_.item)


def ordered(scope: Scope, node: ast.AST, type_: Listed, what: str) -> bool:
    """Return whether the items of a list can be sorted; refuse it where they can't."""
    scope.own(type_)
    if not type_.known or type_.item == NONE:
        return True
    if not _flat(scope, node, type_, what):
        return False
    if orderable(type_.item):
        return True
    scope.refuse(node, "maybe-none", f"an item for {what} may be None", "leave None out of the list")
    return False


def sorted_list(scope: Scope, node: ast.Call, args: list[Expr], *, descending: bool) -> Expr | None:
    """Return ``sorted(items)``."""
    if len(args) != 1 or not isinstance(args[0].type, Listed):
        what = f"{args[0].type} is sorted" if len(args) == 1 else f"sorted() takes one list, {len(args)} are given"
        scope.refuse(node, "argument", what, "sorted() takes a list, and reverse=True")
        return None
    if not ordered(scope, node, args[0].type, "sorted()"):
        return None
    made = scope.listed(node, None, owned=True)
    scope.role.boxes.alike(made, args[0].type)
    return Apply(made, scope.at(node), "sorted", made, (args[0],), (descending,))


def copied(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    """Return ``list()`` or ``list(items)``."""
    if not args:
        return Display(scope.listed(node, None, owned=True), scope.at(node), ())
    if len(args) == 1 and isinstance(args[0].type, Listed):
        return sliced(scope, node, args[0], args[0].type, (None, None, None))
    if len(args) == 1 and args[0].type == STR:
        return letters_of(scope, node, args[0])
    scope.refuse(
        node, "argument", f"list() of {args[0].type}", "it takes nothing, a list, a range or a reducer's values"
    )
    return None


def extreme(scope: Scope, node: ast.Call, items: Expr, name: str) -> Expr | None:
    """Return ``min(items)`` or ``max(items)``."""
    if not isinstance(items.type, Listed):
        raise InternalError(f"{name}() of no list")
    if not ordered(scope, node, items.type, f"{name}()") or not items.type.known:
        return None
    return Apply(items.type.item, scope.at(node), f"list_{name}", items.type, (items,))


def total(scope: Scope, node: ast.Call, items: Expr) -> Expr | None:
    """Return ``sum(items)``."""
    if not isinstance(items.type, Listed):
        raise InternalError("sum() of no list")
    scope.own(items.type)
    type_ = items.type
    if type_.known and type_.item == NONE:
        return Const(INT, scope.at(node), 0)
    if type_.known and type_.item == BOOL:
        true = Const(BOOL, scope.at(node), True)
        return Apply(INT, scope.at(node), "occurrences", type_, (items, true))
    if not type_.known or not number(scope, node, Apply(type_.item, scope.at(node), "at", type_), "an item"):
        return None
    return Apply(NUM if type_.item == FLOAT else type_.item, scope.at(node), "list_sum", type_, (items,))
