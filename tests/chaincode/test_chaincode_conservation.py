"""Whatever is tried in whatever order: totem is conserved, used ≤ reserved, what is refused changes nothing."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import ContractError
from totem_chaincode.job_states import ENDED, GRACE_SECONDS, STATES
from totem_chaincode.journal import ISSUED
from totem_chaincode.simulation import SimulatedStub
from totem_chaincode.state import State
from totem_chaincode.testing import PEOPLE, MemoryLedger, Story, ToyEvaluator, creator, toy_source

AMOUNTS = st.integers(1, 400)
ENDS = st.sampled_from(["done", "done", "done", "out_of_totem", "failed", "cancelled"])
PERSONS = st.sampled_from(["peter", "paula", "utility", "grid", "admin"])


class Money(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.memory = MemoryLedger(Chaincode(ToyEvaluator()))
        self.story = Story(self.invoke)
        self.issued = 0

    def invoke(self, person, function, args, transient=None):
        who = PEOPLE[person]
        return self.memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    def attempt(self, act):
        """Run something that may be refused; what is refused changes nothing."""
        before = dict(self.memory.state.rows), dict(self.memory.state.private)
        try:
            return act()
        except ContractError:
            assert (dict(self.memory.state.rows), dict(self.memory.state.private)) == before
            return None

    @initialize(target=jobs, precheck=st.sampled_from(["none", "lower"]), quota=st.none() | st.integers(1, 600))
    def prepare(self, precheck, quota):
        self.story.ready(500, precheck=precheck)
        self.issued = 500
        self.access = self.story.grant(quota=quota)
        self.quota = quota
        begun = []
        for totem in (60, 100, 140):
            job = self.attempt(lambda totem=totem: self.story.submit(self.access, totem, deadline_seconds=60))
            if job is not None:
                self.story.accept(job)
                begun.append(job)
        return multiple(*begun)

    @rule(person=PERSONS, amount=AMOUNTS)
    def issue(self, person, amount):
        self.story.fund(person, amount)
        self.issued += amount

    @rule(person=PERSONS, other=PERSONS, amount=AMOUNTS)
    def transfer(self, person, other, amount):
        args = {"to": PEOPLE[other].id, "amount": amount, "reason": "x"}
        self.attempt(lambda: self.invoke(person, "accounts.transfer", args))

    @rule(target=jobs, totem=st.integers(0, 300), phases=st.integers(1, 3), accepted=st.booleans())
    def submit(self, totem, phases, accepted):
        source = toy_source(phases=("map", "reduce", "map", "reduce")[:phases], lower=5)
        job = self.attempt(lambda: self.story.submit(self.access, totem, source=source, deadline_seconds=60))
        if job is None:
            return multiple()
        if accepted:
            self.story.accept(job)
        return job

    @rule(job=jobs)
    def accept(self, job):
        self.attempt(lambda: self.story.accept(job))

    @rule(
        job=jobs,
        index=st.integers(0, 4),
        charge=st.integers(0, 200),
        end=ENDS,
        records=st.integers(0, 50),
    )
    def settle(self, job, index, charge, end, records):
        error = {"kind": "overflow", "line": 3} if end == "failed" else None
        self.attempt(lambda: self.story.settle(job, index, charge, end, records_out=records, error=error))

    @rule(job=jobs, charges=st.lists(st.integers(0, 60), min_size=1, max_size=3), end=ENDS)
    def run(self, job, charges, end):
        """Settle the next phases in order, the last of them with this end."""
        for number, charge in enumerate(charges, 1):
            last = number == len(charges)
            self.settle(job, self.record(job)["next_phase"], charge, end if last else "done", records=3)

    @rule(job=jobs)
    def finish(self, job):
        """End a job as its last settlement says."""
        match self.record(job)["verdict"]:
            case "finished":
                self.complete(job)
            case "failed":
                self.fail(job, "program", "overflow")
            case _:
                self.halt(job, None)

    @rule(job=jobs)
    def complete(self, job):
        self.attempt(lambda: self.story.complete(job))

    @rule(job=jobs, partial=st.sampled_from([None, "[1,2]\n"]))
    def halt(self, job, partial):
        self.attempt(lambda: self.story.halt(job, partial))

    @rule(job=jobs, side=st.sampled_from(["program", "provider"]), kind=st.sampled_from(["overflow", "result_limit"]))
    def fail(self, job, side, kind):
        error = {"kind": kind, "line": 3 if kind == "overflow" else None}
        args = {"job_id": job, "side": side, "error": error}
        if kind == "result_limit":
            args["undelivered"] = {"hash": "ab" * 32, "lines": 1, "bytes": 1 << 30}
        self.attempt(lambda: self.invoke("utility", "jobs.fail", args))

    @rule(job=jobs, function=st.sampled_from(["jobs.cancel", "jobs.expire", "jobs.decline"]))
    def end(self, job, function):
        args = {"job_id": job} | ({"reason": "x"} if function == "jobs.decline" else {})
        person = "utility" if function == "jobs.decline" else "peter"
        self.attempt(lambda: self.invoke(person, function, args))

    @rule(seconds=st.integers(1, 30) | st.just(GRACE_SECONDS))
    def wait(self, seconds):
        self.memory.now += seconds * 1_000

    def records(self, kind):
        stub = SimulatedStub(
            self.memory.state, tx_id="0" * 64, timestamp=0, creator=creator("admin", "ConsortiumMSP", "consortium")
        )
        return dict(State(stub, read_only=True).scan(kind))

    def record(self, job):
        return self.records("job")[job,]

    @invariant()
    def conserved(self):
        if not self.issued:
            return
        audit = self.story.audit()
        assert audit["balanced"]
        assert audit["issued"] == self.issued
        assert all(amount >= 0 for amount in audit["accounts"].values())

    @invariant()
    def double_entry(self):
        sums: dict[str, int] = {}
        for entry in self.records("entry").values():
            sums[entry["account"]] = sums.get(entry["account"], 0) + entry["amount"]
        assert sum(sums.values()) == 0
        assert sums.get(ISSUED, 0) == -self.issued
        if self.issued:
            accounts = self.story.audit()["accounts"]
            for person in PEOPLE.values():
                assert sums.get(person.id, 0) == accounts.get(person.id, 0)

    @invariant()
    def escrows_are_in_order(self):
        jobs = self.records("job")
        for (job_id,), escrow in self.records("escrow").items():
            job = jobs[job_id,]
            assert 0 <= escrow["used"] <= escrow["reserved"]
            assert job["state"] in STATES
            assert (escrow["state"] == "open") == (job["state"] not in ENDED)
            charges = [p["charge"] for parts, p in self.records("phase").items() if parts[0] == job_id]
            assert sum(charges) == escrow["used"]
            if job["state"] in ENDED:
                assert escrow["paid"] + escrow["returned"] == escrow["reserved"]
                assert escrow["paid"] in (0, escrow["used"])

    @invariant()
    def quota_is_kept(self):
        if not self.issued or self.quota is None:
            return
        left = self.invoke("peter", "access.get", {"access_id": self.access[0]})["quota_left"]
        of_jobs = sum(
            job["escrow"] if job["state"] not in ENDED else job["paid"]
            for job in self.records("job").values()
            if job["datasets"][0]["access_id"] == self.access[0]
        )
        assert left == self.quota - of_jobs
        assert left >= 0


Money.TestCase.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestMoney = Money.TestCase


@pytest.mark.slow
class TestMoneyForLong(Money.TestCase):
    settings = settings(Money.TestCase.settings, max_examples=60, stateful_step_count=45)
