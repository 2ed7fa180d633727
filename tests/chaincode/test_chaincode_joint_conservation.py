"""Whatever is tried on joint jobs in whatever order: totem is conserved, pools add up, refusals change nothing."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import ContractError, NotFound
from totem_chaincode.job_states import ENDED, GRACE_SECONDS, OPEN, STATES, is_delivered
from totem_chaincode.journal import escrow_account
from totem_chaincode.simulation import SimulatedStub
from totem_chaincode.state import State
from totem_chaincode.testing import PEOPLE, JointStory, MemoryLedger, ToyEvaluator, creator, toy_source

PARTS = ("1", "2", "c")
ENDS = st.sampled_from(["done", "done", "done", "out_of_totem", "failed", "cancelled"])
ERROR = {"kind": "overflow", "line": 3}


class Pools(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.memory = MemoryLedger(Chaincode(ToyEvaluator()))
        self.story = JointStory(self.invoke)
        self.ready = False

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

    @initialize(target=jobs, quota=st.none() | st.integers(1, 400))
    def prepare(self, quota):
        access = self.story.ready_joint(amount=500, precheck="none")
        self.access = {name: self.story.grant(f"homes-{name}", "peter", name, quota) for name in access}
        self.quota, self.ready = quota, True
        begun = [self.attempt(lambda least=least: self.submit_one(90, least)) for least in (2, 1)]
        for job_id in filter(None, begun):
            for number in (1, 2):
                self.story.accept_part(f"{job_id}-{number}")
        return multiple(*filter(None, begun))

    def submit_one(self, totem, least):
        source = toy_source(lower=0, upper=None)
        return self.story.submit_joint(
            self.access, totem, source=source, deadline_seconds=200, parts_seconds=100, at_least=least
        )

    @rule(target=jobs, totem=st.integers(0, 200), least=st.integers(1, 2))
    def submit(self, totem, least):
        job_id = self.attempt(lambda: self.submit_one(totem, least))
        return multiple() if job_id is None else job_id

    def runner(self, job_id, part):
        return "utility" if part == "1" else "grid"

    @rule(job_id=jobs, part=st.sampled_from(PARTS))
    def accept(self, job_id, part):
        self.attempt(lambda: self.story.accept_part(f"{job_id}-{part}"))

    @rule(job_id=jobs, part=st.sampled_from(PARTS), charge=st.integers(0, 100), end=ENDS)
    def settle(self, job_id, part, charge, end):
        more = {"error": ERROR if end == "failed" else None}
        if part == "c":
            self.attempt(lambda: self.story.settle_combining(job_id, charge, end, **more))
        else:
            self.attempt(lambda: self.story.settle_data(f"{job_id}-{part}", charge, end, **more))

    @rule(job_id=jobs, part=st.sampled_from(PARTS))
    def finish(self, job_id, part):
        """End a part as its last settlement says."""
        part_id, person = f"{job_id}-{part}", self.runner(job_id, part)
        match self.record(part_id)["verdict"]:
            case "finished":
                self.attempt(lambda: self.story.deliver(part_id))
            case "failed":
                self.attempt(lambda: self.invoke(person, "jobs.fail", self.failure(part_id, "program")))
            case _:
                self.attempt(lambda: self.invoke(person, "jobs.halt", {"job_id": part_id}))

    @staticmethod
    def failure(part_id, side):
        return {"job_id": part_id, "side": side, "error": ERROR}

    @rule(job_id=jobs, part=st.sampled_from(PARTS), how=st.sampled_from(["decline", "give_up"]))
    def leave(self, job_id, part, how):
        part_id, person = f"{job_id}-{part}", self.runner(job_id, part)
        if how == "decline":
            self.attempt(lambda: self.invoke(person, "jobs.decline", {"job_id": part_id, "reason": "x"}))
        else:
            self.attempt(lambda: self.invoke(person, "jobs.fail", self.failure(part_id, "provider")))

    @rule(job_id=jobs, part=st.sampled_from(PARTS), begins=st.booleans())
    def leave_out(self, job_id, part, begins):
        if begins:
            self.attempt(lambda: self.story.accept_part(f"{job_id}-c"))
        args = {"job_id": f"{job_id}-{part}", "reason": "it can't be used"}
        self.attempt(lambda: self.invoke("grid", "joint.leave_out", args))

    @rule(job_id=jobs, part=st.sampled_from(PARTS), used=st.integers(0, 40), needs=st.integers(1, 60))
    def dry(self, job_id, part, used, needs):
        args = {"job_id": f"{job_id}-{part}", "used": used, "needs": needs}
        self.attempt(lambda: self.invoke(self.runner(job_id, part), "joint.dry", args))

    @rule(job_id=jobs, needs=st.integers(1, 60))
    def dry_all(self, job_id, needs):
        """Have every running data part wait, then give what is left."""
        for part in ("1", "2"):
            slice_ = self.records("escrow")[f"{job_id}-{part}",]["reserved"]
            self.dry(job_id, part, slice_, needs)
        self.redistribute(job_id, "grid")

    @rule(job_id=jobs, person=st.sampled_from(["peter", "utility", "grid", "admin", "paula"]))
    def redistribute(self, job_id, person):
        self.attempt(lambda: self.invoke(person, "joint.redistribute", {"job_id": job_id}))

    @rule(
        job_id=jobs,
        function=st.sampled_from(["joint.end", "joint.end", "jobs.cancel", "jobs.expire"]),
        person=st.sampled_from(["peter", "grid"]),
    )
    def end(self, job_id, function, person):
        self.attempt(lambda: self.invoke(person, function, {"job_id": job_id}))

    @rule(job_id=jobs, part=st.sampled_from(PARTS), person=st.sampled_from(["grid", "peter", "utility"]))
    def purge(self, job_id, part, person):
        self.attempt(lambda: self.invoke(person, "results.purge", {"job_id": f"{job_id}-{part}"}))

    @rule(job_id=jobs, part=st.sampled_from(PARTS))
    def expire(self, job_id, part):
        self.attempt(lambda: self.invoke("grid", "jobs.expire", {"job_id": f"{job_id}-{part}"}))

    @rule(job_id=jobs, charges=st.lists(st.integers(0, 40), min_size=3, max_size=3))
    def run(self, job_id, charges):
        """Do the next step of every part, in order."""
        for part, charge in zip(PARTS, charges, strict=True):
            self.accept(job_id, part)
            self.settle(job_id, part, charge, "done")
            self.finish(job_id, part)

    @rule(seconds=st.integers(1, 60) | st.just(GRACE_SECONDS))
    def wait(self, seconds):
        self.memory.now += seconds * 1_000

    def records(self, kind):
        stub = SimulatedStub(
            self.memory.state, tx_id="0" * 64, timestamp=0, creator=creator("admin", "ConsortiumMSP", "consortium")
        )
        return dict(State(stub, read_only=True).scan(kind))

    def record(self, job_id):
        return self.records("job")[job_id,]

    @invariant()
    def conserved(self):
        if self.ready:
            audit = self.story.audit()
            assert audit["balanced"]
            assert audit["issued"] == 500
            assert all(amount >= 0 for amount in audit["accounts"].values())

    @invariant()
    def double_entry(self):
        sums: dict[str, int] = {}
        for entry in self.records("entry").values():
            sums[entry["account"]] = sums.get(entry["account"], 0) + entry["amount"]
        assert sum(sums.values()) == 0
        escrows = self.records("escrow")
        for job_id, job in self.joint_jobs():
            held = sum(self.held(escrows[part_id,]) for part_id in job["parts"])
            assert sums.get(escrow_account(job_id), 0) == held

    def joint_jobs(self):
        return [(parts[0], job) for parts, job in self.records("job").items() if job["kind"] == "joint"]

    @staticmethod
    def held(slice_):
        return slice_["reserved"] if slice_["state"] == "open" else slice_["pooled"]

    @invariant()
    def every_pool_adds_up(self):
        escrows, jobs = self.records("escrow"), self.records("job")
        for _, job in self.joint_jobs():
            slices = [escrows[part_id,] for part_id in job["parts"]]
            paid, returned = (sum(item[name] for item in slices) for name in ("paid", "returned"))
            assert sum(map(self.held, slices)) + paid + returned == job["escrow"]
            for item in slices:
                part = jobs[item["job_id"],]
                assert 0 <= item["used"] <= item["reserved"]
                assert min(item["pooled"], item["paid"], item["returned"]) >= 0
                assert (item["state"] == "open") == (part["state"] in OPEN)
                if item["state"] != "open":
                    assert item["paid"] + item["pooled"] + item["returned"] == item["reserved"]
                    assert item["paid"] in (0, item["used"])
                    assert part["paid"] == item["paid"]
            if job["state"] in ENDED:
                assert not any(map(self.held, slices))
                assert (job["paid"], job["returned"]) == (paid, returned)

    @invariant()
    def the_whole_ends_with_its_parts(self):
        jobs = self.records("job")
        for job_id, job in self.joint_jobs():
            parts = [jobs[part_id,] for part_id in job["parts"]]
            assert {part["state"] for part in parts} | {job["state"]} <= set(STATES)
            if job["state"] in ENDED:
                assert all(part["state"] in ENDED for part in parts)
                missing = [part["provider"] for part in parts[:-1] if not is_delivered(part)]
                assert job["missing"] == missing
            if job["state"] == "completed":
                assert len(parts) - 1 - len(job["missing"]) >= job["at_least"]
                assert self.invoke("peter", "results.get", {"job_id": job_id})["result"]

    @invariant()
    def partial_groups_live_as_long_as_the_job(self):
        jobs = self.records("job")
        kept = {key.decode() for _, key, _ in self.memory.state.private.values() if b"partials" in key}
        for _, job in self.joint_jobs():
            for part_id in job["parts"][:-1]:
                there = any(part_id in key for key in kept)
                readable = job["state"] in OPEN and jobs[part_id,]["state"] == "completed"
                # Where somebody else has ended the job they wait for the combining provider to purge them.
                waiting = ("grid@GridMSP", part_id) in {(parts[0], parts[2]) for parts in self.records("kept_result")}
                assert there == (readable or waiting)
                assert not (readable and waiting)
                if waiting:
                    with pytest.raises(NotFound, match="purged"):
                        self.invoke("grid", "joint.partials", {"job_id": part_id})

    @invariant()
    def quotas_are_kept(self):
        if not self.ready or self.quota is None:
            return
        jobs = self.records("job").values()
        for access_id, _ in self.access.values():
            left = self.invoke("peter", "access.get", {"access_id": access_id})["quota_left"]
            taken = sum(
                part["paid"] if part["state"] in ENDED else part["pool"]
                for part in jobs
                if part["kind"] == "part" and part["datasets"] and part["datasets"][0]["access_id"] == access_id
            )
            assert left == self.quota - taken
            assert left >= 0

    @invariant()
    def indexes_say_what_is_open(self):
        open_ = set(self.records("open_job"))
        for parts, job in self.records("job").items():
            people = (job["consumer"], "*", *job["parties"]) if job["kind"] == "joint" else (job["provider"],)
            for person in people:
                assert ((person, parts[0]) in open_) == (job["state"] in OPEN)


Pools.TestCase.settings = settings(
    max_examples=3, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestPools = Pools.TestCase


@pytest.mark.slow
class TestPoolsForLong(Pools.TestCase):
    settings = settings(Pools.TestCase.settings, max_examples=30, stateful_step_count=45)
