"""Outages of a ledger: each is told once when it has lasted for a moment, why once that is known, and its end."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from totem.services.errors import OutcomeUnknown, ServiceError

__all__ = ["Outage"]


class Outage:
    """Notices that a ledger does not answer, also while somebody still waits for its answer.

    ``warn`` and ``inform`` are told in whole sentences, with fields. A question that is not answered after ``seconds``
    is taken for the beginning of an outage: a call to a network is tried again for long before it fails. Only then it
    says why; every reason is told once in an outage.
    """

    def __init__(self, warn: Callable[..., None], inform: Callable[..., None], *, seconds: float = 5.0) -> None:
        self._warn = warn
        self._inform = inform
        self._seconds = seconds
        self._lock = threading.Lock()
        self._is_told = False
        self._problems: set[str] = set()

    @contextmanager
    def noticed(self, **fields: str) -> Iterator[None]:
        """Ask the ledger within a ``with``; ``fields`` are told with an outage.

        Raises:
            ServiceError: what the question has met; that the ledger does not answer is told by then.
        """
        began = time.time()
        timer = threading.Timer(self._seconds, self._tell, (began, fields))
        timer.daemon = True
        timer.start()
        try:
            yield
        except OutcomeUnknown:
            raise  # a part of the network has answered, another one has not: neither an outage nor the end of one
        except ServiceError as error:
            if error.code == "no_ledger":
                self._tell(began, fields, error.message)
            else:
                self._answered(timer, fields)
            raise
        else:
            self._answered(timer, fields)
        finally:
            timer.cancel()

    def _answered(self, timer: threading.Timer, fields: Mapping[str, str]) -> None:
        timer.cancel()
        with self._lock:
            was_told, self._is_told = self._is_told, False
            self._problems.clear()
        if was_told:
            self._inform("the ledger answers again", **fields)

    def _tell(self, began: float, fields: Mapping[str, str], problem: str = "") -> None:
        with self._lock:
            was_told, self._is_told = self._is_told, True
            is_new = bool(problem) and problem not in self._problems
            if is_new:
                self._problems.add(problem)
        why = {"problem": problem} if problem else {}
        if not was_told:
            since = datetime.datetime.fromtimestamp(began, datetime.UTC)
            self._warn(f"the ledger does not answer since {since:%H:%M:%S} UTC; trying again", **fields, **why)
        elif is_new:
            self._warn("the ledger still does not answer; trying again", **fields, **why)
