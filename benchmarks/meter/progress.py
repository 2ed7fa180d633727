"""What stands around the figures: the machine, and how far the measuring is (a bar; in a pipe a line now and then)."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

__all__ = ["machine", "shown"]

_Item = TypeVar("_Item")
SECONDS = 20.0
"""Between two lines in a pipe."""


def machine() -> str:
    """Return what was measured on, when, and how busy it is."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return f"{platform.machine()}, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}, {when} UTC"


def shown(console: Console, title: str, items: Iterable[_Item], total: int) -> Iterator[_Item]:
    """Yield the items while showing how many have been gone through."""
    if console.is_terminal:
        yield from track(items, title, total, console=console)
        return
    last = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last > SECONDS or number == total:
            print(f"  {title}: {number} of {total}", flush=True)
            last = time.monotonic()
