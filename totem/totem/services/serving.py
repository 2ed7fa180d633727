"""The servers of a wallet's providers, in threads of one process: each begins as soon as its provider may act."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from totem.ledger.errors import LedgerError
from totem.logs import logger
from totem.services.ending import breaking_off
from totem.services.errors import NotAllowed, ServiceError
from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.server import ProviderServer, open_server

__all__ = ["RETRY_SECONDS", "serve_providers"]

_Trouble = ServiceError | LedgerError | OSError

RETRY_SECONDS = 5.0
"""How long it takes at most until a provider that may act now is noticed."""

_log = logger("provider")


@contextmanager
def serve_providers(
    home: Home, options: RunnerOptions, *, retry_seconds: float | None = RETRY_SECONDS
) -> Iterator[list[str]]:
    """Run the servers of the wallet's providers; gives the names of those that are served from the beginning.

    Those that may not act on the ledger, not being enrolled for example, those whose organisation does not answer, and
    those whose certificates come into the wallet later, are looked for again every ``retry_seconds`` and begin then;
    the log says who is not served and why. With None nobody is looked for: who comes later is somebody else's to
    serve, and all that are in the wallet must answer.

    Raises:
        ServiceError: at the beginning none of the providers can be asked, or, where nobody looks again, not all.
        LedgerError: the wallet can't be read.
        OSError: the same providers can't be served: this machine has not what it takes.
    """
    with ExitStack() as stack:
        servers = _Servers(home, options, stack)
        try:
            troubles = servers.begin()
            if troubles and (retry_seconds is None or not servers.is_heard):
                raise troubles[0]
            names = list(servers.running)
            if retry_seconds is not None:
                servers.keep_looking(retry_seconds)
            yield names
        finally:
            servers.end()


class _Servers:
    """The providers that are served, by name; ``stack`` ends their threads and engines."""

    def __init__(self, home: Home, options: RunnerOptions, stack: ExitStack) -> None:
        self.running: dict[str, ProviderServer] = {}
        self.is_heard = False
        """Whether any provider is served, or was told by the ledger that it may not act."""
        self._home = home
        self._options = options
        self._stack = stack
        self._reasons: dict[str, str] = {}
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._watcher: threading.Thread | None = None

    def begin(self) -> list[_Trouble]:
        """Begin to serve those who may act and are not served yet; return why some can't be asked or served now.

        Raises:
            ServiceError: the wallet can't be opened.
            LedgerError: it can't be read.
        """
        troubles: list[_Trouble] = []
        for item in self._home.identities():
            name = str(item["name"])
            if self._ended.is_set():
                break
            if item["role"] != "provider" or name in self.running:
                continue
            try:
                self._home.session(name).query("participants.get")
                self._serve(name)
                self.is_heard = True
            except NotAllowed as error:
                self._tell(item, error)
                self.is_heard = True
            except (ServiceError, LedgerError, OSError) as error:
                self._tell(item, error)
                troubles.append(error)  # the organisations of the others may be there
        return troubles

    def keep_looking(self, seconds: float) -> None:
        """Look again and again who may act now, in a thread, until the end."""
        self._watcher = threading.Thread(target=self._look, args=(seconds,), name="providers")
        self._watcher.start()

    def _look(self, seconds: float) -> None:
        """Look who may act now, until it is stopped; trouble is told in the log when it changes."""
        trouble = ""
        while not self._ended.wait(seconds):
            try:
                self.begin()
            except (ServiceError, LedgerError, OSError) as error:
                if trouble != str(error):
                    _log.warning("whether further providers may act can't be found out now", problem=str(error))
                trouble = str(error)
            else:
                trouble = ""

    def end(self) -> None:
        """Begin no others, and let all that run end; a ledger that does not answer is waited for a few seconds only."""
        self._stop()
        if not self._threads and self._watcher is None:
            return
        with breaking_off(self._home.consortium, self._ended):
            if self._watcher is not None:
                self._watcher.join()
                self._stop()  # what it has begun meanwhile
            for thread in self._threads:
                thread.join()

    def _stop(self) -> None:
        self._ended.set()
        for server in list(self.running.values()):
            server.stop()

    def _tell(self, item: Mapping[str, Any], error: Exception) -> None:
        """Log why a provider is not served: once, until it is for another reason."""
        if self._reasons.get(item["name"]) != str(error):
            _log.warning(
                "a provider is not served yet; it is as soon as it may act and its organisation answers",
                provider=item["participant"],
                reason=str(error),
            )
        self._reasons[item["name"]] = str(error)

    def _serve(self, name: str) -> None:
        session, store = self._home.session(name), self._home.store(name)
        server = self._stack.enter_context(open_server(session, store, self._options))
        thread = threading.Thread(target=server.serve, name=f"provider-{name}")
        self.running[name] = server
        thread.start()
        self._threads.append(thread)
