"""A whole consortium on one machine, for development: providers, a consumer, totem to spend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from totem.services.claim import Claim, claimed
from totem.services.errors import BadInput
from totem.services.home import Home

if TYPE_CHECKING:
    from totem.services.fabric_network import FabricNetwork

__all__ = ["CONSUMER", "MOST_PROVIDERS", "USUAL_PROVIDERS", "on_embedded", "on_fabric", "prepare_home"]

CONSUMER = "researcher"
_ELSEWHERE = "give another --dir, for example `--dir ~/.totem-fabric`"
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
def on_embedded(home: Home, providers: int = USUAL_PROVIDERS) -> Iterator[tuple[Claim, bool]]:
    """Have the development consortium in a home folder for this process; gives its claim, and whether it is new.

    Raises:
        BadInput: the folder's ledger is another one.
        InTheWay: another process has it.
        ServiceError: the folder can't be used.
    """
    if home.is_on_fabric:
        raise BadInput(f"{home.root} is on Fabric", code="other-ledger", hint="give --ledger fabric")
    with claimed(home) as claim:
        yield claim, prepare_home(home, providers)


@contextmanager
def on_fabric(
    home: Home, providers: int = USUAL_PROVIDERS, *, say: Callable[[str], None]
) -> Iterator[tuple[Claim, bool]]:
    """Run the development network in a home folder, with the consortium on it; gives as ``on_embedded``.

    A new one has an organisation for each of so many ``providers``, one for the consumer and one for the consortium.
    ``say`` is told when the nodes start, each step of that, and when they have ended: what they hold stays, for the
    next time.

    Raises:
        BadInput: the folder's ledger is another one, or this machine has not what a network needs: nothing has changed.
        InTheWay: another process has it: who ends it must not end another one's nodes.
        ServiceError: the network does not come up.
    """
    from totem.services.fabric_network import FabricNetwork  # noqa: PLC0415  # brings Fabric's messages
    from totem.services.founding import found_on_fabric  # noqa: PLC0415  # as above

    network = FabricNetwork(home.root / "network")
    if home.is_founded and not network.is_made:
        there = "a place on another Fabric network" if home.is_on_fabric else "a consortium on the embedded ledger"
        raise BadInput(f"{home.root} has {there}", code="other-ledger", hint=_ELSEWHERE)
    network.check()
    with claimed(home) as claim:
        say("starting Fabric's nodes")
        with _stopped_at_the_end(network):
            network.start([*_PROVIDERS[:providers], CONSUMER, "consortium"], say=say)
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
            yield claim, is_new
        say("Fabric's nodes have ended; their state stays")


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
