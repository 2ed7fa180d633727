"""Tuples with names: how namedtuples are defined at the top of a module.

``Point = namedtuple("Point", ["x", "y"])`` and ``class Point(NamedTuple)`` become a function of the module that takes
the items and gives a tuple: arguments by name, defaults and their order are those of any function. What differs is
that a call of it is no call of a helper, but a tuple whose type has the names (``named_types.Named``).
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable

__all__ = [
    "Definition",
    "class_definition",
    "function_of",
    "is_class_of_names",
    "is_named_tuple",
    "made_by_call",
]

_CODE = "named-tuple"
_METHODS = ("count", "index")

Add = Callable[[ast.AST, str, str, str | None], None]
Definition = tuple[list[str], list[ast.expr | None], list[ast.expr]]
"""The names of the items, their annotations, and the defaults of the last of them."""


def is_named_tuple(node: ast.expr | None) -> bool:
    """Return whether an expression calls ``namedtuple``."""
    match node:
        case ast.Call(func=ast.Name(id="namedtuple")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="collections"), attr="namedtuple")):
            return True
    return False


def is_class_of_names(node: ast.stmt) -> bool:
    """Return whether a statement is a class that derives from ``NamedTuple`` alone."""
    match node:
        case ast.ClassDef(bases=[ast.Name(id="NamedTuple")]):
            return True
        case ast.ClassDef(bases=[ast.Attribute(value=ast.Name(id="typing"), attr="NamedTuple")]):
            return True
    return False


def made_by_call(call: ast.Call, add: Add) -> Definition | None:
    """Read ``namedtuple("Point", ["x", "y"], defaults=[0])``; what is wrong is added, and None returned."""
    defaults: list[ast.expr] = []
    match call:
        case ast.Call(args=[ast.Constant(value=str() as title), given], keywords=[]):
            pass
        case ast.Call(
            args=[ast.Constant(value=str() as title), given],
            keywords=[ast.keyword(arg="defaults", value=ast.List(elts=defaults) | ast.Tuple(elts=defaults))],
        ):
            pass
        case _:
            add(call, _CODE, "a namedtuple takes its name, the names of its items, and defaults=[...]", None)
            return None
    match given:
        case ast.Constant(value=str() as text):
            names = text.replace(",", " ").split()
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            names = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if len(names) < len(parts):
                add(given, _CODE, "the names of a namedtuple's items are no constant texts", None)
                return None
        case _:
            add(given, _CODE, "the names of a namedtuple's items are no constant texts", None)
            return None
    if not _is_name(title):
        add(call.args[0], _CODE, f"{title!r} is no name of a namedtuple", None)
        return None
    return _checked(given, names, [None] * len(names), defaults, add)


def class_definition(node: ast.ClassDef, add: Add) -> Definition | None:
    """Read ``class Point(NamedTuple)``; what is wrong is added, and None returned."""
    names: list[str] = []
    annotations: list[ast.expr | None] = []
    defaults: list[ast.expr] = []
    wrong: ast.AST | None = next(iter((*node.decorator_list, *node.keywords)), None)
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                names.append(name)
                annotations.append(annotation)
                if value is not None:
                    defaults.append(value)
                elif defaults:
                    add(statement, _CODE, f"{name} has no default, but an item before it has one", None)
                    return None
            case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
                pass
            case _:
                wrong = wrong or statement
    if wrong is not None:
        hint = "write x: int for each item, and functions of the module for what is computed from them"
        add(wrong, _CODE, f"{node.name} has something else than items", hint)
        return None
    return _checked(node, names, annotations, defaults, add)


def _is_name(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name)


def _checked(
    node: ast.AST, names: list[str], annotations: list[ast.expr | None], defaults: list[ast.expr], add: Add
) -> Definition | None:
    for name in names:
        if not _is_name(name) or name.startswith("_") or name in (*_METHODS, "self"):
            add(node, _CODE, f"an item of a namedtuple can't have the name {name!r} here", "use another name")
            return None
    if not names or len(set(names)) < len(names) or len(defaults) > len(names):
        what = "no items" if not names else "more defaults than items" if len(defaults) > len(names) else "a name twice"
        add(node, _CODE, f"a namedtuple with {what}", None)
        return None
    return names, annotations, defaults


def function_of(node: ast.AST, name: str, definition: Definition) -> ast.FunctionDef:
    """Return the function that gives a tuple of its arguments, at the place of the definition."""
    names, annotations, defaults = definition
    (made,) = ast.parse(f"def f({', '.join(names)}):\n    return ({', '.join(names)},)").body
    if not isinstance(made, ast.FunctionDef):
        raise TypeError("a function is parsed as something else")
    for part in ast.walk(made):
        if isinstance(part, ast.expr | ast.stmt | ast.arg):
            ast.copy_location(part, node)
    made.name = name
    for argument, annotation in zip(made.args.args, annotations, strict=True):
        argument.annotation = annotation
    made.args.defaults = defaults
    return made
