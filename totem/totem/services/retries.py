"""When what has failed is tried again: exponential back-off with jitter, without I/O and without a clock of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Retries"]

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 60.0


@dataclass(slots=True)
class _Trouble:
    failures: int
    due: float


class Retries:
    """Counts the failures of things by name, and says when each may be tried again.

    ``clock`` gives seconds that only grow, ``jitter`` a number from 0 to 1: the pause after the n-th failure is 0.5 ×
    2ⁿ⁻¹ seconds, 60 at most, shortened by up to a half, so that what failed together does not come back together.
    """

    def __init__(self, clock: Callable[[], float], jitter: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._jitter = jitter
        self._troubles: dict[str, _Trouble] = {}

    def failed(self, name: str) -> int:
        """Take note of a failure; return how many there have been."""
        failures = self.failures(name) + 1
        # The exponent is bounded: a ledger may be away for days.
        pause = min(FIRST_SECONDS * 2 ** min(failures - 1, 16), LONGEST_SECONDS)
        self._troubles[name] = _Trouble(failures, self._clock() + pause * (1 - self._jitter() / 2))
        return failures

    def failures(self, name: str) -> int:
        """Return how often it has failed since it was last forgotten."""
        found = self._troubles.get(name)
        return 0 if found is None else found.failures

    def postpone(self, name: str, seconds: float) -> None:
        """Let it rest without counting a failure: something else is in the way."""
        self._troubles[name] = _Trouble(self.failures(name), self._clock() + seconds)

    def forget(self, name: str) -> None:
        """Take note that it has succeeded, or that nobody wants it any more."""
        self._troubles.pop(name, None)

    def keep(self, names: set[str]) -> None:
        """Forget everything that is not in ``names``."""
        for name in self._troubles.keys() - names:
            del self._troubles[name]

    def is_due(self, name: str) -> bool:
        """Return whether it may be tried now."""
        found = self._troubles.get(name)
        return found is None or found.due <= self._clock()

    def pause(self, longest: float) -> float:
        """Return the seconds until the next thing becomes due, ``longest`` at most."""
        now = self._clock()
        return min([longest, *(found.due - now for found in self._troubles.values() if found.due > now)])
