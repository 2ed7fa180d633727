"""Types of expressions: from the syntax tree to the typed tree, under what is known at this place."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable
from typing import Any

from totem_sdk.errors import InternalError
from totem_sdk.lang.binary import binary, inverted
from totem_sdk.lang.bools import as_number
from totem_sdk.lang.call_types import call, row_used
from totem_sdk.lang.conditions import condition, judge
from totem_sdk.lang.constants import NotConstant, evaluate
from totem_sdk.lang.container_types import Listed, Mapped
from totem_sdk.lang.dates_written import CALENDAR
from totem_sdk.lang.defaults import counted_entry, entry_or_default
from totem_sdk.lang.dicts import dict_display
from totem_sdk.lang.formats import f_string
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.list_operators import of_lists
from totem_sdk.lang.lists import display, element, tuple_display
from totem_sdk.lang.marks import COUNTED
from totem_sdk.lang.methods import DATE_METHODS
from totem_sdk.lang.named_types import Named
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.operators import negative, number
from totem_sdk.lang.paths import path_of
from totem_sdk.lang.pattern_calls import group_of, pattern_of
from totem_sdk.lang.scope import Path, Scope, widen
from totem_sdk.lang.text_methods import part_of
from totem_sdk.lang.tree import Apply, Choice, Const, Expr, Inner, Local
from totem_sdk.lang.tuples import added, item_by_index, tuple_slice
from totem_sdk.lang.unions import known_option, number_of, tuple_of
from totem_sdk.opcodes import DATE_PARTS
from totem_sdk.types import INT, STR, List, Match, Option, Tuple, Union, Values

__all__ = ["expression"]


def expression(scope: Scope, node: ast.expr) -> Expr | None:
    """Return an expression with its type; None where it was refused, or where a type is not known yet."""
    scope.work.step()
    typed = _expression(scope, node)
    if typed is not None:
        scope.work.handle(typed.type)
    return typed


def _expression(scope: Scope, node: ast.expr) -> Expr | None:
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return scope.constant(value, scope.at(node))
        case ast.UnaryOp(op=ast.Not()) | ast.BoolOp() | ast.Compare():
            judged = judge(scope, node, in_condition=False)
            return None if judged is None else judged.expr
        case Hole():
            return None
        case Statements():
            body = scope.inner(scope, node.body)
            result = expression(scope, node.result)
            return None if result is None else Inner(result.type, scope.at(node), body, result)
    if type(node) in _FORMS:
        return _FORMS[type(node)](scope, node)
    raise InternalError(f"an expression of the form {type(node).__name__} passed the check of forms")


def _known(scope: Scope, path: Path | None, expr: Expr) -> Expr:
    """Take the None out of an optional value that is known not to be None."""
    if isinstance(expr.type, Option) and scope.is_known(path):
        return Apply(expr.type.item, expr.at, "unwrap", expr.type, (expr,))
    return known_option(scope, path, expr)


def _name(scope: Scope, node: ast.Name) -> Expr | None:
    if node.id in scope.rows:
        row_used(scope, node, node.id)
        return None
    job, version = scope.role.job, scope.function.flow.reads.get(id(node))
    if version is None and (node.id in job.patterns or node.id in job.modules):
        what = f"the {'pattern' if node.id in job.patterns else 'module'} {node.id}"
        hint = f"call {node.id}.search(...) or another of its methods"
        scope.refuse(node, "type", f"{what} is used as a value", hint)
        return None
    if version is None:
        return scope.constant(scope.constants[node.id], scope.at(node))
    type_ = scope.function.types[scope.function.flow.variables[version]]
    if type_ is None:
        return None
    if isinstance(type_, Values):
        hint = f"loop over them: for value in {node.id}"
        scope.refuse(node, "values-use", f"the values {node.id} are used as a value", hint)
        return None
    return _known(scope, path_of(node), Local(type_, scope.at(node), version))


def _attribute(scope: Scope, node: ast.Attribute) -> Expr | None:
    job = scope.role.job
    if pattern_of(scope, node) is not None:
        hint = "call .search(...) or another of its methods"
        scope.refuse(node, "type", f"the pattern {node.attr} is used as a value", hint)
        return None
    match node.value:
        case ast.Name(id="self"):
            return _of_self(scope, node)
        case ast.Attribute(value=ast.Name(id="self"), attr="options"):
            return _option(scope, node)
        case ast.Name(id=name) if name in scope.rows:
            return _column(scope, node)
        case ast.Name(id=name) if name == job.name and id(node.value) not in scope.function.flow.reads:
            if node.attr in job.constants:
                return scope.constant(job.constants[node.attr], scope.at(node))
            scope.refuse(node, "unknown-attribute", f"{name} has no constant {node.attr}")
            return None
    value = expression(scope, node.value)
    return None if value is None else _part(scope, node, value)


def _option(scope: Scope, node: ast.Attribute) -> Expr | None:
    job, name = scope.role.job, node.attr
    for position, param in enumerate(job.params):
        if param.name == name and name in job.options:
            return Apply(param.type, scope.at(node), "param", param.type, (), (position,))
    hint = "declare it: def configure_args(self): super().configure_args(); self.add_passthru_arg('--name', type=int)"
    scope.refuse(node, "unknown-attribute", f"there is no option {name}", hint)
    return None


def _of_self(scope: Scope, node: ast.Attribute) -> Expr | None:
    job, name, at = scope.role.job, node.attr, scope.at(node)
    if name in job.constants:
        return scope.constant(job.constants[name], at)
    for position, param in enumerate(job.params):
        if param.name == name and name not in job.options:
            return Apply(param.type, at, "param", param.type, (), (position,))
    if name in job.methods or name == "steps":
        scope.refuse(node, "self-use", f"the method self.{name} is used as a value", f"call it: self.{name}(...)")
        return None
    if name not in scope.role.fields:
        scope.refuse(node, "state", f"there is no self.{name}")
        return None
    type_ = scope.role.fields[name]
    if type_ is None:
        return None
    position = list(scope.role.fields).index(name)
    return _known(scope, path_of(node), Apply(type_, at, "load", type_, (), (position,)))


def _column(scope: Scope, node: ast.Attribute) -> Expr | None:
    schema = scope.role.schema
    if node.attr in scope.role.hidden:
        scope.refuse(node, "hidden-column", f"the column {node.attr} is hidden")
        return None
    position = schema.index(node.attr)
    if position is None:
        names = [column.name for column in schema.columns if column.name not in scope.role.hidden]
        near = difflib.get_close_matches(node.attr[:100], names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the columns are {', '.join(names[:20])}"
        scope.refuse(node, "unknown-column", f"there is no column {node.attr}", hint)
        return None
    scope.columns.add(position)
    type_ = schema.columns[position].type
    return _known(scope, path_of(node), Apply(type_, scope.at(node), "column", type_, (), (position,)))


def _part(scope: Scope, node: ast.Attribute, value: Expr) -> Expr | None:
    """An attribute of a date or datetime."""
    name = node.attr
    if isinstance(value.type, Option):
        scope.refuse(node.value, "maybe-none", f"a value whose .{name} is taken may be None")
        return None
    if isinstance(value.type, Named) and name in value.type.names:
        place = value.type.names.index(name)
        item = Apply(value.type.items[place], scope.at(node), "item", value.type, (value,), (place,))
        by_name, base = path_of(node), path_of(node.value)
        return _known(scope, by_name if scope.is_known(by_name) or base is None else (*base, place), item)
    match node.value:
        case ast.Call(func=ast.Attribute(attr="isocalendar")) if name in CALENDAR and isinstance(value.type, Tuple):
            return Apply(INT, scope.at(node), "item", value.type, (value,), (CALENDAR.index(name),))
    parts = DATE_PARTS.get(str(value.type), ())
    if name not in parts or name in DATE_METHODS:
        is_method = name in parts or (value.type == STR and hasattr(str, name))
        hint = f"call it: .{name}()" if is_method else f"{value.type} has {', '.join(parts)}" if parts else None
        scope.refuse(node, "unknown-attribute", f"{value.type} has no attribute {name}", hint)
        return None
    return Apply(INT, scope.at(node), "date_part", value.type, (value,), (name,))


def _sign(scope: Scope, node: ast.UnaryOp) -> Expr | None:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if not isinstance(value, bool):
            return Const(INT, scope.at(node), -value)
    operand = expression(scope, node.operand)
    if operand is None:
        return None
    if isinstance(node.op, ast.USub) and isinstance(operand.type, Union):
        taken = number_of(scope, node, node.operand, operand, reads=False)
        return None if taken is None else negative(scope, node, taken)
    if isinstance(node.op, ast.USub):
        return negative(scope, node, operand)
    if isinstance(node.op, ast.Invert):
        return inverted(scope, node, operand)
    return as_number(operand) if number(scope, node.operand, as_number(operand), "the operand of +") else None


def _binary(scope: Scope, node: ast.BinOp) -> Expr | None:
    left, right = expression(scope, node.left), expression(scope, node.right)
    if left is None or right is None:
        return None
    if isinstance(left.type, List) or isinstance(right.type, List):
        return of_lists(scope, node, left, right)
    return added(scope, node, left, right) or binary(scope, node, left, right)


def _choice(scope: Scope, node: ast.IfExp) -> Expr | None:
    judged = condition(scope, node.test)
    before = dict(scope.facts)
    scope.know(judged.true if judged else ())
    sure = None if judged is None else judged.sure
    if judged is not None and sure is not None:
        # Only one arm is ever evaluated.
        arm = expression(scope, node.body if sure else node.orelse)
        arms = (arm, None) if sure else (None, arm)
        return None if arm is None else Choice(arm.type, scope.at(node), judged.expr, *arms)
    then = expression(scope, node.body)
    after_then, scope.facts = scope.facts, dict(before)
    scope.know(judged.false if judged else ())
    orelse = expression(scope, node.orelse)
    # What an arm's calls have made doubtful stays so.
    scope.facts = {root: paths for root, paths in before.items() if root in after_then and root in scope.facts}
    if judged is None or then is None or orelse is None:
        return None
    type_ = scope.joined(then.type, orelse.type)
    if type_ is None:
        scope.refuse(node, "type-conflict", f"the arms of the conditional are {then.type} and {orelse.type}")
        return None
    return Choice(type_, scope.at(node), judged.expr, widen(then, type_), widen(orelse, type_))


def _tuple(scope: Scope, node: ast.Tuple) -> Expr | None:
    items = [expression(scope, element) for element in node.elts]
    found = [item for item in items if item is not None]
    if len(found) < len(items):
        return None
    return tuple_display(scope, node, found)


def _subscript(scope: Scope, node: ast.Subscript) -> Expr | None:
    if isinstance(node.value, ast.Name) and node.value.id in scope.rows:
        row_used(scope, node.value, node.value.id, node.slice.value if isinstance(node.slice, ast.Constant) else None)
        return None
    value = expression(scope, node.value)
    if value is None:
        return None
    if COUNTED.on(node):
        return counted_entry(scope, node, value)
    if value.type == STR:
        return part_of(scope, node, value)
    if isinstance(value.type, Listed):
        return element(scope, node, value, value.type)
    if isinstance(value.type, Mapped):
        return entry_or_default(scope, node, value, value.type)
    if isinstance(node.slice, ast.Slice):
        if isinstance(value.type, Tuple) and not isinstance(value.type, Match | Union):
            return tuple_slice(scope, node, value, value.type, node.slice)
        scope.refuse(node.slice, "slice", f"a slice of {value.type}")
        return None
    return _item_of_tuple(scope, node, value)


def _item_of_tuple(scope: Scope, node: ast.Subscript, value: Expr) -> Expr | None:
    if isinstance(value.type, Option):
        scope.refuse(node.value, "maybe-none", "a value whose item is taken may be None")
        return None
    if isinstance(value.type, Union):
        found = tuple_of(scope, node, node.value, value)
        if found is None:
            return None
        value = found
    if isinstance(value.type, Match):
        group = None if isinstance(node.slice, Hole) else group_of(scope, node.slice, value)
        return None if group is None else _known(scope, path_of(node), group)
    if not isinstance(value.type, Tuple):
        scope.refuse(node, "type", f"{value.type} has no items")
        return None
    if isinstance(node.slice, Hole):
        return None
    constant = evaluate(node.slice, scope.constants)
    items = value.type.items
    if isinstance(constant, NotConstant | bool) or not isinstance(constant, int):
        return item_by_index(scope, node, value, value.type)
    if not -len(items) <= constant < len(items):
        scope.refuse(node.slice, "index", f"the tuple has {len(items)} items")
        return None
    position = constant % len(items)
    item = Apply(items[position], scope.at(node), "item", value.type, (value,), (position,))
    return _known(scope, path_of(node), item)


_FORMS: dict[type[ast.expr], Callable[[Scope, Any], Expr | None]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.Call: call,
    ast.Dict: dict_display,
    ast.IfExp: _choice,
    ast.JoinedStr: f_string,
    ast.List: display,
    ast.Name: _name,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: _sign,
}
"""What types each form of expression."""
