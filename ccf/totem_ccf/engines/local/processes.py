"""The engine's side of the zygote: starts it, has it fork processes, hears of their ends."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from totem_ccf.engines.local.config import RoleConfig
from totem_ccf.faults import KILL_AT, KILL_ONCE

__all__ = ["Processes", "ProcessesGone"]

GONE = 1000
"""The status reported for processes that went with their zygote."""

START_SECONDS = 60.0

_log = logging.getLogger("totem.engine")
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ", KILL_AT, KILL_ONCE)
"""All that processes see of our environment."""


class ProcessesGone(Exception):
    """The zygote can't be started or has ended; the text says what it wrote to its standard error."""


class Processes:
    """A zygote and what it has forked. Thread-safe.

    The environment of the processes is scrubbed: they see ``PATH``, the language and the time zone, nothing else.
    """

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # Each process has one core's worth of work; idle pools of threads would only cost memory and fork badly.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 open as long as the zygote lives
        self._zygote = subprocess.Popen(
            [sys.executable, "-I", "-m", "totem_ccf.engines.local.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            start_new_session=True,
        )
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._watching: dict[str, Callable[[int], None]] = {}
        self._ready = threading.Event()
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="totem-zygote", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether the zygote is there."""
        return not self._ended

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._zygote.pid

    def spawn(self, config: RoleConfig, log: Path, on_exit: Callable[[int], None]) -> str:
        """Have a process forked; ``on_exit`` is called once, from another thread, with its exit status.

        Returns the name under which it can be killed.

        Raises:
            ProcessesGone: the zygote is not there.
        """
        self.wait_ready()
        name = f"{config.role}-{next(self._numbers)}"
        with self._lock:
            if self._ended:  # just now: nobody would hear of this process's end
                raise ProcessesGone(f"the zygote has ended: {self._last_words()}")
            self._watching[name] = on_exit
        self._say({"spawn": name, "config": config.to_json(), "log": str(log)})
        return name

    def kill(self, name: str) -> None:
        """Kill a process, if it still is there."""
        if self.alive:
            self._say({"kill": name})

    def wait_ready(self) -> None:
        """Wait until the zygote has imported everything.

        Raises:
            ProcessesGone: it could not.
        """
        if not self._ready.wait(START_SECONDS) or self._ended:
            raise ProcessesGone(f"the zygote did not start: {self._last_words()}")

    def close(self) -> None:
        """End the zygote and everything that it has forked; may be called again."""
        if self._zygote.stdin is not None:
            self._zygote.stdin.close()
        try:
            self._zygote.wait(5)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            self._zygote.wait()
        self._reader.join()
        self._errors.close()

    def _say(self, command: dict[str, Any]) -> None:
        stream: IO[bytes] | None = self._zygote.stdin
        try:
            if stream is not None:
                with self._lock:
                    stream.write(json.dumps(command).encode() + b"\n")
                    stream.flush()
        except (OSError, ValueError):
            # The reader hears of the end too, and tells everyone.
            _log.warning("the zygote does not listen any more")

    def _read(self) -> None:
        stream: IO[bytes] | None = self._zygote.stdout
        for line in stream or ():
            answer = json.loads(line)
            if "ready" in answer:
                self._ready.set()
            elif "exited" in answer:
                with self._lock:
                    on_exit = self._watching.pop(answer["exited"], None)
                if on_exit is not None:
                    on_exit(answer["status"])
        if stream is not None:
            stream.close()
        with self._lock:
            self._ended = True
            watching, self._watching = self._watching, {}
        self._ready.set()
        for on_exit in watching.values():
            on_exit(GONE)

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode("utf-8", "replace").strip() or "it said nothing"
