"""The end of a provider's server: a ledger that does not answer keeps it for moments only, no other is broken off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from totem.ledger.members import Members
from totem.logs import logger

__all__ = ["PATIENCE_SECONDS", "breaking_off"]

PATIENCE_SECONDS = 4.0
"""How long servers that end may still wait for the ledger: what it has been sent is settled at the next start."""

_POLL_SECONDS = 0.25

_log = logger("provider")


@contextmanager
def breaking_off(members: Members, ending: threading.Event) -> Iterator[None]:
    """Serve within a ``with``; once ``ending`` is set, calls that a ledger does not answer are broken off.

    That is for servers that have not left the ``with`` ``PATIENCE_SECONDS`` later, and of their calls for those that
    have waited as long. A ledger that answers is left alone, however long a server takes.
    """
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(members, ending, over), name="ending", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(members: Members, ending: threading.Event, over: threading.Event) -> None:
    while not ending.wait(_POLL_SECONDS):
        if over.is_set():
            return
    if over.wait(PATIENCE_SECONDS):
        return
    is_told = False
    while not over.wait(_POLL_SECONDS):
        if members.break_off(PATIENCE_SECONDS) and not is_told:
            is_told = True
            _log.warning(
                f"a server has not ended after {PATIENCE_SECONDS:g} s: its connections to the ledger are closed; what"
                " was sent is settled at the next start"
            )
