"""Faults under twenty jobs in flight: nothing that was acknowledged is lost, nothing is done twice, jobs end right.

The last test prints the table of pauses: the longest time in which no client got an answer.
"""

import dataclasses
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.network.job_load import JobLoad
from tests.network.loopback import Loopback
from tests.network.real_site import RealSite, organisation_of, until
from totem.ledger.fabric import FabricLedger
from totem_network import configuration, control, join, metrics, nodes, ports, processes
from totem_network.binaries import environment

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

PAUSES: dict[str, tuple[float, dict]] = {}
AMOUNTS = (7, 11, 13, 17, 19)


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    with closing(RealSite(tmp_path_factory.mktemp("faults") / "network")) as real:
        real.story.found()
        real.story.agree_on_table()
        real.story.publish()
        yield JobLoad(real)


def nothing(network):
    """No fault: how long the longest pause is anyway."""
    time.sleep(3)


def leader(network):
    _down(network, join.leader(network), 3)


def follower(network):
    led = join.leader(network)
    _down(network, next(each.name for each in network.orderers if each.name != led), 3)


def own_peer(network):
    """The provider's, which all its transactions go through."""
    _down(network, "peer.org1", 4)


def other_peer(network):
    _down(network, "peer.org2", 4)


def chaincode_server(network):
    _down(network, "totem.org1", 3)


def frozen_peer(network):
    """It answers nobody for ten seconds, and does not know of it: connections stay open."""
    _frozen(network, "peer.org2", 10)


def everything(network):
    nodes.stop_all(network, force=True)
    control.resume(network, control.programs(network), lambda _: None)


def _down(network, node, seconds):
    control.kill(network, node)
    time.sleep(seconds)
    control.restart(network, control.programs(network), node)


def _frozen(network, node, seconds):
    pid = processes.pid(network.node_folder(node))
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "fault", [nothing, leader, follower, own_peer, other_peer, chaincode_server, frozen_peer, everything]
)
def test_no_job_suffers(load, fault):
    _suffer(load, fault.__name__, lambda: fault(load.real.network))


def _suffer(load, name, fault, *, further_jobs=20):
    """Have something happen while jobs run; note the longest pause, and check that nothing came of it."""
    load.begin()
    try:
        load.wait_for_jobs(5)
        began = time.monotonic()
        fault()
        load.wait_for_jobs(further_jobs)
        ended = time.monotonic()
    finally:
        load.finish()  # a failure is not the next fault's too
    PAUSES[name] = (load.noted.pause(began, ended), load.check())


def test_a_peer_that_is_cut_off_for_ten_seconds_comes_back(load):
    """Nobody reaches it and it reaches no orderer; connections stay open, and nobody is told."""
    network = load.real.network
    organisation, programs = network.organisations[1], control.programs(network)
    folder = network.node_folder(organisation.peer)
    processes.stop(folder)
    inner = ports.reserve(network.folder, 1)[0]
    orderers = {each.port: Loopback(each.port) for each in network.orderers}
    ways = [until(lambda: _in_front(inner, organisation.port)), *orderers.values()]
    document = configuration.core(network, organisation)
    document["peer"]["listenAddress"] = f"127.0.0.1:{inner}"
    document["peer"]["deliveryclient"]["addressOverrides"] = [
        {"from": f"127.0.0.1:{port}", "to": f"127.0.0.1:{way.port}", "caCertsFile": str(network.orderer_tls_ca)}
        for port, way in orderers.items()
    ]
    (folder / "core.yaml").write_text(json.dumps(document))

    def cut_off():
        for way in ways:
            way.hold()
        time.sleep(1)  # a block that it has got may not be committed yet
        height = _height(organisation, network)
        time.sleep(9)
        assert _height(organisation, network) == height
        for way in ways:
            way.release()

    try:
        processes.start(folder, [programs.path("peer"), "node", "start"], environment(folder))
        join.wait_listening(network, organisation.peer, port=inner)
        join.wait_ready(network)
        _suffer(load, "partitioned_peer", cut_off)
    finally:
        processes.stop(folder)
        for way in ways:
            way.close()
        until(lambda: ports.is_free(organisation.port))
        control.restart(network, programs, organisation.peer)
        join.wait_ready(network)


def _in_front(inner, port):
    try:
        return Loopback(inner, port)
    except OSError:
        return None  # connections of the peer that has just ended are not gone yet


def _height(organisation, network):
    return metrics.channel_height(metrics.read(organisation.operations_port), network.channel, orderer=False)


def test_connections_that_break_between_submission_and_status_lose_nothing(load):
    """Every tenth envelope is handed over, and then all of the clients' connections break before they learn more."""
    real = load.real
    ways = {}
    ledgers = dict(real.ledgers)
    try:
        for name, ledger in ledgers.items():
            reader = next(real.people[each.name] for each in load.consumers if organisation_of(each) == name)
            peers = []
            for peer in ledger.profile.peers:
                way = ways.setdefault(peer.address, Loopback(int(peer.address.rpartition(":")[2])))
                peers.append(dataclasses.replace(peer, address=f"127.0.0.1:{way.port}"))
            real.ledgers[name] = FabricLedger(dataclasses.replace(ledger.profile, peers=tuple(peers)), reader)
            _cut_after_submission(real.ledgers[name], list(ways.values()))
        _suffer(load, "connections_cut", lambda: None, further_jobs=20)
    finally:
        for name, ledger in ledgers.items():
            if real.ledgers[name] is not ledger:
                real.ledgers[name].close()
        real.ledgers.update(ledgers)
        for way in ways.values():
            way.close()


def _cut_after_submission(ledger, ways):
    submit, count = ledger._gateway.submit, iter(range(10**9))

    def cut(transaction):
        submit(transaction)
        if next(count) % 10 == 0:
            for way in ways:
                way.cut()

    ledger._gateway.submit = cut


def test_an_envelope_that_is_sent_by_many_at_once_is_applied_once(load):
    """Eight hand it over through two organisations' peers, and one more when its fate is known."""
    real = load.real
    ledger, grid, admin = real.ledger("admin"), real.ledger("grid"), real.people["admin"]
    account = real.who["peter"].id  # who runs no jobs: nothing else changes it

    def balance():
        return load.ledger("admin").evaluate(admin, "accounts.balance", {"account": account})["available"]

    def send(amount):
        args = {"account": account, "amount": amount, "reason": "once"}
        transaction = ledger.endorse(ledger.prepare(admin, "accounts.issue", args).signed_by(admin)).signed_by(admin)
        with ThreadPoolExecutor(8) as pool:
            sent = list(pool.map(lambda turn: (ledger, grid)[turn % 2].resume(transaction), range(8)))
        sent.append(ledger.resume(transaction))
        load.newest.committed(sent[0].block)
        assert {(each.tx_id, each.block) for each in sent} == {(transaction.tx_id, sent[0].block)}

    before = balance()
    _suffer(load, "double_submission", lambda: [send(amount) for amount in AMOUNTS])
    assert balance() == before + sum(AMOUNTS)
    assert load.check()["codes"]["DUPLICATE_TXID"] > 0, "no copy has reached the channel"


def test_the_pauses(capsys):
    lines = [f"{'fault':<20}{'pause, s':>10}{'jobs':>8}{'acknowledged':>14}  void"]
    for name, (pause, counted) in PAUSES.items():
        void = {code: count for code, count in counted["codes"].items() if code != "VALID"}
        lines.append(f"{name:<20}{pause:>10.1f}{counted['jobs']:>8}{counted['acknowledged']:>14}  {void or ''}")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert PAUSES
