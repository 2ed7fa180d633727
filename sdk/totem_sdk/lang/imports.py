"""What a job can import, and what it imports without using it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection

from totem_sdk.lang.annotation_forms import ABSTRACT, TYPING
from totem_sdk.lang.modules import DATES, MATH, STRINGS
from totem_sdk.lang.nodes import walk
from totem_sdk.lang.reserved import COLLECTIONS, MODULES
from totem_sdk.lang.surface import PROTOCOL_NAMES

__all__ = ["IMPORTS", "is_harmless", "is_late", "is_main", "names_of"]

IMPORTS: dict[str, Collection[str]] = {
    "totem_sdk": ("TotemJob", "Param"),
    "mrjob.compat": ("jobconf_from_env",),
    "mrjob.job": ("MRJob", "MRStep"),
    "mrjob.protocol": PROTOCOL_NAMES,
    "mrjob.step": ("MRStep",),
    "json": ("JSONDecodeError",),
    "math": MATH,
    **MODULES,
    "collections": (*COLLECTIONS, "namedtuple"),
    "string": tuple(STRINGS),
    "datetime": DATES,
    "typing": TYPING,
    "collections.abc": ABSTRACT,
    "__future__": ("annotations",),
    "": (*MODULES, "datetime", "json", "math", "re", "string", "typing"),
}
"""What can be imported from which module; from none: modules."""

_HARMLESS = sys.stdlib_module_names | {"mrjob"}


def is_main(statement: ast.stmt) -> bool:
    """Return whether a statement is done only where the file is run as a program, as by mrjob."""
    match statement:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]
            ),
            orelse=[],
        ):
            return True
    return False


def names_of(tree: ast.Module) -> frozenset[str]:
    """Return the names that stand in what a job is."""
    parts = (part for statement in tree.body if not is_main(statement) for part in walk(statement))
    return frozenset(part.id for part in parts if isinstance(part, ast.Name))


def is_harmless(alias: ast.alias, what: str) -> bool:
    """Return whether an import of ``what`` brings something of Python's own or of mrjob's, which can then be unused."""
    return alias.name != "*" and what.partition(".")[0] in _HARMLESS


def is_late(tree: ast.Module, statement: ast.stmt) -> bool:
    """Return whether an import of ``__future__`` stands behind something else than a docstring and such imports."""
    for before in tree.body:
        match before:
            case _ if before is statement:
                return False
            case ast.ImportFrom(module="__future__") | ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                return True
    return False
