"""The file that a line is from: ``jobconf_from_env('mapreduce.map.input.file')`` in the first mapper of an MRJob.

It is a column of the rows, ``file`` beside ``line`` (``schema.LINES_OF_FILES``), which a job has that asks for it.
"""

from __future__ import annotations

import ast

from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Expr
from totem_sdk.schema import LINES_OF_FILES
from totem_sdk.types import STR

__all__ = ["JOBCONF", "asks_for_file", "input_file"]

JOBCONF = "compat.jobconf_from_env"
"""mrjob's function, under the name that ``modules`` gives it."""

_NAMES = ("mapreduce.map.input.file", "map.input.file")
_COLUMN = LINES_OF_FILES.index("file")


def asks_for_file(node: ast.AST) -> bool:
    """Return whether a tree asks for anything by this function: nothing else than the file is known."""
    return any(isinstance(part, ast.Name) and part.id == JOBCONF for part in ast.walk(node))


def input_file(scope: Scope, node: ast.Call) -> Expr | None:
    """Return the name of the file that the row is from."""
    match node.args:
        case [ast.Constant(value=str() as name)] if name in _NAMES:
            pass
        case _:
            hint = f"write jobconf_from_env('{_NAMES[0]}')"
            scope.refuse(
                node, "argument", "nothing is known of how the job runs but the file that a line is from", hint
            )
            return None
    if scope.function.name != scope.role.reader or _COLUMN is None:
        hint = "call it in the first mapper of an MRJob, and yield it or pass it on; a TotemJob's rows have columns"
        scope.refuse(node, "argument", "the file that a row is from is not known here", hint)
        return None
    scope.columns.add(_COLUMN)
    return Apply(STR, scope.at(node), "column", STR, (), (_COLUMN,))
