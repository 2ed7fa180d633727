"""Twenty consumers whose jobs run all the time, and the proof afterwards that nothing of it was lost or done twice.

Each job is submitted, accepted, settled twice and completed, in transactions of its own; every transaction that was
acknowledged is noted with the moment. What the channel says is read from every peer's own copy.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

from tests.network.real_site import until
from totem.ledger.fabric.in_step import InStep, Newest
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.testing import Person, Story, secret, toy_source
from totem_network import crypto, endorse, metrics

CHARGES = (30, 12)
ESCROW = 100


@dataclass
class Noted:
    """What the clients were told: acknowledged transactions by id, with the moment and what they did."""

    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, tx_id: str, function: str, job_id: str) -> None:
        with self.lock:
            assert tx_id not in self.acknowledged
            self.acknowledged[tx_id] = (function, job_id)
            self.moments.append(time.monotonic())

    def pause(self, begin: float, end: float) -> float:
        """Return the longest time between two acknowledgements around a fault, in seconds."""
        inside = [begin, *sorted(moment for moment in self.moments if begin <= moment <= end), end]
        return max(later - earlier for earlier, later in pairwise(inside))


class JobLoad:
    """Consumers of all organisations at work on one dataset: ``begin`` and ``finish``, any number of times."""

    def __init__(self, real, *, clients: int = 20) -> None:
        self.real = real
        self.noted = Noted()
        self.newest = Newest()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(clients)
        self._running: list[Future] = []
        network = real.network
        organisations = network.organisations
        self.consumers: list[Person] = []
        for number in range(clients):
            organisation = organisations[number % len(organisations)]
            person = Person(f"client{number}", organisation.msp_id, "consumer")
            crypto.issue(network, organisation, person.name, person.role)
            real.adopt(person)
            self.consumers.append(person)
        with ThreadPoolExecutor(10) as pool:
            self.access = dict(pool.map(self.admit, self.consumers))

    def admit(self, person: Person):
        """Enrol a consumer, give it totem and access; return its name with access id and key."""
        invoke = self.submit
        invoke("admin", "participants.enrol", {"participant": person.id, "role": "consumer"})
        invoke("admin", "accounts.issue", {"account": person.id, "amount": 10**6, "reason": "test"})
        asked = invoke(person.name, "access.request", {"dataset_id": "homes", "purpose": "load"})
        key, granted = secret(), {"access_id": asked["access_id"], "seconds": 86_400, "quota": None}
        invoke("utility", "access.grant", granted, {"access_key": key})
        return person.name, (asked["access_id"], key)

    def ledger(self, name: str) -> InStep:
        """Return the ledger of somebody's organisation, which waits for what others have committed."""
        return InStep(self.real.ledger(name), self.newest)

    def submit(self, name: str, function: str, args, transient=None, job_id: str = ""):
        done = self.ledger(name).submit(self.real.people[name], function, args, transient)
        self.noted.add(done.tx_id, function, job_id or str(done.result.get("job_id", "")))
        return done.result

    def begin(self) -> None:
        """Let every consumer run one job after the other."""
        self._stop.clear()
        self._running = [self._pool.submit(self._work, person.name) for person in self.consumers]

    def finish(self) -> None:
        """Let the jobs that run end, and no further ones begin; whatever a client met is raised here."""
        self._stop.set()
        for running in self._running:
            running.result(timeout=180)
        self._running = []

    def wait_for_jobs(self, count: int, seconds: float = 120) -> None:
        """Wait until so many further jobs have ended: the load is under way, or has come back."""
        wanted = len(self.noted.jobs) + count
        end = time.monotonic() + seconds
        while len(self.noted.jobs) < wanted:
            assert time.monotonic() < end, f"{len(self.noted.jobs)} jobs ended, {wanted} were expected"
            failed = [each for each in self._running if each.done() and each.exception()]
            if failed:
                raise failed[0].exception()
            time.sleep(0.02)

    def _work(self, name: str) -> None:
        while not self._stop.is_set():
            self.job(name)

    def job(self, name: str) -> str:
        """Run one job to its end."""
        return self.complete(*self.start(name))

    def start(self, name: str) -> tuple[str, str]:
        """Run a job until only its result is to be delivered; return who it is for, and its id."""
        access_id, key = self.access[name]
        code = secret()
        datasets = [{"dataset_id": "homes", "access_id": access_id}]
        args = {"source": toy_source(), "datasets": datasets, "totem": ESCROW}
        job_id = self.submit(name, "jobs.submit", args, {"access_keys": {access_id: key}, "code": code})["job_id"]
        self.submit("utility", "jobs.accept", {"job_id": job_id}, {"code": code}, job_id)
        before = None
        for index, charge in enumerate(CHARGES):
            earlier = before["receipt"] if before else None
            receipt = Story.receipt(0, ("map", "reduce")[index], charge, before=earlier)
            settled, told = Story.settlement(job_id, index, receipt, before=before)
            self.submit("utility", "jobs.settle", settled, told, job_id)
            before = {"receipt": receipt, "salt": told["salt"]}
        return name, job_id

    def complete(self, name: str, job_id: str) -> str:
        """Deliver a job's result."""
        salt, result = secret(), "[1,2]\n"
        given = {"job_id": job_id, "result_hash": salted_hash(salt, result.encode())}
        self.submit("utility", "jobs.complete", given, {"result": result, "salt": salt}, job_id)
        with self.noted.lock:
            self.noted.jobs.append(job_id)
        return job_id

    def check(self) -> dict:
        """Check every peer's copy of the channel against what the clients were told; return what was counted."""
        network = self.real.network
        until(lambda: len({self._height(organisation) for organisation in network.organisations}) == 1, 30)
        reader = self.real.ledger("admin")
        valid: dict[str, tuple[str, str]] = {}
        codes: Counter = Counter()
        for number in range(reader.height()):
            for record in reader.block(number).transactions:
                codes[record.code] += 1
                if record.code == "VALID" and record.function.startswith("jobs."):
                    assert record.tx_id not in valid, "one transaction stands in two blocks"
                    valid[record.tx_id] = (record.function, str(record.args.get("job_id", "")))
        told = {tx: what for tx, what in self.noted.acknowledged.items() if what[0].startswith("jobs.")}
        assert set(told) <= set(valid), "an acknowledged transaction is lost"
        assert set(valid) - set(told) == set(), "a transaction was committed that its client was not told of"
        steps = Counter(what for what in valid.values() if what[1])
        for job_id in self.noted.jobs:
            found = {function: count for (function, of), count in steps.items() if of == job_id}
            assert found == {"jobs.accept": 1, "jobs.settle": len(CHARGES), "jobs.complete": 1}
        audits = [self._ask(organisation, "accounts.audit", {}) for organisation in network.organisations]
        assert all(audit["balanced"] for audit in audits)
        assert all(audit == audits[0] for audit in audits), "the peers do not have the same accounts"
        for organisation in network.organisations:
            for job_id in self.noted.jobs:
                job = self._ask(organisation, "jobs.get", {"job_id": job_id})
                assert (job["state"], job["paid"]) == ("completed", sum(CHARGES))
        return {"jobs": len(self.noted.jobs), "acknowledged": len(told), "codes": dict(codes)}

    def _ask(self, organisation, function: str, args):
        """Ask an organisation's own peer, which no other one answers for."""
        network = self.real.network
        call = [function.encode(), json.dumps(args).encode()]
        status, said, payload = endorse.ask(
            network, organisation, network.chaincode.name, call, identity=self.real.people["admin"]
        )
        assert status == 200, said
        return json.loads(payload)

    def _height(self, organisation) -> int:
        said = metrics.read(organisation.operations_port)
        return metrics.channel_height(said, self.real.network.channel, orderer=False)
