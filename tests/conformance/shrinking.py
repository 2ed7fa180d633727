"""Makes a program on which executors differ as small as it gets while they still do."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator

_BLOCKS = ("body", "orelse", "finalbody")


def shrunk(source: str, differs: Callable[[str], bool], seconds: float = 60.0) -> str:
    """Return the program without statements, and with parts of statements in their place, that it can do without.

    ``differs`` tells of a program whether it still shows the difference; a program that is refused doesn't.
    """
    until = time.monotonic() + seconds
    smaller: str | None = ast.unparse(ast.parse(source))
    if not differs(smaller):
        return source  # it depends on how the source is written
    found = smaller
    while smaller is not None:
        found = smaller
        smaller = next((made for made in _smaller(found) if time.monotonic() < until and differs(made)), None)
    return found


def _smaller(source: str) -> Iterator[str]:
    """Yield the program without each of its statements, large ones first, and with each body in place of its head."""
    places = sorted(_places(ast.parse(source)), key=lambda place: place[3], reverse=True)
    for number, field, position, _ in places:
        tree = ast.parse(source)
        block = getattr(list(ast.walk(tree))[number], field)
        statement = block[position]
        inner = [part for name in _BLOCKS for part in getattr(statement, name, [])]
        for instead in ([], inner) if inner and not isinstance(statement, ast.ClassDef | ast.FunctionDef) else ([],):
            kept = [*block[:position], *instead, *block[position + 1 :]]
            block[:] = kept or ([ast.Pass()] if field == "body" else [])
            yield ast.unparse(tree)
            block[:] = [*block[:position], statement, *block[position + len(instead) :]]


def _places(tree: ast.Module) -> Iterator[tuple[int, str, int, int]]:
    """Yield where each statement stands: the number of its parent in a walk, the block, the position; and its size."""
    for number, node in enumerate(ast.walk(tree)):
        for field in _BLOCKS:
            block = getattr(node, field, None)
            for position, statement in enumerate(block if isinstance(block, list) else []):
                if not isinstance(statement, ast.Pass):
                    yield number, field, position, sum(1 for _ in ast.walk(statement))
