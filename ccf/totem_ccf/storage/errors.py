"""The one error of a provider's data: what is wrong, in which file, row and column, and never what a cell holds."""

from __future__ import annotations

from typing import Any

from totem_sdk.errors import InternalError, TotemError

__all__ = ["DataError"]


class DataError(TotemError):
    """A dataset can't be read as it was published or described.

    ``row`` counts the file's rows from 1 (in a CSV file the header is not counted); ``column`` is the name in the
    schema. The text is for the provider; a consumer gets ``for_consumer()`` only. ``hint`` says what to do, where that
    depends on more than the kind.

    ==============  ==============================================================================
    ``missing``     there is no such file or folder, or nothing in it
    ``unreadable``  the operating system refuses
    ``format``      not a file of its format, a row that has not as many cells as the header, a line that is no object
    ``truncated``   the file ends in the middle
    ``encoding``    bytes that are not UTF-8
    ``schema``      columns that are not there, have the same name, other types or a type that can't be had
    ``type``        a cell that is not of its column's type
    ``changed``     not what was published
    ``mixed``       files of different formats are asked for as one dataset
    ==============  ==============================================================================
    """

    KINDS = ("missing", "unreadable", "format", "truncated", "encoding", "schema", "type", "changed", "mixed")

    def __init__(
        self,
        kind: str,
        path: str,
        detail: str,
        *,
        row: int | None = None,
        column: str | None = None,
        hint: str = "",
    ) -> None:
        if kind not in self.KINDS:
            raise InternalError(f"unknown kind of data error {kind!r}")
        self.kind = kind
        self.path = path
        self.detail = detail
        self.row = row
        self.column = column
        self.hint = hint
        place = [path]
        if row is not None:
            place.append(f"row {row}")
        if column is not None:
            place.append(f"column {column}")
        super().__init__(f"{', '.join(place)}: {detail} [{kind}]")

    def for_consumer(self) -> str:
        """Return all that a consumer may know: the kind."""
        return self.kind

    def to_json(self) -> dict[str, Any]:
        """Return the error as a JSON object, for the provider's own processes and log."""
        return {
            "kind": self.kind,
            "path": self.path,
            "detail": self.detail,
            "row": self.row,
            "column": self.column,
            "hint": self.hint,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> DataError:
        """Make the error that ``to_json`` described."""
        return cls(
            document["kind"],
            document["path"],
            document["detail"],
            row=document["row"],
            column=document["column"],
            hint=document["hint"],
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return DataError.from_json, (self.to_json(),)
