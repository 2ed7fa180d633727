"""Column names as a job can write them (``totem_sdk.names``), for all columns of a file.

Two columns that come to the same name are refused: neither is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

from totem_ccf.storage.errors import DataError
from totem_sdk.names import identifier

__all__ = ["identifier", "identifiers"]


def identifiers(names: Sequence[str], path: str) -> tuple[str, ...]:
    """Return the identifiers for the columns of a file.

    Raises:
        DataError: two columns have the same identifier (kind ``schema``).
    """
    made: dict[str, str] = {}
    for position, name in enumerate(names):
        new = identifier(name, position)
        if new in made:
            detail = f"the columns {made[new]!r} and {name!r} both get the name {new}"
            raise DataError(
                "schema", path, detail, hint="rename one of them in the file: a schema can't tell them apart"
            )
        made[new] = name
    return tuple(made)
