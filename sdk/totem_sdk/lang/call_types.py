"""Types of calls: what is called, under what is known at this place, and rows that are used as values."""

from __future__ import annotations

import ast

from totem_sdk.lang.callables import arguments_of
from totem_sdk.lang.container_types import Counted, Gathered, Listed, Mapped, Queued
from totem_sdk.lang.counter_forms import DEQUE
from totem_sdk.lang.dates import MAKERS, make
from totem_sdk.lang.dates_read import READERS, read_date
from totem_sdk.lang.defaults import call_counter_method
from totem_sdk.lang.deques import call_deque_method, make_deque
from totem_sdk.lang.dicts import call_dict_method
from totem_sdk.lang.functions import call_function, has_arguments
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.input_files import JOBCONF, input_file
from totem_sdk.lang.json_texts import DUMPS, dumps
from totem_sdk.lang.list_methods import call_list_method
from totem_sdk.lang.marks import DESCENDING
from totem_sdk.lang.mathematics import MATH_CALLS, call_math, power
from totem_sdk.lang.methods import call_method
from totem_sdk.lang.named_tuples import REPLACE, replaced, tuple_of_names
from totem_sdk.lang.pattern_calls import call_with_pattern, has_pattern
from totem_sdk.lang.reserved import meant
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.sets import call_set_method
from totem_sdk.lang.targets import STARRED
from totem_sdk.lang.tree import Call, Expr, FunctionKey
from totem_sdk.lang.tuples import call_tuple_method, starred
from totem_sdk.types import Match, Tuple, Union

__all__ = ["call", "row_used"]


def call(scope: Scope, node: ast.Call) -> Expr | None:
    """Return a call of a helper, a method of a value, or a function of Python."""
    match node.func:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return _call_helper(scope, node, name)
        case ast.Attribute(value=ast.Name(id=name) as row, attr=method_name) if name in scope.rows:
            is_column = scope.role.schema.index(method_name) is not None
            row_used(scope, row, name, method_name if is_column else None, "" if is_column else f".{method_name}(...)")
            return None
        case ast.Attribute() as method if has_pattern(scope, method):
            return call_with_pattern(scope, node, method)
        case ast.Attribute(value=value) as method:
            owner = scope.check(scope, value)
            arguments = [scope.check(scope, argument) for argument in node.args]
            if owner is None or None in arguments:
                return None
            if method.attr == REPLACE:
                return replaced(scope, node, owner, owner.type)
            found = [a for a in arguments if a is not None]
            return _call_method(scope, node, method, owner, found)
        case ast.Name(id=name) if id(node.func) not in scope.function.flow.reads and name not in scope.constants:
            return _call_python(scope, node, name)
        case Hole():
            return None
        case _:
            function, version = scope.function, scope.function.flow.reads.get(id(node.func))
            is_row = isinstance(node.func, ast.Name) and node.func.id in scope.rows
            if version is not None and not is_row and function.types[function.flow.variables[version]] is None:
                return None  # the name of something that was refused
            scope.refuse(node, "type", "a variable is called as a function", "give the variable another name")
            return None


def _call_python(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    if name in MAKERS:
        return make(scope, node, name.removeprefix("datetime."))
    if name in READERS:
        return read_date(scope, node, name)
    if name == JOBCONF:
        return input_file(scope, node)
    if name == DEQUE:
        return make_deque(scope, node)
    if name == DUMPS:
        return dumps(scope, node)
    if name in MATH_CALLS:
        return call_math(scope, node, name.removeprefix("math."))
    if name != "pow":
        return call_function(scope, node, name)
    args = [scope.check(scope, argument) for argument in node.args]
    found = [argument for argument in args if argument is not None]
    if len(found) < len(args) or not has_arguments(scope, node, "pow()", 2, 2):
        return None
    return power(scope, node, node.args, *found)


def _call_helper(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    job = scope.role.job
    if name not in job.methods:
        near = meant(name, job.methods)
        hint = f"did you mean self.{near}(...)?" if near else f"write it: def {name}(self, ...)"
        scope.refuse(node.func, "unknown-function", f"there is no method {name}", hint)
        return None
    defaults = job.defaults.get(name, {})
    given, wrong = arguments_of(job.methods[name], node, defaults)
    checked: dict[int, Expr | None] = {}
    # As they are written, which is how they are evaluated.
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if not _is_row(scope, argument):
            checked[id(argument)] = scope.check(scope, argument)
    if wrong is not None:
        scope.refuse(node, "argument", wrong)
        return None
    scope.forget(f"self.{stored}" for stored in sorted(scope.role.reach[name].stores))
    passed = {
        parameter: scope.constant(defaults[parameter], scope.at(node)) if argument is None else checked[id(argument)]
        for parameter, argument in given.items()
        if not _is_row(scope, argument)
    }
    args = [expr for expr in passed.values() if expr is not None]
    if len(args) < len(passed):
        return None
    written = list(checked)
    ranks = [written.index(id(given[parameter])) if given[parameter] is not None else -1 for parameter in passed]
    order = sorted(range(len(ranks)), key=ranks.__getitem__)
    if name in job.named:
        return tuple_of_names(scope, node, (name.removesuffix("()"), job.named[name]), args, order)
    types = (passed.get(parameter) for parameter in given)
    key = FunctionKey(name, tuple(None if expr is None else expr.type for expr in types))
    state = scope.role.helper(key, node)
    if state is None:
        return None
    scope.calls[key] = None
    scope.columns |= state.columns
    if state.returns is None:
        return None
    return Call(state.returns, scope.at(node), key, tuple(args), tuple(order))


def _call_method(scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]) -> Expr | None:
    if method.attr in STARRED:
        return starred(scope, node, method.attr, owner, args)
    if isinstance(owner.type, Tuple) and not isinstance(owner.type, Match | Union):
        return call_tuple_method(scope, node, method, owner, args)
    if isinstance(owner.type, Queued):
        return call_deque_method(scope, node, method, owner, args)
    if isinstance(owner.type, Listed):
        descending = DESCENDING.on(node)
        return call_list_method(scope, node, method, owner, args, descending=descending)
    if isinstance(owner.type, Gathered):
        return call_set_method(scope, node, method, owner, args)
    if isinstance(owner.type, Counted):
        return call_counter_method(scope, node, method, owner, args)
    if isinstance(owner.type, Mapped):
        return call_dict_method(scope, node, method, owner, args)
    return call_method(scope, node, method, owner, args)


def _is_row(scope: Scope, argument: ast.expr | None) -> bool:
    return isinstance(argument, ast.Name) and argument.id in scope.rows


def row_used(scope: Scope, node: ast.AST, name: str, wanted: object = None, after: str = "") -> None:
    """Refuse another use of a row than row.column; ``wanted`` is what may be the name of a column."""
    columns = [column.name for column in scope.role.schema.columns]
    if not (isinstance(wanted, str) and wanted.isidentifier()):
        wanted = columns[0] if len(columns) == 1 else None
    known = wanted or columns[0]
    read, what = (f'{name}["{known}"]', "a key") if scope.role.job.objects else (f"{name}.{known}", "a column")
    hint = f"write {read}{after}" if wanted else f"write {name} and {what}: {read}{after}"
    scope.refuse(node, "row-use", f"the row {name} is used as a value", hint)
