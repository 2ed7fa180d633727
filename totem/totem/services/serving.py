"""The servers of a wallet's providers, in threads of one process: each begins as soon as its provider may act."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from totem.ledger.errors import LedgerError
from totem.logs import logger
from totem.services.errors import NotAllowed, ServiceError
from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.server import ProviderServer, open_server

__all__ = ["RETRY_SECONDS", "serve_providers"]

RETRY_SECONDS = 5.0
"""How long it takes at most until a provider that may act now is noticed."""

_log = logger("provider")


@contextmanager
def serve_providers(
    home: Home, options: RunnerOptions, *, retry_seconds: float | None = RETRY_SECONDS
) -> Iterator[list[str]]:
    """Run the servers of the wallet's providers; gives the names of those that are served from the beginning.

    Those that may not act on the ledger, not being enrolled for example, and those whose certificates come into the
    wallet later, are looked for again every ``retry_seconds`` and begin then; the log says who is not served and why.
    With None nobody is looked for: who comes later is somebody else's to serve.

    Raises:
        ServiceError: the ledger does not answer at the beginning.
    """
    with ExitStack() as stack:
        servers = _Servers(home, options, stack)
        servers.begin()
        names = list(servers.running)
        ended = threading.Event()
        with ExitStack() as looking:
            looking.callback(servers.stop)  # what the watcher has begun meanwhile
            if retry_seconds is not None:
                watcher = threading.Thread(target=servers.keep_looking, args=(ended, retry_seconds), name="providers")
                watcher.start()
                looking.callback(watcher.join)  # it may be asking a ledger that is away, and so may they
            looking.callback(servers.stop)
            looking.callback(ended.set)
            yield names


class _Servers:
    """The providers that are served, by name; ``stack`` ends their threads and engines."""

    def __init__(self, home: Home, options: RunnerOptions, stack: ExitStack) -> None:
        self.running: dict[str, ProviderServer] = {}
        self._home = home
        self._options = options
        self._stack = stack
        self._reasons: dict[str, str] = {}

    def begin(self) -> None:
        """Begin to serve those who may act and are not served yet.

        Raises:
            ServiceError: the ledger does not answer.
            LedgerError: the wallet can't be read.
        """
        for item in self._home.identities():
            name = str(item["name"])
            if item["role"] == "provider" and name not in self.running and self._may_act(item):
                self._serve(name)

    def keep_looking(self, ended: threading.Event, seconds: float) -> None:
        """Look again and again who may act now, until it has ended; trouble is told in the log when it changes."""
        trouble = ""
        while not ended.wait(seconds):
            try:
                self.begin()
            except (ServiceError, LedgerError, OSError) as error:
                if trouble != str(error):
                    _log.warning("whether further providers may act can't be found out now", problem=str(error))
                trouble = str(error)
            else:
                trouble = ""

    def stop(self) -> None:
        """Let all that run return soon."""
        for server in list(self.running.values()):
            server.stop()

    def _may_act(self, item: Mapping[str, Any]) -> bool:
        try:
            self._home.session(item["name"]).query("participants.get")
        except NotAllowed as error:
            if self._reasons.get(item["name"]) != error.message:
                _log.warning(
                    "a provider is not served yet; it is as soon as it may act",
                    provider=item["participant"],
                    reason=error.message,
                )
            self._reasons[item["name"]] = error.message
            return False
        return True

    def _serve(self, name: str) -> None:
        session, store = self._home.session(name), self._home.store(name)
        server = self._stack.enter_context(open_server(session, store, self._options))
        thread = threading.Thread(target=server.serve, name=f"provider-{name}")
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(server.stop)  # before that: where another one can't begin, nobody else has stopped it
        self.running[name] = server
