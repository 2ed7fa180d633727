"""The pool rule: a joint job whose cost over all parts fits its escrow completes, however the slices were cut."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.job_states import may_stop_waiting
from totem_chaincode.testing import PEOPLE, JointStory, MemoryLedger, Person, ToyEvaluator, creator, toy_source

MORE = [Person(name, f"{name.title()}MSP", "provider") for name in ("village", "island", "harbour")]
EVERYBODY = {**PEOPLE, **{person.name: person for person in MORE}}
PROVIDERS = ["utility", "grid", *(person.name for person in MORE)]


class Weighing(ToyEvaluator):
    """Expects of the combining part, then of each data part, what a test says: slices are cut by that."""

    def __init__(self, weights):
        self.weights = iter(weights)

    def evaluate(self, question):
        return replace(super().evaluate(question), expected=(next(self.weights),) * 2)


class Simulation:
    """Providers that run parts charge by charge, as their frameworks do: dry when the next one does not fit.

    Those in ``absent`` (their places) never do anything.
    """

    def __init__(self, totem, costs, order, weights, absent=()):
        self.memory = MemoryLedger(Chaincode(Weighing(weights)))
        self.story = JointStory(self.invoke, MORE)
        self.costs, self.used, self.order = [list(charges) for charges in costs], [0] * len(costs), order
        source = toy_source(lower=0, upper=None, bounds=[(0, None), (0, None)])
        access = self.story.ready_joint(PROVIDERS[: len(costs)], amount=totem, precheck="none")
        present = len(costs) - len(absent)
        self.job_id = self.story.submit_joint(access, totem, source=source, at_least=present)
        self.absent = [f"{self.job_id}-{place + 1}" for place in absent]
        every = [f"{self.job_id}-{number}" for number in range(1, len(costs) + 1)]
        self.pending = [part_id for part_id in every if part_id not in self.absent]
        for part_id in self.pending:
            self.story.accept_part(part_id)

    def invoke(self, person, function, args, transient=None):
        who = EVERYBODY[person]
        return self.memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    def turn(self, part_id):
        """Let a part run until it has ended or waits; return whether it waits."""
        place = int(part_id.rpartition("-")[2]) - 1
        part = self.story.invoke(self.story.runner(part_id), "jobs.get", {"job_id": part_id})
        if part["final"]:
            self.story.settle_data(part_id, self.used[place], "out_of_totem")
            self.story.invoke(self.story.runner(part_id), "jobs.halt", {"job_id": part_id})
            return False
        if part["dry"]:
            return True
        for charge in self.costs[place]:
            if self.used[place] + charge > part["slice"]:
                told = {"job_id": part_id, "used": self.used[place], "needs": charge}
                self.invoke(self.story.runner(part_id), "joint.dry", told)
                return True
            self.used[place] += charge
            self.costs[place] = self.costs[place][1:]
        self.story.settle_data(part_id, self.used[place])
        self.story.deliver(part_id)
        return False

    def run(self):
        while self.pending:
            self.pending.sort(key=lambda part_id: self.order[int(part_id.rpartition("-")[2]) - 1])
            self.pending = [part_id for part_id in self.pending if self.turn(part_id)]
            if self.pending:
                self.give_up_absent()
                self.invoke("peter", "joint.redistribute", {"job_id": self.job_id})
            assert self.story.audit()["balanced"]

    def give_up_absent(self):
        """Wait for those who never come as long as others must, which is before anybody may stop waiting."""
        for part_id in self.absent:
            part = self.story.invoke("peter", "jobs.get", {"job_id": part_id})
            self.memory.now = part["submitted_at"] + (part["deadline"] - part["submitted_at"]) // 2
            assert not any(may_stop_waiting({**part, "final": False}, self.memory.now) for part in self.parts())
            self.invoke("peter", "jobs.expire", {"job_id": part_id})
        self.absent = []

    def parts(self):
        return self.story.joint(self.job_id)["parts"][:-1]


@st.composite
def shares(draw):
    """Draw what each of two to five providers charges, in which order they run, and how the slices are cut."""
    number = draw(st.integers(2, len(PROVIDERS)))
    costs = draw(st.lists(st.lists(st.integers(0, 30), max_size=5), min_size=number, max_size=number))
    weights = draw(st.lists(st.integers(0, 50), min_size=number + 1, max_size=number + 1))
    return costs, draw(st.permutations(range(number))), weights


@given(shares(), st.integers(0, 40))
@settings(max_examples=8, deadline=None)
def test_a_job_whose_cost_fits_its_escrow_completes_however_the_slices_were_cut(shared, combining):
    fits(shared, combining)


@given(shares(), st.integers(1, 100))
@settings(max_examples=6, deadline=None)
def test_a_job_whose_data_parts_cost_more_than_its_escrow_ends_out_of_totem(shared, lacking):
    does_not_fit(shared, lacking)


@pytest.mark.slow
@given(shares(), st.integers(0, 40), st.data())
@settings(max_examples=8, deadline=None)
def test_a_job_whose_cost_without_absent_providers_fits_its_escrow_completes(shared, combining, data):
    fits_without(shared, combining, data)


@pytest.mark.slow
@given(shares(), st.integers(1, 100), st.data())
@settings(max_examples=60, deadline=None)
def test_the_pool_rule_for_long(shared, amount, data):
    fits(shared, amount)
    does_not_fit(shared, amount)
    fits_without(shared, amount, data)


def fits_without(shared, combining, data):
    costs, order, weights = shared
    places = st.sets(st.integers(0, len(costs) - 1), min_size=1, max_size=len(costs) - 1)
    absent = sorted(data.draw(places))
    total = sum(sum(charges) for place, charges in enumerate(costs) if place not in absent) + combining
    world = Simulation(max(total, 1), costs, order, weights, absent)
    world.run()
    world.memory.now = max(world.memory.now, world.parts()[0]["deadline"])
    for part_id in world.absent:
        world.invoke("peter", "jobs.expire", {"job_id": part_id})
    world.story.combine(world.job_id, combining)
    ended = world.story.joint(world.job_id)
    assert (ended["state"], ended["paid"]) == ("completed", total)
    assert ended["missing"] == [world.parts()[place]["provider"] for place in absent]


def fits(shared, combining):
    costs, order, weights = shared
    total = sum(map(sum, costs)) + combining
    world = Simulation(max(total, 1), costs, order, weights)
    world.run()
    world.story.combine(world.job_id, combining)
    ended = world.story.joint(world.job_id)
    assert (ended["state"], ended["missing"], ended["paid"]) == ("completed", [], total)


def does_not_fit(shared, lacking):
    costs, order, weights = shared
    totem = sum(map(sum, costs)) - lacking
    if totem < 1:
        return
    world = Simulation(totem, costs, order, weights)
    world.run()
    ended = world.invoke("peter", "joint.end", {"job_id": world.job_id})
    assert ended["state"] == "out_of_totem"
    assert ended["paid"] == sum(world.used) <= totem
    assert ended["paid"] + ended["returned"] == totem
