"""What the ledger's events tell a provider's server: that a job of its has changed, that a result is not needed now.

They only make it look sooner: it looks through the open jobs anyway, and nothing depends on an event that is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from totem.ledger.errors import LedgerError
from totem.ledger.port import Event
from totem.logs import logger
from totem.services.session import Session
from totem_chaincode.job_states import ENDED

__all__ = ["JobEvents"]

_log = logger("provider")

_RETRY_SECONDS = 5.0


class JobEvents:
    """Follows the events about one provider's jobs in a thread, until ``stop`` is set.

    ``changed`` is called at each of them, and when following begins; ``gone`` with each job whose result or partial
    groups nobody needs any more. ``joints`` are the open joint jobs of which the provider has a part, by id.
    """

    def __init__(
        self,
        session: Session,
        stop: threading.Event,
        *,
        changed: Callable[[], None],
        gone: Callable[[str], None] | None = None,
    ) -> None:
        self.joints: set[str] = set()
        self._session = session
        self._stop = stop
        self._changed = changed
        self._gone = gone

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._follow, name="events", daemon=True).start()

    def _follow(self) -> None:
        ledger = self._session.gateway.ledger
        while not self._stop.is_set():
            try:
                # Blocks from before now are covered by the look that follows.
                start = ledger.height()
                self._changed()
                for event in ledger.events(start, follow=True, stop=self._stop):
                    self._meet(event)
            except LedgerError as error:
                if self._stop.is_set():
                    return
                _log.warning("the ledger tells no events", problem=str(error), provider=self._session.participant)
                self._stop.wait(_RETRY_SECONDS)

    def _meet(self, event: Event) -> None:
        if not self._concerns(event.payload):
            return
        if event.name.startswith(("jobs.", "joint.")):
            self._changed()
        if self._gone is not None and (job_id := _not_needed(event)) is not None:
            self._gone(job_id)

    def _concerns(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event is about a job of this provider, or a joint job of which it has a part."""
        me = self._session.participant
        return me == event.get("provider") or me in event.get("parties", ()) or event.get("joint") in self.joints


def _not_needed(event: Event) -> str | None:
    """Return the job whose result or partial groups nobody needs after an event: purged, or those of a joint job."""
    told = event.payload
    if event.name == "results.purged" or (event.name == "jobs.ended" and "parties" in told and told["state"] in ENDED):
        return str(told["job_id"])
    return str(told["joint"]) if told.get("joint_state") is not None else None
