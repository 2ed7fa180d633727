"""Formats of the state: which one the ledger's records are in, and how older records become the contracts' own.

A release whose records look different adds a ``Migration`` to ``MIGRATIONS``; that makes a new format. The ledger's
format is a record of its own, which every transaction reads: contracts refuse to work on records that they don't
understand, older or newer. The consortium brings the state forward with ``consortium.migrate``, page by page.

What a migration can't reach are private data: a transaction that writes is endorsed by organisations that can't read
them. So they are never migrated: whoever reads them takes every format that there was. Participants' records keep the
fields by which callers are known (``state``, ``role``, ``reason``) in every format: the migration's own caller is
looked up among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from totem_chaincode.errors import Conflict

if TYPE_CHECKING:
    from totem_chaincode.state import State

__all__ = ["FORMATS", "MIGRATIONS", "Change", "Formats", "Migration", "Position"]

Change = Callable[[tuple[str, ...], Any], Any]
"""Gets a record's key parts and the record; returns it in the next format, or None where it is to be deleted."""

_KEY = "format"
_FIRST = 1
"""The format of a ledger that has no record of one."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step to the next format: what becomes of the records of each kind that changes; ``title`` is for people."""

    title: str
    kinds: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Position:
    """Where the state is: in ``version``, or, with ``kind``, on the way to the next one, behind the key ``after``."""

    version: int
    kind: str = ""
    after: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether some records are in the next format already."""
        return bool(self.kind)


class Formats:
    """All formats that there have been, by the migrations between them; the newest one is the contracts' own."""

    def __init__(self, migrations: Sequence[Migration]) -> None:
        for migration in migrations:
            if not migration.kinds or _KEY in migration.kinds:
                raise ValueError(f"migration {migration.title!r}: it names no kind of record, or the format's own")
        self._migrations = tuple(migrations)
        self.newest = _FIRST + len(self._migrations)

    def position(self, state: State) -> Position:
        """Return where the ledger's state is."""
        record = state.get(_KEY)
        return Position(_FIRST) if record is None else Position(**record)

    def write(self, state: State, position: Position) -> None:
        """Keep where the state will be when the transaction commits."""
        state.put(_KEY, record={"version": position.version, "kind": position.kind, "after": position.after})

    def check(self, state: State) -> None:
        """Do nothing where the contracts understand the state.

        Raises:
            Conflict: codes ``old_format``, ``migrating``, ``new_format``.
        """
        position = self.position(state)
        if position.version > self.newest:
            raise Conflict(
                f"the ledger's records are in format {position.version}, these contracts know formats up to"
                f" {self.newest}: this organisation's chaincode must be upgraded",
                code="new_format",
                details=self.describe(position),
            )
        if position.is_under_way:
            raise Conflict(
                f"the ledger's records are being brought to format {position.version + 1}: try again when the"
                " consortium is done (`consortium.migrate`)",
                code="migrating",
                details=self.describe(position),
            )
        if position.version < self.newest:
            raise Conflict(
                f"the ledger's records are in format {position.version}, these contracts need {self.newest}: a member"
                " of the consortium must bring them forward (`consortium.migrate`)",
                code="old_format",
                details=self.describe(position),
            )

    def step(self, position: Position) -> tuple[Migration, list[str]]:
        """Return the migration that leads on from a position, and the kinds that it has still to do, in order."""
        migration = self._migrations[position.version - _FIRST]
        return migration, [kind for kind in sorted(migration.kinds) if kind >= position.kind]

    def describe(self, position: Position) -> dict[str, Any]:
        """Return a position as JSON: format, the format needed, titles of the migrations that remain."""
        return {
            "version": position.version,
            "needed": self.newest,
            "migrating": position.kind or None,
            "remaining": [migration.title for migration in self._migrations[position.version - _FIRST :]],
        }


MIGRATIONS: tuple[Migration, ...] = ()
"""From each format to the next, oldest first."""

FORMATS = Formats(MIGRATIONS)
