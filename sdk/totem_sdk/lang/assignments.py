"""Types of assignments: what is stored where, and unpacking."""

from __future__ import annotations

import ast

from totem_sdk.errors import InternalError
from totem_sdk.lang.annotations import NO_TYPE, accepts, read_annotation
from totem_sdk.lang.binary import binary
from totem_sdk.lang.container_types import Listed, Mapped
from totem_sdk.lang.deques import check_changed_loop
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.list_operators import extended
from totem_sdk.lang.lists import place
from totem_sdk.lang.marks import CHANGED, OF_ITEMS
from totem_sdk.lang.paths import path_of
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Assign, Expr, Field, Stmt, Target, Unpack, Variable
from totem_sdk.lang.tuples import as_items
from totem_sdk.lang.unions import know_option, tuple_of
from totem_sdk.types import Dict, List, Match, Option, Tuple, Type, Union

__all__ = ["annotated", "as_declared", "assign", "augmented", "items", "store"]


def store(scope: Scope, node: ast.expr, type_: Type) -> Target | None:
    """Note that a target gets a value of a type."""
    if isinstance(node, Hole):
        return None
    if isinstance(node, ast.Subscript):
        return place(scope, node, type_)
    if isinstance(node, ast.Name):
        if node.id in scope.rows:
            scope.refuse(node, "row-use", f"the row {node.id} is assigned to")
            return None
        if node.id == scope.values:
            scope.refuse(node, "values-use", f"the values {node.id} are assigned to")
            return None
        version = scope.function.flow.writes[id(node)]
        whole = scope.assign(node, version, type_)
        scope.forget((node.id,))
        target: Target = Variable(version)
    elif isinstance(node, ast.Attribute):
        if not _is_field(scope, node):
            return None
        scope.own(type_)
        whole = scope.assign_field(node, node.attr, type_)
        scope.forget((f"self.{node.attr}",))
        target = Field(node.attr)
    else:
        raise InternalError("a target of a form that is refused")
    if (path := path_of(node)) is not None:
        scope.know_stored(path, type_)
        know_option(scope, path, whole, type_)
    return target


def _is_field(scope: Scope, node: ast.Attribute) -> bool:
    """Return whether the role has this field; if not, say why it can't be assigned."""
    job, name = scope.role.job, node.attr
    if name in job.constants or name in job.methods or name == "steps" or job.has_param(name):
        what = "constant" if name in job.constants else "method" if name in (*job.methods, "steps") else "parameter"
        scope.refuse(node, "read-only", f"self.{name} is a {what} of the class")
        return False
    if name not in scope.role.fields:
        scope.refuse(node, "state", f"self.{name} is not set in the _init of this role")
        return False
    return True


def assign(scope: Scope, node: ast.Assign) -> Stmt | None:
    """Check an assignment to one target, several, or a tuple of them."""
    if len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
        return _unpack(scope, node, node.targets[0])
    value = scope.check(scope, node.value)
    if value is not None and OF_ITEMS.on(node):
        if CHANGED.on(node):
            check_changed_loop(scope, node.value, value)
        value = as_items(scope, node, value)
    if value is None:
        return None
    targets: list[tuple[Target, int]] = []
    for target in node.targets:
        if isinstance(target, ast.Tuple):
            scope.refuse(target, "target", "a tuple among several targets", "use one statement for each")
            return None
        stored = store(scope, target, value.type)
        if stored is not None:
            targets.append((stored, 0))
    return Assign(scope.at(node), (value,), tuple(targets))


def _unpack(scope: Scope, node: ast.Assign, target: ast.Tuple) -> Stmt | None:
    names = target.elts
    if any(isinstance(name, ast.Tuple) for name in names):
        scope.refuse(target, "target", "a tuple inside a tuple of targets", "unpack in two statements")
        return None
    if isinstance(node.value, ast.Tuple):
        return _pairwise(scope, node, target, node.value)
    value = scope.check(scope, node.value)
    if value is not None and isinstance(value.type, Union):
        value = tuple_of(scope, node, node.value, value)
    if value is None:
        return None
    types = items(scope, node.value, value.type, len(names))
    if types is None:
        return None
    places = [store(scope, name, item) for name, item in zip(names, types, strict=True)]
    return Unpack(scope.at(node), value, tuple(place for place in places if place is not None))


def _pairwise(scope: Scope, node: ast.Assign, target: ast.Tuple, value: ast.Tuple) -> Stmt | None:
    """Assign a tuple that is written out to a tuple of targets: no tuple is made."""
    values = [scope.check(scope, element) for element in value.elts]
    if len(values) != len(target.elts):
        scope.refuse(target, "type", f"{len(target.elts)} targets for {len(values)} values")
        return None
    pairs = [(name, found) for name, found in zip(target.elts, values, strict=True) if found is not None]
    stored = [(store(scope, name, found.type), position) for position, (name, found) in enumerate(pairs)]
    targets = tuple((place, position) for place, position in stored if place is not None)
    return Assign(scope.at(node), tuple(found for _, found in pairs), targets)


def items(scope: Scope, node: ast.AST, type_: Type, number: int) -> tuple[Type, ...] | None:
    """Return the types of the items that a value is unpacked into."""
    if isinstance(type_, Listed):
        return (type_.item,) * number if type_.known else None
    if isinstance(type_, Option):
        scope.refuse(node, "maybe-none", "what is unpacked may be None")
    elif not isinstance(type_, Tuple) or isinstance(type_, Match | Union):
        scope.refuse(node, "type", f"{type_} can't be unpacked")
    elif len(type_.items) != number:
        scope.refuse(node, "type", f"{type_} has {len(type_.items)} items for {number} targets")
    else:
        return type_.items
    return None


def annotated(scope: Scope, node: ast.AnnAssign) -> Stmt | None:
    """Check an assignment with an annotation: nothing is converted to it."""
    if node.value is None:
        raise InternalError("an annotation without a value passed the check of forms")
    declared = read_annotation(node.annotation)
    value = scope.check(scope, node.value)
    if declared is None:
        scope.refuse(node.annotation, "annotation", NO_TYPE)
    if declared is None or value is None:
        return None
    if not accepts(declared, value.type):
        scope.refuse(node.annotation, "annotation", f"{value.type} is annotated as {declared}")
        return None
    stored = store(scope, node.target, as_declared(scope, declared, value.type))
    if stored is None:
        return None
    if (path := path_of(node.target)) is not None:
        scope.know_stored(path, value.type)
    return Assign(scope.at(node), (value,), ((stored, 0),))


def as_declared(scope: Scope, declared: Type, type_: Type) -> Type:
    """Return the type of what is annotated: a list is the list that it is, and its items are of the declared type."""
    if isinstance(declared, Dict) and isinstance(type_, Mapped):
        if not type_.known and not isinstance(declared.value, List):
            scope.enter(type_, declared.key, declared.value)
        return type_
    if not isinstance(declared, List) or not isinstance(type_, Listed):
        return declared
    if not type_.known:
        scope.put(type_, declared.item)
    return type_


def _extended(scope: Scope, node: ast.AugAssign, left: Expr, right: Expr) -> Stmt | None:
    """Return ``items += more``: the list itself is extended."""
    if not isinstance(node.op, ast.Add) or not isinstance(right.type, Listed):
        scope.refuse(node, "type", f"{left.type} is changed by {right.type}", "write items += more with a list")
        return None
    value = extended(scope, node, left, right)
    stored = None if value is None else store(scope, node.target, left.type)
    return None if value is None or stored is None else Assign(scope.at(node), (value,), ((stored, 0),))


def augmented(scope: Scope, node: ast.AugAssign) -> Stmt | None:
    """Check an augmented assignment: it is its operation."""
    if isinstance(node.target, Hole) or (isinstance(node.target, ast.Attribute) and not _is_field(scope, node.target)):
        return None
    left = scope.check(scope, node.target)
    right = scope.check(scope, node.value)
    if left is None or right is None:
        return None
    if isinstance(left.type, Listed):
        return _extended(scope, node, left, right)
    value = binary(scope, node, left, right)
    if value is None:
        return None
    stored = store(scope, node.target, value.type)
    return None if stored is None else Assign(scope.at(node), (value,), ((stored, 0),))
