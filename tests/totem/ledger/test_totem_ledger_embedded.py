"""What only the embedded ledger has: proposals sent again, processes that share files or are killed, its folder."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from totem.ledger import EmbeddedLedger, LedgerUnavailable, ProposalRefused, TransactionVoid, Wallet
from totem.ledger.envelopes import endorse, propose, response_of
from totem_chaincode.testing import PEOPLE, secret

REQUEST = ("accounts.request", {"amount": 5, "reason": "x"})

# Runs in a process of its own: opens the ledger of a folder and acts as somebody in its wallet.
PREAMBLE = """
import os, signal, sys, threading
from pathlib import Path
from totem.ledger import EmbeddedLedger, Wallet
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.testing import PEOPLE, Story, ToyEvaluator, secret

folder, person = Path(sys.argv[1]), sys.argv[2]
identity = Wallet(folder / "wallet").get(person)
ledger = EmbeddedLedger.open(folder / "ledger", chaincode=Chaincode(ToyEvaluator()))
"""

TRANSFERS = """
for number in range(int(sys.argv[3])):
    ledger.submit(identity, "accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 1, "reason": "x"})
print("done", flush=True)
"""

ENDLESS = """
print("ready", flush=True)
while True:
    args = {"dataset_id": "open-homes", "purpose": "x"}
    granted = ledger.submit(identity, "access.request", args, {"access_key": secret()})
    print(granted.tx_id, flush=True)
"""


@pytest.fixture
def shared(embedded, tmp_path):
    """A ledger whose people are in a wallet, for other processes."""
    wallet = Wallet(tmp_path / "wallet")
    for name, identity in embedded.people.items():
        wallet.put(name, identity)
    return embedded


def child(tmp_path, code, person, *more):
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, str(tmp_path), person, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


def test_the_same_proposal_is_applied_once(embedded):
    embedded.story.ready()
    peter, ledger = embedded.identity("peter"), embedded.ledger
    proposal = ledger.propose(peter, "accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 7, "reason": "x"})
    first = ledger.send(peter, proposal)
    height = ledger.height()
    assert ledger.send(peter, proposal) == first
    assert embedded.open().send(peter, proposal) == first
    assert (ledger.height(), embedded.story.available("paula")) == (height, 7)


def test_a_void_proposal_stays_void_and_a_new_one_wins(embedded):
    embedded.story.ready()
    peter, ledger = embedded.identity("peter"), embedded.ledger
    args = {"to": PEOPLE["paula"].id, "amount": 7, "reason": "x"}
    slow = ledger.propose(peter, "accounts.transfer", args)
    answer, found = ledger._simulate(slow, {})
    ledger.submit(peter, "accounts.transfer", args)
    outcome = ledger._orderer.order(endorse(peter, ledger._node, slow, response_of(found, answer)), [])
    assert outcome.code in ("MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT")
    for _ in range(2):
        with pytest.raises(TransactionVoid) as void:
            ledger.send(peter, slow)
        assert void.value.tx_id == slow.tx_id
    ledger.submit(peter, "accounts.transfer", args)
    assert embedded.story.available("paula") == 14
    assert ledger.verify().ok


def test_a_changed_proposal_is_refused(embedded):
    embedded.story.found()
    peter, ledger = embedded.identity("peter"), embedded.ledger
    proposal = ledger.propose(peter, *REQUEST)
    height = ledger.height()
    for change in (
        {"args": {"amount": 500, "reason": "x"}},
        {"function": "accounts.issue"},
        {"timestamp": proposal.timestamp + 1},
        {"nonce": "00" * 24},
        {"creator": {"msp_id": "ConsortiumMSP", "certificate": embedded.identity("admin").certificate}},
    ):
        with pytest.raises(ProposalRefused) as refused:
            ledger.send(peter, dataclasses.replace(proposal, body=proposal.body | change))
        assert refused.value.code == "signature"
    with pytest.raises(ProposalRefused, match="not lower-case hexadecimal"):
        ledger.send(peter, dataclasses.replace(proposal, signature="zz"))
    with pytest.raises(ProposalRefused) as refused:
        ledger.send(peter, propose(peter, "another", *REQUEST, timestamp=proposal.timestamp))
    assert refused.value.code == "channel"
    assert ledger.height() == height


@pytest.mark.parametrize("seconds", [-31, 31])
def test_a_proposal_of_another_time_is_refused(embedded, seconds):
    embedded.story.found()
    peter, ledger = embedded.identity("peter"), embedded.ledger
    moment = embedded.clock() + seconds * 1_000
    with pytest.raises(ProposalRefused) as refused:
        ledger.send(peter, propose(peter, "totem", *REQUEST, timestamp=moment))
    assert refused.value.code == "stale"


def test_a_stranger_cannot_put_an_envelope_of_another_into_a_block(embedded):
    """The orderer checks signatures itself: whoever calls it with something else gets nowhere."""
    embedded.story.found()
    peter, ledger = embedded.identity("peter"), embedded.ledger
    proposal = ledger.propose(peter, *REQUEST)
    answer, found = ledger._simulate(proposal, {})
    response = response_of(found, answer)
    good = endorse(peter, ledger._node, proposal, response)
    height = ledger.height()
    for bad in (
        endorse(peter, peter, proposal, response),  # not endorsed by the node
        endorse(embedded.identity("paula"), ledger._node, proposal, response),  # not sent by the proposer
        dataclasses.replace(good, response=response | {"writes": []}),
    ):
        with pytest.raises(ProposalRefused) as refused:
            ledger._orderer.order(bad, [])
        assert refused.value.code == "signature"
    assert ledger.height() == height
    assert ledger._orderer.order(good, []).code == "VALID"


def test_a_folder_without_a_ledger_says_so(tmp_path, embedded):
    with pytest.raises(LedgerUnavailable, match="has no ledger"):
        EmbeddedLedger.open(tmp_path / "nothing")
    with pytest.raises(LedgerUnavailable, match="has a ledger already"):
        EmbeddedLedger.create(
            embedded.folder,
            channel="totem",
            authority=embedded.authority.certificate,
            node=embedded.authority.issue("node", "ConsortiumMSP", "node"),
        )
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ledger.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    (tmp_path / "broken" / "node.id").write_bytes((embedded.folder / "node.id").read_bytes())
    with pytest.raises(LedgerUnavailable, match="can't be opened"):
        EmbeddedLedger.open(tmp_path / "broken", chaincode=embedded.chaincode)


def test_a_closed_ledger_says_so(embedded):
    embedded.ledger.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        embedded.ledger.height()


def test_every_file_is_its_owners_only(embedded):
    run = embedded.story
    job_id = run.submit(run.ready())
    run.accept(job_id)
    modes = {path: path.stat().st_mode & 0o077 for path in embedded.folder.rglob("*")}
    assert {str(path) for path, mode in modes.items() if mode} == set()
    assert [path.stem for path in sorted((embedded.folder / "private").glob("*.db"))] == [
        "_implicit_org_StavangerMSP",
        "_implicit_org_UtilityMSP",
    ]


@pytest.mark.slow
def test_processes_share_a_ledger(shared, tmp_path):
    shared.story.ready(1_000)
    processes = [child(tmp_path, TRANSFERS, "peter", "10") for _ in range(2)]
    for _ in range(10):
        shared.invoke("peter", "accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 1, "reason": "x"})
    for process in processes:
        assert finish(process) == "done\n"
    assert (shared.story.available("peter"), shared.story.available("paula")) == (970, 30)
    assert shared.story.audit()["balanced"]
    assert shared.ledger.verify().problem is None


@pytest.mark.slow
def test_threads_share_blocks(shared):
    """Envelopes that arrive while a block is written wait together and go into the next one."""
    shared.story.found()
    before = shared.ledger.height()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: shared.ledger.submit(shared.identity("peter"), *REQUEST), range(64)))
    sizes = [len(shared.ledger.block(number).transactions) for number in range(before, shared.ledger.height())]
    assert sum(sizes) == 64
    assert max(sizes) > 1
    assert shared.ledger.verify().ok


@pytest.mark.slow
def test_events_of_other_processes_are_followed(shared, tmp_path):
    shared.story.ready(1_000)
    stop = threading.Event()
    process = child(tmp_path, TRANSFERS, "peter", "3")
    seen = []
    for event in shared.ledger.events(shared.ledger.height(), follow=True, stop=stop):
        seen.append(event.name)
        if len(seen) == 3:
            stop.set()
    assert seen == ["accounts.transferred"] * 3
    finish(process)


def test_a_forked_child_is_told_to_open_the_ledger_itself(embedded):
    embedded.story.found()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            embedded.ledger.height()
        except LedgerUnavailable as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert b"open it again here" in os.read(reading, 1_000)


def check_whole(site, acknowledged=()):
    """The ledger is in order, has everything that was acknowledged, and goes on."""
    ledger = site.open()
    report = ledger.verify()
    assert report.problem is None
    known = {record.tx_id for number in range(ledger.height()) for record in ledger.block(number).transactions}
    assert set(acknowledged) <= known
    assert site.story.audit()["balanced"]
    ledger.submit(site.identity("peter"), *REQUEST)
    assert ledger.verify().problem is None


@pytest.mark.parametrize(
    "seconds", [0.13, *(pytest.param(seconds, marks=pytest.mark.slow) for seconds in (0.02, 0.06, 0.09, 0.21, 0.34))]
)
def test_a_process_killed_at_any_moment_leaves_a_whole_ledger(shared, tmp_path, seconds):
    shared.story.found()
    shared.story.publish("open-homes", approval="auto")
    process = child(tmp_path, ENDLESS, "peter")
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.kill()
    output, _ = process.communicate()
    check_whole(shared, [line for line in output.splitlines() if len(line) == 64])


KILL_AT = """
from unittest import mock
from totem.ledger.embedded import chain, orderer, private

point = sys.argv[3]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
{patch}
args = {{"dataset_id": "open-homes", "purpose": "x"}}
proposal = ledger.propose(identity, "access.request", args)
print(proposal.tx_id, flush=True)
ledger.send(identity, proposal, {{"access_key": secret().encode()}})
"""

# Where in a commit the process dies, and whether the transaction is then on the chain.
KILL_POINTS = {
    "before the private value is staged": ("private.PrivateStore.stage = die", False),
    "before the block is inserted": ("orderer.insert_block = die", False),
    "before the public commit": (
        "real = orderer.insert_block\norderer.insert_block = lambda *a: (real(*a), die())",
        False,
    ),
    "after the public commit": ("orderer.Orderer._settle = die", True),
    "while old private values are deleted": ("private.PrivateStore.settle = die", True),
}


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=() if point == "before the public commit" else pytest.mark.slow)
        for point in sorted(KILL_POINTS)
    ],
)
def test_a_process_killed_at_each_point_of_a_commit_leaves_the_block_before_or_after(shared, tmp_path, point):
    patch, committed = KILL_POINTS[point]
    shared.story.found()
    shared.story.publish("open-homes", approval="auto")
    height = shared.ledger.height()
    process = child(tmp_path, KILL_AT.format(patch=patch), "peter", point)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    assert shared.ledger.height() == height + committed
    check_whole(shared, output.split() if committed else ())
    # What was staged for a transaction that never came is gone.
    keys = sum(len(shared.open()._private.rows(name)) for name in shared.open()._private.collections())
    assert keys == committed


def test_a_purged_value_is_in_no_file_any_more(embedded):
    story = embedded.story
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["planted-cell-value",2]\n')
    assert b"planted-cell-value" in everything_in(embedded.folder / "private")
    embedded.invoke("peter", "results.purge", {"job_id": job_id})
    assert b"planted-cell-value" not in everything_in(embedded.folder)
    assert embedded.ledger.verify().ok


def everything_in(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_public_database_has_no_private_value(embedded):
    story = embedded.story
    access = story.ready()
    job_id = story.submit(access)
    code = embedded.invoke("utility", "access.code", {"job_id": job_id})["code"]
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["planted-cell-value",2]\n')
    public = b"".join(path.read_bytes() for path in embedded.folder.glob("ledger.db*"))
    for planted in (access[1], code, "planted-cell-value", json.dumps(secret())[1:9] + "never there"):
        assert planted.encode() not in public
