"""Ctrl-C: an interrupt arrives where it can be dealt with, and once.

A command that has processes and folders of its own must not be torn down in the middle of making or removing them. So
it holds interrupts, and allows them only where it waits or reads for long; one that comes meanwhile is raised there as
KeyboardInterrupt. Whoever has caught it says so with ``begin_end``: from then on further ones change nothing.

Without ``install`` (in tests, in other programs) nothing of this does anything. A server, which has nothing to hold,
uses ``stopping`` instead.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

__all__ = ["allowed", "begin_end", "held", "ignore", "install", "stopping"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BURST_SECONDS = 1.0
"""Interrupts that come so soon after one that was raised are the same impatience."""


class _Interrupts:
    def __init__(self) -> None:
        self.is_held = False
        self.is_pending = False
        self.is_ending = False
        self.raised_at: float | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        now = time.monotonic()
        if self.is_ending or (self.raised_at is not None and now - self.raised_at < _BURST_SECONDS):
            return
        if self.is_held:
            self.is_pending = True
            return
        self.is_pending = False
        self.raised_at = now
        raise KeyboardInterrupt

    @contextmanager
    def switched(self, *, is_held: bool) -> Iterator[None]:
        before = self.is_held
        self._switch(is_held=is_held)
        try:
            yield
        finally:
            self.is_held = True  # nothing else may arrive between here and there
            self._switch(is_held=before)

    def _switch(self, *, is_held: bool) -> None:
        self.is_held = is_held
        if self.is_pending and not is_held:
            self.handle(signal.SIGINT, None)


_interrupts = _Interrupts()


def install() -> None:
    """Take over what interrupts this process; signals that are ignored (as under ``nohup``) stay so."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupts.handle)


def held() -> AbstractContextManager[None]:
    """Let no interrupt through within a ``with``.

    Raises:
        KeyboardInterrupt: at its end, where one has come meanwhile.
    """
    return _interrupts.switched(is_held=True)


def allowed() -> AbstractContextManager[None]:
    """Let interrupts through within a ``with``, in the midst of ``held``.

    Raises:
        KeyboardInterrupt: at once, where one has come meanwhile.
    """
    return _interrupts.switched(is_held=False)


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop``, in a thread of its own, for every SIGTERM or SIGINT within a ``with`` in the main thread.

    A handler may not call it: it runs in the main thread between any two instructions, and hangs on a lock that the
    interrupted code holds, as that of an event which is just about to be waited for. Signals that are ignored stay so.
    """
    numbers = [number for number in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(number) is not signal.SIG_IGN]
    told, telling = os.pipe()
    os.set_blocking(telling, False)

    def listen() -> None:
        while number := os.read(told, 1)[0]:  # that of a signal; 0: the end
            if number in numbers:  # other signals are told too
                stop()

    thread = threading.Thread(target=listen, name="signals")
    thread.start()
    before_fd = signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_fd)
        os.set_blocking(telling, True)
        os.write(telling, b"\0")
        thread.join()
        os.close(told)
        os.close(telling)


def begin_end() -> None:
    """Say that the process ends because of an interrupt (or anyway): nothing more is raised."""
    _interrupts.is_ending = True


def ignore() -> None:
    """Ignore what would interrupt this process: also Python's own way out, which a handler does not survive."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
