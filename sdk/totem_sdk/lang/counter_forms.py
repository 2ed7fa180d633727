"""Counters and defaultdicts as the source writes them become displays and loops, as part of ``rewrite``.

``c.update(items)`` means something else for a Counter than for other dicts, so it is rewritten where ``c`` is a Counter
by its form: nothing but ``Counter(...)`` is ever assigned to the variable or field.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Mapping

from totem_sdk.lang.constants import NotConstant, evaluate
from totem_sdk.lang.container_types import KIND_OF_DICT, Counted, Defaulting
from totem_sdk.lang.evident import Assigned, assigned, assigned_on_self, evident, place
from totem_sdk.lang.marks import BOUNDED
from totem_sdk.lang.set_forms import empty_set

__all__ = [
    "COUNTER",
    "DEFAULT_DICT",
    "DEQUE",
    "counters_on_self",
    "default_dict",
    "empty_counter",
    "evident_counters",
    "is_counter",
]

COUNTER = "collections.Counter"
DEFAULT_DICT = "collections.defaultdict"
DEQUE = "collections.deque"

_EMPTY: Mapping[str, int | float | str | bool] = {"int": 0, "float": 0.0, "str": "", "bool": False}
"""What Python's types give when they are called with nothing."""


def empty_counter() -> ast.Dict:
    """Return the display of a Counter without keys."""
    made = ast.Dict([], [])
    KIND_OF_DICT.put(made, Counted)
    return made


def default_dict(call: ast.Call) -> ast.Dict | None:
    """Return the display of a defaultdict without keys; None where what makes its values is of another form."""
    made = ast.Dict([], [])
    if len(call.args) > 1 or call.keywords:
        return None
    if call.args and not (isinstance(call.args[0], ast.Constant) and call.args[0].value is None):
        value = _called(call.args[0])
        if value is None:
            return None
        for part in ast.walk(value):
            ast.copy_location(part, call.args[0])
        text = ast.unparse(call.args[0])
        KIND_OF_DICT.put(made, functools.partial(Defaulting, default=value, text=text))
    return made


def _called(maker: ast.expr) -> ast.expr | None:
    """Return the value that a call of what makes the values has."""
    match maker:
        case ast.Name(id=name) if name in _EMPTY:
            return ast.Constant(_EMPTY[name])
        case ast.Name(id="list"):
            return ast.List([], ast.Load())
        case ast.Name(id="dict"):
            return ast.Dict([], [])
        case ast.Name(id="set"):
            return empty_set()
        case ast.Name(id=name) if name == COUNTER:
            return empty_counter()
        case ast.Name(id=name) if name == DEQUE:
            return ast.Call(ast.Name(DEQUE, ast.Load()), [], [])
        case ast.Lambda(args=ast.arguments(posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kwarg=None), body=body):
            return _value(body)
    return None


def _value(node: ast.expr) -> ast.expr | None:
    """Return a value that is the same wherever it is evaluated: constants, and containers of them."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name == DEFAULT_DICT:
            return default_dict(node)
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[ast.keyword(arg="maxlen", value=bound)]) if (
            name == DEQUE and (most := _value(bound)) is not None
        ):
            made = ast.Call(ast.Name(DEQUE, ast.Load()), [most], [])
            BOUNDED.put(made, True)
            return made
        case ast.Call(func=maker, args=[], keywords=[]):
            return _called(maker)
        case ast.List(elts=parts) | ast.Tuple(elts=[_, *_] as parts):
            values = [_value(part) for part in parts]
            found = [value for value in values if value is not None]
            if len(found) < len(parts):
                return None
            return ast.List(found, ast.Load()) if isinstance(node, ast.List) else ast.Tuple(found, ast.Load())
        case ast.Dict(keys=[]):
            return ast.Dict([], [])
    value = evaluate(node, {})
    if isinstance(value, NotConstant | tuple):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def evident_counters(function: ast.FunctionDef, fields: frozenset[str]) -> frozenset[str]:
    """Return the variables, and of ``fields`` all, that hold a Counter; with ``[]`` those that hold dicts of them."""
    return _of_counters(assigned(function), fields)


def counters_on_self(functions: Iterable[ast.FunctionDef]) -> frozenset[str]:
    """Return the fields, as ``self.NAME``, that hold a Counter; with ``[]`` those that hold dicts of them."""
    return _of_counters(assigned_on_self(functions), frozenset())


def _of_counters(values: Assigned, fields: frozenset[str]) -> frozenset[str]:
    dicts = frozenset(f"{name}[]" for name, given in values.items() if all(map(_makes_counters, given)))
    known = fields | dicts
    return evident(values, lambda value, found: _makes_counter(value, found | known)) | known


def _makes_counter(value: ast.expr | None, counters: frozenset[str]) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name)):
            return name == COUNTER
        case ast.Call(func=ast.Attribute(value=owner, attr="copy"), args=[]):
            return is_counter(owner, counters)
    return False


def _makes_counters(value: ast.expr | None) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=made)]):
            return name == DEFAULT_DICT and made == COUNTER
    return False


def is_counter(node: ast.expr, counters: frozenset[str]) -> bool:
    """Return whether an expression is a Counter by its form."""
    if isinstance(node, ast.Subscript):
        return f"{place(node.value)}[]" in counters
    return place(node) in counters
