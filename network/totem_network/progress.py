"""What a command that takes a while tells meanwhile: one line for each step that is done."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Say", "Steps"]

Say = Callable[[str], None]


class Steps:
    """Says what has been done, and how many seconds after the beginning."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = time.monotonic()

    def done(self, what: str) -> None:
        """Say that a step is done."""
        self._say(f"{time.monotonic() - self._began:6.1f} s  {what}")
