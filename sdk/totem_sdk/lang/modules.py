"""Modules in a job: what can be imported, and one name, ``math.sqrt``, for it however it is imported."""

from __future__ import annotations

import ast
import string
from collections.abc import Mapping, Set

from totem_sdk.lang.forms import local_names
from totem_sdk.lang.nodes import walk
from totem_sdk.lang.reserved import DATE_FUNCTIONS, MODULES
from totem_sdk.mathematics import CONSTANTS, names

__all__ = ["DATES", "DATE_MODULE", "MATH", "STRINGS", "constants_of", "name_modules"]

MATH: frozenset[str] = names()


STRINGS: dict[str, str] = {
    name: getattr(string, name)
    for name in (
        "ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "octdigits", "printable",
        "punctuation", "whitespace",
    )
}  # fmt: skip
"""The constants of the module string."""

_CONSTANTS: dict[str, Mapping[str, float | str]] = {"math": CONSTANTS, "string": STRINGS}


def constants_of(imported: str, module: str | None) -> Mapping[str, float | str]:
    """Return the constants that an import brings: with ``math`` itself ``math.pi`` and so on, with a name that one."""
    if module is None:
        return {f"{imported}.{name}": value for name, value in _CONSTANTS.get(imported, {}).items()}
    found = _CONSTANTS.get(module, {})
    return {imported: found[imported]} if imported in found else {}


DATE_MODULE = "import datetime"
"""Stands among what is imported for the module datetime itself."""

DATES = ("date", "datetime", "timedelta")
"""What can be imported from the module datetime."""


def name_modules(method: ast.FunctionDef, imported: frozenset[str], from_math: frozenset[str]) -> None:
    """Put the name ``math.sqrt`` in place of the attribute, and of ``sqrt`` if that was imported, in one method.

    No variable can have such a name, so that all that follows sees a function or constant as if it were Python's own.
    """
    local = local_names(method)
    functions = from_math - set(CONSTANTS) - set(local)
    modules = {name for name in (*MODULES, "json", "math", "string") if name in imported and name not in local}
    of_modules = {name: module for module, names in MODULES.items() for name in names if name in imported}
    for node in list(walk(method)):
        if isinstance(node, ast.Call):
            _name_date(node, imported, local)
        match node:
            case ast.Call(func=ast.Name(id=name) as called) if name in imported and name in DATES and name not in local:
                called.id = f"datetime.{name}"
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in functions:
                node.id = f"math.{node.id}"
            elif node.id in of_modules and node.id not in local:
                node.id = f"{of_modules[node.id]}.{node.id}"
            elif node.id == "jobconf_from_env" and node.id in imported and node.id not in local:
                node.id = f"compat.{node.id}"
        for name, value in ast.iter_fields(node) if modules else ():
            if isinstance(value, list):
                value[:] = [_named(item, modules) for item in value]
            elif (named := _named(value, modules)) is not value:
                setattr(node, name, named)


def _name_date(node: ast.Call, imported: frozenset[str], local: Mapping[str, None]) -> None:
    """Put one name in place of ``datetime.strptime``, and of ``datetime.date`` of the module."""
    whole = DATE_MODULE in imported and "datetime" not in local
    match node.func:
        case ast.Attribute(value=ast.Name(id="datetime"), attr=name) as called if whole and name in DATES:
            made = f"datetime.{name}"
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="datetime"), attr=of), attr=name) as called if whole:
            made = f"datetime.{of}.{name}"
        case ast.Attribute(value=ast.Name(id=of), attr=name) as called if of in imported and of not in local:
            made = f"datetime.{of}.{name}"
        case _:
            return
    if made in DATE_FUNCTIONS:
        node.func = ast.copy_location(ast.Name(made, ast.Load()), called)


def _named(value: object, modules: Set[str]) -> object:
    match value:
        case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Load()) if owner in modules:
            return ast.copy_location(ast.Name(f"{owner}.{name}", ast.Load()), value)
    return value
