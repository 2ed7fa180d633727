"""A whole consortium on one machine, for development: two providers with their servers, a consumer, totem to spend."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.server import ProviderServer, open_server

__all__ = ["CONSUMER", "PROVIDERS", "prepare_home", "serve_providers"]

PROVIDERS = ("north", "south")
CONSUMER = "researcher"
_FIRST_TOTEM = 1_000_000_000_000


def prepare_home(home: Home) -> bool:
    """Found the development consortium in a home folder, unless there is one; return whether it is new.

    Raises:
        ServiceError: the folder can't be used.
    """
    home.finish_founding()
    is_new = not home.is_founded
    if is_new:
        home.found(providers=PROVIDERS, consumers=(CONSUMER,), totem={CONSUMER: _FIRST_TOTEM})
    if is_new or not home.has_chosen:  # not: somebody interrupted the first start
        home.use(CONSUMER)
    return is_new


@contextmanager
def serve_providers(home: Home, options: RunnerOptions) -> Iterator[list[str]]:
    """Run the servers of every provider in the wallet in threads of this process; gives their names."""
    names = [str(item["name"]) for item in home.identities() if item["role"] == "provider"]
    servers: list[ProviderServer] = []
    with ExitStack() as stack:
        for name in names:
            server = stack.enter_context(open_server(home.session(name), home.store(name), options))
            thread = threading.Thread(target=server.serve, name=f"provider-{name}")
            thread.start()
            stack.callback(thread.join)
            servers.append(server)
        try:
            yield names
        finally:
            for server in servers:
                server.stop()
