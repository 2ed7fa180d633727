"""What a job can import, and what it imports without using it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection

from totem_sdk.lang.annotation_forms import ABSTRACT, TYPING
from totem_sdk.lang.modules import DATES, MATH, STRINGS
from totem_sdk.lang.reserved import COLLECTIONS, MODULES
from totem_sdk.lang.surface import PROTOCOL_NAMES

__all__ = ["IMPORTS", "is_idle", "is_main"]

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


def is_idle(tree: ast.Module, alias: ast.alias, what: str) -> bool:
    """Return whether an import of ``what`` brings something of Python's own, or of mrjob's, that no job's part uses."""
    name = alias.asname or alias.name.partition(".")[0]
    if alias.name == "*" or what.partition(".")[0] not in (*sys.stdlib_module_names, "mrjob"):
        return False
    used = (part for statement in tree.body if not is_main(statement) for part in ast.walk(statement))
    return not any(isinstance(part, ast.Name) and part.id == name for part in used)
