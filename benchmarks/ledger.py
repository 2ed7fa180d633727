"""The embedded ledger against plain SQLite: what signing, checking, chaining and two databases add to a commit.

Both commit one after the other, each safe against a power cut (``synchronous=FULL``), on the same disk in turn.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Answer, Contender
from totem.ledger.bootstrap import Consortium

__all__ = ["COMMITS", "commits"]

COMMITS = 50
"""Transactions of one run."""

_PAYLOAD = "x" * 4_000
"""About as many bytes as a transaction has on the chain."""


@contextmanager
def commits(folder: Path) -> Iterator[tuple[Contender, Contender]]:
    """Make an empty consortium and an empty database in ``folder``; gives ours and the peer."""
    with (
        TemporaryDirectory(dir=folder) as place,
        closing(Consortium.create(Path(place) / "totem")) as consortium,
        closing(sqlite3.connect(Path(place) / "plain.db", isolation_level=None)) as plain,
    ):
        yield _ours(consortium), _sqlite(plain)


def _ours(consortium: Consortium) -> Contender:
    gateway = consortium.gateway("consumer")

    def run() -> Answer:
        before = consortium.ledger.height()
        for number in range(COMMITS):
            gateway.submit("accounts.request", {"amount": number + 1, "reason": "to measure with"})
        return {"committed": consortium.ledger.height() - before}

    return Contender("embedded ledger", run)


def _sqlite(connection: sqlite3.Connection) -> Contender:
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE plain (payload TEXT);")

    def run() -> Answer:
        count = "SELECT count(*) FROM plain"
        before = connection.execute(count).fetchone()[0]
        for _ in range(COMMITS):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO plain VALUES (?)", (_PAYLOAD,))
            connection.execute("COMMIT")
        return {"committed": connection.execute(count).fetchone()[0] - before}

    return Contender("sqlite, synchronous=FULL", run)
