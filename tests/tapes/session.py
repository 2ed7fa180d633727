"""What TOTEM's client does on a tape: run once while it is recorded, and again over each tape that is replayed.

Each step has an outcome: an answer, or an error by class, code and text. What differs each time (ids, addresses,
seconds) is masked. ``recorded/outcomes.json`` says what is expected, of every version of Fabric alike.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from totem.ledger import LedgerError
from totem.ledger.fabric import ConnectionProfile, Deadlines, FabricLedger, PeerAddress
from totem.ledger.fabric.events import Checkpoint
from totem_chaincode.errors import ContractError

CHANNEL, CHAINCODE = "totem", "drill"
MSP_IDS = {"org1": "Org1MSP", "org2": "Org2MSP"}
SECRETS = "_implicit_org_Org2MSP"
AT_ONCE = 8
AHEAD = 10 * 60_000
LONG = 500
DEADLINES = Deadlines(evaluate=20, endorse=20, submit=20, commit_status=10, deliver=20, patience=30)
AT_ONE_TRY = replace(DEADLINES, patience=0)


class Session:
    """``addresses`` are the peers', by organisation; ``people`` are ann (org1), bob (org2), eve (a stranger)."""

    def __init__(self, addresses: dict[str, str], people: dict) -> None:
        self._addresses = addresses
        self._people = people
        self._opened: list[FabricLedger] = []
        self._ann = self._open("org1")
        self._bob = self._open("org2")
        self.outcomes: list = []

    def run(self) -> list:
        """Do everything; return the outcomes."""
        try:
            for part in (
                self._state,
                self._ranges,
                self._secrets,
                self._refusals,
                self._lost,
                self._strangers,
                self._at_once,
                self._events,
                self._blocks,
            ):
                part()
        finally:
            for ledger in self._opened:
                ledger.close()
        return self.outcomes

    def _open(self, organisation: str, clock=None, **changes) -> FabricLedger:
        peer = PeerAddress(self._addresses[organisation], MSP_IDS[organisation])
        profile = ConnectionProfile(CHANNEL, CHAINCODE, (peer,), endorsers=tuple(MSP_IDS.values()), deadlines=DEADLINES)
        reader = self._people["ann" if organisation == "org1" else "bob"]
        ledger = FabricLedger(replace(profile, **changes), reader, clock=clock)
        self._opened.append(ledger)
        return ledger

    def _note(self, step):
        """Keep a step's outcome; return what it returned."""
        try:
            found = step()
        except (ContractError, LedgerError, LookupError) as error:
            said = [type(error).__name__, getattr(error, "code", ""), _mask(str(error))]
            self.outcomes.append({"error": said})
            return None
        self._keep(found)
        return found

    def _keep(self, result):
        text = json.dumps(result, sort_keys=True)
        digest = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "length": len(text)}
        self.outcomes.append({"result": digest if len(text) > LONG else result})

    def _ask(self, function, *, ledger=None, who="ann", **args):
        return self._note(lambda: (ledger or self._ann).evaluate(self._people[who], function, args))

    def _do(self, function, *, ledger=None, who="ann", transient=None, **args):
        return self._note(lambda: (ledger or self._ann).submit(self._people[who], function, args, transient).result)

    def _caught_up(self):
        """Wait until both peers have the same blocks: each is asked for its own."""
        end = time.monotonic() + 20
        while self._ann.height() != self._bob.height():
            assert time.monotonic() < end
            time.sleep(0.3)

    def _state(self):
        self._ask("who")
        self._ask("who", ledger=self._bob, who="bob")
        self._do("put", key="alpha", value="one")
        self._do("put", key="beta", value="Grüße")
        self._ask("get", key="alpha")
        self._ask("get", key="nothing")
        self._ask("get_several", keys=["beta", "nothing", "alpha"] * 5)
        self._do("increment", key="counter")
        self._do("increment", key="counter")
        self._do("large", size=100_000)
        self._do("delete", key="alpha")
        self._ask("get", key="alpha")
        self._ask("history", key="alpha")

    def _ranges(self):
        self._do("put_rows", group="many", count=230)
        self._do("put_rows", group="few", count=3)
        self._ask("rows", group="many")
        self._ask("rows", group="none")
        self._ask("first_row", group="many")
        self._ask("two_ranges", group="few")
        self._ask("range", start="", end="")
        self._ask("range", start="b", end="c")
        self._ask("range", start="c", end="b")
        page = {"bookmark": ""}
        while page is not None:
            page = self._ask("page", group="many", size=100, bookmark=page["bookmark"])
            page = page if page and page["bookmark"] else None

    def _secrets(self):
        self._do("keep_secret", collection=SECRETS, key="door", transient={"secret": "planted-secret"})
        self._caught_up()
        self._ask("tell_secret", ledger=self._bob, who="bob", collection=SECRETS, key="door")
        self._ask("tell_secret", collection=SECRETS, key="door")
        self._ask("tell_secret", collection=SECRETS, key="window")
        self._ask("hash_of_secret", collection=SECRETS, key="door")
        self._ask("hash_of_secret", collection=SECRETS, key="window")
        self._do("purge_secret", collection=SECRETS, key="door")
        self._caught_up()
        self._ask("tell_secret", ledger=self._bob, who="bob", collection=SECRETS, key="door")
        self._ask("hash_of_secret", collection=SECRETS, key="door")

    def _refusals(self):
        for run in (self._ask, self._do):
            run("refuse", why="because")
            run("break")
            run("who", unknown="argument")
            run("tell_secret", collection="nowhere", key="door")
        # The contract must not answer as if it had been written.
        self._do("keep_secret", collection="nowhere", key="door", transient={"secret": "x"})
        self._do("keep_secret", collection=SECRETS, key="door")

    def _lost(self):
        increments = [self._endorsed("increment", key="counter") for _ in range(2)]
        for transaction in increments:
            self._note(lambda sent=transaction: self._ann.resume(sent, was_sent=False).result)
        self._ask("get", key="counter")
        counted = self._endorsed("count_rows", group="few")
        self._do("put_rows", group="few", count=5)
        self._note(lambda: self._ann.resume(counted, was_sent=False).result)
        # The same envelope once more is the same transaction, and not a second one.
        self._note(lambda: self._ann.resume(increments[0]).result)
        self._ask("get", key="counter")
        self._do("put", ledger=self._open("org1", endorsers=("Org1MSP",)), key="alone", value="x")
        self._ask("get", key="alone")

    def _endorsed(self, function, **args):
        ann = self._people["ann"]
        return self._ann.endorse(self._ann.prepare(ann, function, args).signed_by(ann)).signed_by(ann)

    def _strangers(self):
        early = self._open("org1", clock=lambda: time.time_ns() // 1_000_000 + AHEAD)
        for run in (self._ask, self._do):
            run("who", who="eve")
            run("who", ledger=early)
            run("who", ledger=self._open("org1", chaincode="nothing", deadlines=AT_ONE_TRY))
            run("who", ledger=self._open("org1", channel="elsewhere", deadlines=AT_ONE_TRY))
        ann = self._people["ann"]
        draft = self._ann.prepare(ann, "shout", {"text": "twice"}).signed_by(ann)
        sent = self._ann.endorse(draft).signed_by(ann)
        self._note(lambda: self._ann.resume(sent, was_sent=False).result)
        self._note(lambda: str(self._ann.endorse(draft)))

    def _at_once(self):
        def put(number):
            return self._ann.submit(self._people["ann"], "put", {"key": f"key {number}", "value": str(number)}).result

        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = sorted(pool.map(put, range(AT_ONCE)))
        self._keep(found)
        self._ask("get_several", keys=found)

    def _events(self):
        for number in range(3):
            self._do("shout", text=f"number {number}")
        self._caught_up()
        past = list(self._ann.events())
        self._keep([[event.name, event.payload] for event in past])
        for organisation, position in ((self._ann, 1), (self._bob, len(past) - 2)):
            behind, stop = [], threading.Event()
            for event in organisation.events_behind(Checkpoint.after(past[position]), follow=True, stop=stop):
                behind.append(event)
                if event == past[-1]:
                    stop.set()
            assert behind == past[position + 1 :]
            self._keep(len(behind))

    def _blocks(self):
        height = self._ann.height()
        blocks = [self._ann.block(number) for number in range(height)]
        # How many transactions share a block is the orderers' business.
        codes = sorted(record.code for block in blocks for record in block.transactions)
        self._keep(codes)
        self._note(lambda: str(self._ann.block(10**6)))
        report = self._ann.verify(blocks[1].hash)
        self._keep([report.problem, report.transactions])


def _mask(text: str) -> str:
    text = re.sub(r"[0-9a-f]{64}", "ID", text)
    text = re.sub(r"has \d+ blocks", "has BLOCKS", text)
    text = re.sub(r"\d+\.\d+\.\d+\.\d+:\d+|localhost:\d+", "ADDRESS", text)
    return re.sub(r"\d+ s\b", "SECONDS", text)
