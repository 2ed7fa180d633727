"""A whole consortium on one machine, for development: providers with their servers, a consumer, totem to spend."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from totem.logs import logger
from totem.services.errors import BadInput, InTheWay, NotAllowed
from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.server import ProviderServer, open_server

if TYPE_CHECKING:
    from totem.services.fabric_network import FabricNetwork

__all__ = ["CONSUMER", "MOST_PROVIDERS", "USUAL_PROVIDERS", "fabric_network", "prepare_home", "serve_providers"]

CONSUMER = "researcher"
_PROVIDERS = ("north", "south", "east", "west", "centre", "coast", "hills", "lakes")
USUAL_PROVIDERS = 2
MOST_PROVIDERS = len(_PROVIDERS)

_TOTEM = {CONSUMER: 1_000_000_000_000}


def prepare_home(home: Home, providers: int = USUAL_PROVIDERS) -> bool:
    """Found the development consortium in a home folder, unless there is one; return whether it is new.

    ``providers``: how many a new one has.

    Raises:
        ServiceError: the folder can't be used.
    """
    home.finish_founding()
    is_new = not home.is_founded
    if is_new:
        home.found(providers=_PROVIDERS[:providers], consumers=(CONSUMER,), totem=_TOTEM)
    _choose(home, is_new=is_new)
    return is_new


@contextmanager
def fabric_network(home: Home, providers: int = USUAL_PROVIDERS) -> Iterator[bool]:
    """Run the development network in a home folder, with the consortium on it; gives whether it is new.

    A new one has an organisation for each of so many ``providers``, one for the consumer and one for the consortium.

    At the end the nodes are stopped; what they hold stays, for the next time.

    Raises:
        BadInput: the folder's ledger is another one.
        ServiceError: the network does not come up.
    """
    from totem.services.fabric_home import found_on_fabric  # noqa: PLC0415  # brings Fabric's messages
    from totem.services.fabric_network import FabricNetwork  # noqa: PLC0415  # as above

    network = FabricNetwork(home.root / "network")
    if home.is_founded and not network.is_made:
        there = "a place on another Fabric network" if home.is_on_fabric else "a consortium on the embedded ledger"
        raise BadInput(f"{home.root} has {there}", code="other-ledger", hint="give another --dir")
    home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(home), _stopped_at_the_end(network):
        network.start([*_PROVIDERS[:providers], CONSUMER, "consortium"])
        is_new = not home.is_founded
        if is_new:
            organisations = network.organisations()  # of a start that was interrupted, perhaps
            found_on_fabric(
                home,
                organisations,
                founder="consortium",
                providers={name: name for name in organisations if name in _PROVIDERS},
                consumers={CONSUMER: CONSUMER},
                totem=_TOTEM,
            )
        _choose(home, is_new=is_new)
        yield is_new


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold a home folder's development network for this process: who ends it must not end another one's nodes.

    Raises:
        InTheWay: another process has it.
    """
    with (home.root / "dev.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InTheWay(f"another `totem dev` runs in {home.root}", code="running") from None
        yield


@contextmanager
def _stopped_at_the_end(network: FabricNetwork) -> Iterator[None]:
    try:
        yield
    finally:
        if network.is_made:
            network.stop()


def _choose(home: Home, *, is_new: bool) -> None:
    if is_new or not home.has_chosen:  # not: somebody interrupted the first start
        home.use(CONSUMER)


def _may_act(home: Home, item: Mapping[str, Any]) -> bool:
    try:
        home.session(item["name"]).query("participants.get")
    except NotAllowed as error:
        logger("provider").warning(
            "a provider is not served; start again once it may act", provider=item["participant"], reason=error.message
        )
        return False
    return True


@contextmanager
def serve_providers(home: Home, options: RunnerOptions) -> Iterator[list[str]]:
    """Run the servers of the wallet's providers in threads of this process; gives their names.

    Those that may not act on the ledger, not being enrolled for example, are left out; the log says why.
    """
    names = [str(item["name"]) for item in home.identities() if item["role"] == "provider" and _may_act(home, item)]
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
