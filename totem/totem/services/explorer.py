"""The ledger explorer: blocks, transactions, and the proof that the chain is what it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from totem.ledger.errors import LedgerError
from totem.ledger.port import Block, Ledger, TransactionRecord
from totem.services.errors import Missing, from_ledger

__all__ = ["Explorer"]

_VALID = "VALID"


class Explorer:
    """What everybody on the ledger can see."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def height(self) -> int:
        """Return how many blocks there are."""
        with _said():
            return self._ledger.height()

    def block(self, number: int, *, content: bool = False) -> dict[str, Any]:
        """Return a block; with ``content`` also each transaction's arguments and what it wrote.

        Raises:
            Missing: there is no such block.
        """
        try:
            with _said():
                return _block(self._ledger.block(number), content=content)
        except LookupError:
            raise Missing(f"there is no block {number}: the ledger has {self.height()}") from None

    def blocks(self, before: int, limit: int) -> list[dict[str, Any]]:
        """Return up to ``limit`` blocks with a number smaller than ``before``, newest first."""
        return [self.block(number) for number in range(before - 1, max(-1, before - 1 - limit), -1)]

    def verify(self, anchor: str | None = None) -> dict[str, Any]:
        """Check the whole chain from its first block on; ``anchor`` is a block's hash seen before."""
        with _said():
            report = self._ledger.verify(anchor)
        return {
            "ok": report.ok,
            "blocks": report.blocks,
            "transactions": report.transactions,
            "genesis": report.genesis,
            "head": report.head,
            "problem": report.problem,
        }


@contextmanager
def _said() -> Iterator[None]:
    """Turn what the ledger itself says into our words.

    Raises:
        ServiceError: the ledger can't be read now.
    """
    try:
        yield
    except LedgerError as error:
        raise from_ledger(error) from error


def _block(block: Block, *, content: bool) -> dict[str, Any]:
    return {
        "number": block.number,
        "hash": block.hash,
        "previous": block.previous,
        "at": block.timestamp,
        "transactions": [_transaction(item, content=content) for item in block.transactions],
    }


def _transaction(item: TransactionRecord, *, content: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "tx_id": item.tx_id,
        "function": item.function,
        "creator": item.creator,
        "valid": item.code == _VALID,
        "code": item.code,
        "event": item.event,
    }
    if content:
        told |= {
            "args": item.args,
            "writes": [{"key": key, "value": value} for key, value in item.writes],
            "private_writes": [{"key": key, "hash": value} for key, value in item.private_writes],
        }
    return told
