"""A consortium that changes while it works: new contracts with another format of records, organisations, tables."""

import sys
import threading
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from tests.network.real_site import PEOPLE, SERVER, RealSite
from totem.ledger.errors import LedgerError
from totem_chaincode.errors import Conflict, Forbidden
from totem_network import status

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


LISTENS = """
import os, socket, time
host, port = os.environ["CHAINCODE_SERVER_ADDRESS"].split(":")
with socket.create_server((host, int(port))):
    time.sleep(3)
"""
"""A server that is there until the commit, and no more when it is asked."""


def serving(what):
    return sys.executable, str(SERVER), f"tests.chaincode.older_format:{what}"


def test_an_upgrade_brings_the_state_forward_and_a_running_job_goes_on(tmp_path):
    with closing(RealSite(tmp_path / "network", orderers=1, server=serving("older"))) as real:
        story = real.story
        access = story.ready()
        job_id = story.submit(access)
        story.accept(job_id)
        story.settle(job_id, 0, 5)
        before = story.audit()

        real.call("upgrade", "2", "--server", *serving("newer"))
        with pytest.raises(Conflict) as refused:
            story.settle(job_id, 1, 5)
        assert refused.value.code == "old_format"
        with pytest.raises(Forbidden):
            story.invoke("utility", "consortium.migrate", {})
        assert not story.invoke("admin", "consortium.migrate", {"limit": 5})["done"]
        with pytest.raises(Conflict) as refused:
            story.available("peter")
        assert refused.value.code == "migrating"
        pages = [story.invoke("admin", "consortium.migrate", {"limit": 5})]
        while not pages[-1]["done"]:
            pages.append(story.invoke("admin", "consortium.migrate", {"limit": 5}))
        assert sum(page["changed"] for page in pages) > 3
        assert story.audit() == before
        story.settle(job_id, 1, 5)
        story.complete(job_id)
        assert story.audit()["balanced"]
        assert real.ledger("grid").verify().problem is None

        # Whoever still serves the earlier contracts can't work on the newer records.
        real.call("upgrade", "3", "--server", *serving("older"))
        with pytest.raises(Conflict) as refused:
            story.fund(PEOPLE["peter"].name, 1)
        assert refused.value.code == "new_format"


def test_clients_get_answers_all_through_an_upgrade(tmp_path):
    """A peer that launches a server which does not register keeps its ledger locked for `startuptimeout`."""
    with closing(RealSite(tmp_path / "network", orderers=1)) as real:
        real.story.found()
        pauses = {}
        for words in (["upgrade", "2"], ["restart", "totem.org1"], ["upgrade", "3"]):
            asking = [Asking(real.ledger(name), real.people[name]) for name in ("peter", "utility")]
            began = time.monotonic()
            try:
                real.call(*words)
                real.invoke("admin", "accounts.issue", {"account": PEOPLE["admin"].id, "amount": 1, "reason": "x"})
            finally:
                took, longest = time.monotonic() - began, max(each.stop() for each in asking)
            pauses[" ".join(words)] = longest
            answers, errors = sum(len(each.times) for each in asking), [each.errors for each in asking]
            line = f"{' '.join(words)}: {took:.1f} s, {answers} answers, longest pause {longest:.2f} s, errors {errors}"
            sys.stdout.write(f"\n{line}\n")
            assert answers > 10
        assert max(pauses.values()) < 15, pauses  # startuptimeout is 30 s


def test_an_upgrade_that_failed_or_was_interrupted_is_taken_back_or_ended(tmp_path):
    with closing(RealSite(tmp_path / "network", orderers=1)) as real:
        real.story.found()
        assert "totem.org1.2 has ended" in real.call("upgrade", "2", "--server", "false", status=1)
        assert real.story.audit()["balanced"]
        assert real.network.chaincode.version == "1"
        assert not nodes(real)["totem.org1.2"]

        real.call("upgrade", "2")
        before = real.network
        assert before.coming is None
        assert "totem.org1.2" not in real.network.nodes()
        said = real.call("upgrade", "3")
        steps = ["installed", "approved", "servers started", "committed", "answers through all peers"]
        assert [line.split("  ")[-1].removeprefix("totem 3 ") for line in said.splitlines()[:-1]] == [
            *steps,
            "old servers stopped",
        ]
        upgraded = real.network
        assert set(upgraded.chaincode.ports.values()).isdisjoint(before.all_ports())
        assert set(before.chaincode.ports.values()).isdisjoint(upgraded.all_ports())

        # As if it had been interrupted after the commit.
        interrupted = real.network
        interrupted.chaincode, interrupted.coming = before.chaincode, upgraded.chaincode
        interrupted.save()
        real.call("add-org")
        assert real.network.coming is None
        assert real.network.chaincode.version == "3"
        for words in (["kill", "totem.org1"], ["restart", "totem.org1"], ["down", "--keep"], ["up"]):
            real.call(*words)
        (real.network.folder / "nodes" / "totem.org1.3" / "log").write_text("it serves\n")
        assert real.call("logs", "totem.org1").startswith("it serves\n")
        assert [node for node, runs in nodes(real).items() if runs][-3:] == ["totem.org1", "totem.org2", "totem.org3"]
        real.call("upgrade", "4")
        assert real.story.audit()["balanced"]


def test_a_version_whose_servers_do_not_answer_is_replaced_by_the_next_one(tmp_path):
    with closing(RealSite(tmp_path / "network", orderers=1)) as real:
        real.story.found()
        (Path(real.state) / "listens.py").write_text(LISTENS)
        real.call("upgrade", "2", "--server", sys.executable, str(Path(real.state) / "listens.py"), status=1)
        assert real.network.coming.version == "2"
        said = real.call("up", status=1)
        assert "totem 2, which was interrupted, is ended" in said
        assert "totem.org1 has ended" in said or "totem.org2 has ended" in said
        assert real.network.chaincode.version == "2"
        real.call("upgrade", "3", "--server", sys.executable, str(SERVER))
        assert real.network.chaincode.sequence == 3
        assert real.story.audit()["balanced"]


def nodes(real):
    """Whether each node runs, by name."""
    return {row["node"]: row["process"] is not None for row in status.status(real.network)["nodes"]}


class Asking:
    """A client that evaluates several times a second, in a thread of its own, until it is stopped."""

    def __init__(self, ledger, identity) -> None:
        self.times = [time.monotonic()]
        self.errors: list[str] = []
        self._ledger, self._identity = ledger, identity
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._end.wait(0.1):
            try:
                self._ledger.evaluate(self._identity, "participants.list", {})
            except LedgerError as error:
                self.errors.append(str(error))
            else:
                self.times.append(time.monotonic())

    def stop(self) -> float:
        """Return the longest time between two answers, in seconds; until now counts too."""
        self._end.set()
        self._thread.join()
        return max(later - earlier for earlier, later in pairwise([*self.times, time.monotonic()]))
