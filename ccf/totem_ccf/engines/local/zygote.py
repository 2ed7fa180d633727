"""The zygote: a process that has imported everything and forks the processes of jobs, each in milliseconds.

It reads one JSON object a line from its standard input and writes one a line to its standard output::

    {"spawn": id, "config": RoleConfig, "log": path}        ->  {"spawned": id, "pid": pid}
    {"kill": id}
                                                               {"exited": id, "status": n}     (n < 0: by signal -n)

It never starts a thread and never talks gRPC itself, so that forking is safe. When its input ends, because whoever
started it has gone, it kills what it has forked and ends. An interrupt from the terminal is not for it: whoever started
it decides what ends.
"""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import sys
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from totem_ccf.engines.local.config import RoleConfig
from totem_ccf.engines.local.roles import run_role
from totem_ccf.kernel.compiled import runtime_code
from totem_ccf.mapreduce.statuses import BROKEN
from totem_ccf.without_pandas import hidden_pandas

__all__ = ["main", "prepare"]

_LATE = ("grpc._channel", "grpc._simple_stubs", "grpc.experimental")
"""What gRPC imports when the first channel is made."""


class _Zygote:
    def __init__(self) -> None:
        self._commands = os.dup(0)
        self._answers = os.dup(1)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        self._pids: dict[int, str] = {}
        self._rest = b""
        self._wake, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Serve until the input ends."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        self._say({"ready": os.getpid()})
        with selectors.DefaultSelector() as selector:
            selector.register(self._commands, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in selector.select():
                        if key.fd == self._wake:
                            os.read(self._wake, 4096)
                            self._reap()
                        elif not self._read():
                            return
            finally:
                for pid in self._pids:
                    os.kill(pid, signal.SIGKILL)
                # Whoever started this process may remove the jobs' folders when it has ended: nobody may write there.
                for pid in self._pids:
                    os.waitpid(pid, 0)

    def _read(self) -> bool:
        data = os.read(self._commands, 1 << 16)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "spawn" in command:
                self._spawn(command)
            else:
                for pid, name in self._pids.items():
                    if name == command["kill"]:
                        os.kill(pid, signal.SIGKILL)
        return bool(data)

    def _spawn(self, command: dict[str, Any]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(RoleConfig(**command["config"]), command["log"], parent)
        self._pids[pid] = command["spawn"]
        self._say({"spawned": command["spawn"], "pid": pid})

    def _become(self, config: RoleConfig, log: str, parent: int) -> NoReturn:
        status = BROKEN
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (self._commands, self._answers, self._wake, self._waker):
                os.close(descriptor)
            target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(target, 1)
            os.dup2(target, 2)
            os.close(target)
            status = run_role(config, parent)
        finally:
            # Not sys.exit: nothing of the zygote must run in the child.
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        while self._pids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            name = self._pids.pop(pid)
            self._say({"exited": name, "status": os.waitstatus_to_exitcode(status)})

    def _say(self, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(self._answers, data) :]


def prepare() -> None:
    """Do once what each process would do for itself when it first needs it.

    The first array of numpy's makes pyarrow import numpy.ma, the first of a list makes it look for pandas, which it
    must not find. The runtime library is the same for all programs, so it is compiled here. None of this starts a
    thread.
    """
    with hidden_pandas():
        pa.array(np.zeros(1))
        pa.array([0])
    for name in _LATE:
        importlib.import_module(name)
    runtime_code()


def main() -> None:
    """Be a zygote: prepare what workers will need, once for all of them, and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    _Zygote().run()
    sys.stderr.flush()
    # Its processes are gone. Taking apart what it has imported would keep its engine waiting, a tenth of a second.
    os._exit(0)


if __name__ == "__main__":
    main()
