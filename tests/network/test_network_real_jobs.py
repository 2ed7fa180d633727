"""Real jobs on a real network while its parts die: each ends as it would have, and is paid once.

The last test prints the table of pauses: the longest time in which none of the jobs had a transaction.
"""

import json
import sys
import time
from contextlib import closing
from itertools import pairwise

import pytest

from tests.network.real_dev import STATES, Development
from totem.ledger.fabric import ConnectionProfile, FabricLedger, from_wallet
from totem.ledger.wallet import Wallet
from totem_network import control, endorse, nodes

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

JOBS = 20
PAUSES: dict[str, tuple[float, float]] = {}
SUM = """from totem_sdk import TotemJob


class Sum(TotemJob):
    def mapper(self, _, row):
        yield row.word, row.number

    def reducer(self, word, numbers):
        yield word, sum(numbers)
"""


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    made = Development(folder / "home")
    try:
        file, schema = folder / "cells.csv", folder / "schema.json"
        schema.write_text('{"word": "str", "number": "int"}')
        file.write_text("word,number\n" + "".join(f"w{row % 7},{row}\n" for row in range(500)))
        made.publish("cells", file, schema)
        yield made
    finally:
        made.stop()


def server(dev):
    """The process with the API and both providers' frameworks."""
    dev.kill()
    time.sleep(1)
    dev.start()


def providers_peer(dev):
    _down(dev, "peer.north")


def consumers_peer(dev):
    _down(dev, "peer.researcher")


def chaincode_server(dev):
    _down(dev, "totem.north")


def orderer(dev):
    _down(dev, "orderer1")


def everything(dev):
    """Server and network, as when the power fails."""
    network = dev.network
    dev.kill()
    nodes.stop_all(network, force=True)
    dev.start()


def _down(dev, node):
    network = dev.network
    control.kill(network, node)
    time.sleep(3)
    control.restart(network, control.programs(network), node)


def _pauses(dev, admin, job_ids):
    """Return the longest time between transactions of jobs, and that from the first to the last, in seconds."""
    network = dev.network
    profile = ConnectionProfile.load(network.profile(network.organisation("consortium")))
    with closing(FabricLedger(profile, admin)) as ledger:
        found = [
            block.timestamp
            for block in map(ledger.block, range(ledger.height()))
            if any(
                each.args.get("job_id") in job_ids for each in block.transactions if each.function.startswith("jobs.")
            )
        ]
    moments = sorted(found)
    return max(later - earlier for earlier, later in pairwise(moments)) / 1_000, (moments[-1] - moments[0]) / 1_000


def _wait(dev, locations, enough):
    end = time.monotonic() + 600
    while not enough([dev.job(location)["state"] for location in locations]):
        assert time.monotonic() < end, [dev.job(location)["state"] for location in locations]
        time.sleep(0.2)


@pytest.mark.parametrize(
    "fault", [server, chaincode_server, providers_peer, consumers_peer, orderer, everything], ids=lambda f: f.__name__
)
def test_jobs_end_as_they_would_have(dev, fault):
    locations = [dev.submit(SUM, "cells") for _ in range(JOBS)]
    _wait(dev, locations, lambda states: any(state not in {"submitted", "accepted"} for state in states))
    fault(dev)
    _wait(dev, locations, lambda states: set(states) <= STATES)
    jobs = [dev.job(location) for location in locations]
    assert {job["state"] for job in jobs} == {"completed"}
    results = {dev.api.get(f"{location}/result").text for location in locations}
    assert len(results) == 1
    assert len({job["paid"] for job in jobs}) == 1
    network, admin = dev.network, from_wallet(Wallet(dev.home / "wallet"), "admin")
    audits = []
    for organisation in network.organisations:
        status, said, payload = endorse.ask(network, organisation, "totem", [b"accounts.audit", b"{}"], identity=admin)
        assert status == 200, said
        audits.append(json.loads(payload))
    assert all(audit == audits[0] for audit in audits)
    assert audits[0]["balanced"]
    PAUSES[fault.__name__] = _pauses(dev, admin, {location.rpartition("/")[2] for location in locations})


def test_the_pauses(capsys):
    lines = [f"{'fault':<20}{'pause, s':>10}{f'{JOBS} jobs in, s':>18}"]
    lines += [f"{name:<20}{pause:>10.1f}{total:>18.1f}" for name, (pause, total) in PAUSES.items()]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert PAUSES
