"""Jobs whose escrow is a slice of a pool: they ask before they halt, on the simulated network, whatever happens.

The pool is the contracts' in short: a part that is dry waits until all others have ended or are dry; then all that
is left, also what dry parts have not used, goes to the first dry one in listed order if that covers its charge.
"""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Work, World, cost_of, sequential, total, world_of

from totem_ccf.mapreduce.master import MAX_ATTEMPTS
from totem_ccf.mapreduce.master_messages import Command
from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.lease_size import LeasePolicy
from totem_ccf.metering.manager import Manager
from totem_sdk.program import Phase

maps = st.lists(
    st.builds(Work, st.lists(st.integers(1, 9), max_size=5).map(tuple), st.sampled_from(["done"] * 12 + ["failed"])),
    min_size=1,
    max_size=5,
)
troubles = st.sampled_from([0.0, 0.02, 0.1])


@dataclass
class Slice:
    """What one part holds of the pool."""

    escrow: int
    used: int = 0
    dry: tuple | None = None
    ended: bool = False
    final: bool = False


@dataclass
class Pool:
    slices: list
    issued: int = field(init=False)

    def __post_init__(self):
        self.issued = sum(each.escrow for each in self.slices)

    def more(self, number, used, needs):
        """The port of one part."""
        part = self.slices[number]
        assert part.dry is None or part.dry[0] <= used
        if part.escrow < used + needs and not part.final:
            part.dry = (used, needs)
            self.redistribute()
        return part.escrow if part.final or part.escrow >= used + needs else None

    def end(self, number, charge):
        part = self.slices[number]
        assert charge <= part.escrow
        part.ended, part.dry, part.used = True, None, charge
        self.redistribute()

    def redistribute(self):
        if not all(part.ended or part.dry for part in self.slices):
            return
        dry = [part for part in self.slices if part.dry]
        spare = [part.escrow - (part.used if part.ended else part.dry[0]) for part in self.slices]
        if dry and sum(spare) >= dry[0].dry[1]:
            for part, unspent in zip(self.slices, spare, strict=True):
                part.escrow -= unspent
            dry[0].escrow += sum(spare)
            dry[0].dry = None
        else:
            for part in dry:
                part.final, part.dry = True, None
        assert sum(part.escrow for part in self.slices) == self.issued


def run_together(jobs, slices, choose, *, trouble, cancel=None, audit=False, workers=2):
    """Run the data parts of a job side by side; ``cancel`` is a step at which all are cancelled."""
    pool = Pool([Slice(escrow) for escrow in slices])
    worlds = [
        World(
            [job],
            escrow,
            gates=[0],
            workers=workers,
            choose=choose,
            policy=LeasePolicy(audit=audit, first=4, share=2),
            shuffled=False,
            pool=lambda used, needs, number=number: pool.more(number, used, needs),
        )
        for number, (job, escrow) in enumerate(zip(jobs, slices, strict=True))
    ]
    for number, world in enumerate(worlds):
        settle = world.ledger.settle

        def settled(phase, receipt, number=number, world=world, settle=settle):
            world.ledger.escrow = pool.slices[number].escrow
            answer = settle(phase, receipt)
            if not pool.slices[number].ended:
                pool.end(number, receipt["charge"])
            return answer

        world.ledger.settle = settled
    for step in range(100_000):
        running = [(number, world) for number, world in enumerate(worlds) if world.over is None]
        if not running:
            return pool, worlds
        number, world = choose.choice(running)
        if step == cancel:
            for _, each in running:
                each.cancel()
        world.advance(trouble)
        if world.over is not None and not pool.slices[number].ended:
            # The provider has given up: nothing is paid.
            pool.end(number, 0)
    raise AssertionError("livelock")


def lost(world):
    """Whether the provider lost the attempts of one task again and again."""
    return world.over.state == "provider_failed" and world.crashes >= MAX_ATTEMPTS


def bill(world):
    return [(receipt["end"], receipt["charge"]) for _, receipt in sorted(world.ledger.settled.items())]


@settings(max_examples=50, deadline=None)
@given(
    jobs=st.lists(maps, min_size=1, max_size=4),
    share=st.floats(0, 1.5),
    audit=st.booleans(),
    workers=st.integers(1, 3),
    trouble=troubles,
    seed=st.integers(0, 2**32),
)
def test_a_job_that_fits_its_pool_completes_however_the_slices_were_cut(*, jobs, share, audit, workers, trouble, seed):
    choose = random.Random(seed)  # noqa: S311 a schedule, not a secret
    issued = int(sum(cost_of([job]) for job in jobs) * share)
    cuts = sorted(choose.randint(0, issued) for _ in jobs[1:])
    slices = [end - start for start, end in zip([0, *cuts], [*cuts, issued], strict=True)]
    pool, worlds = run_together(jobs, slices, choose, trouble=trouble, audit=audit, workers=workers)
    alone = [sequential([job], 1 << 40, [0]) for job in jobs]
    if any(lost(world) for world in worlds):
        return
    if sum(charge for _, receipts in alone for _, charge in receipts) <= issued:
        assert [(world.over.state, bill(world)) for world in worlds] == alone
    for job, world, part in zip(jobs, worlds, pool.slices, strict=True):
        # With what it got in the end, each part has ended as a job of its own with this escrow.
        assert (world.over.state, bill(world)) == sequential([job], part.escrow, [0])
        assert part.used == sum(charge for _, charge in bill(world))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    jobs=st.lists(maps, min_size=1, max_size=3), share=st.floats(0, 1.2), cancel=st.integers(0, 300), seed=st.integers()
)
def test_parts_that_are_cancelled_while_they_wait_end_and_pay_no_more_than_they_hold(*, jobs, share, cancel, seed):
    choose = random.Random(seed)  # noqa: S311 a schedule, not a secret
    slices = [int(cost_of([job]) * share) for job in jobs]
    pool, worlds = run_together(jobs, slices, choose, trouble=0.02, cancel=cancel)
    for job, world, part in zip(jobs, worlds, pool.slices, strict=True):
        assert part.used <= part.escrow
        if world.over.state != "cancelled" and not lost(world):
            assert (world.over.state, bill(world)) == sequential([job], part.escrow, [0])


class Grants:
    """A pool that gives what it likes, and the same answer to the same question."""

    def __init__(self, escrow, choose):
        self.escrow, self.choose = escrow, choose
        self.answers = {}

    def __call__(self, used, needs):
        if (used, needs) not in self.answers:
            assert used <= self.escrow < used + needs
            if self.choose.random() < 0.3:
                return None
            if self.choose.random() < 0.7:
                self.escrow = used + needs + self.choose.randrange(6)
            self.answers[used, needs] = self.escrow
        return self.answers[used, needs]


@settings(max_examples=50, deadline=None)
@given(
    job=maps,
    share=st.floats(0, 1),
    workers=st.integers(1, 4),
    audit=st.booleans(),
    shuffled=st.booleans(),
    paused=st.booleans(),
    trouble=troubles,
    seed=st.integers(0, 2**32),
)
def test_a_slice_that_grew_ends_like_an_escrow_of_that_size(
    *, job, share, workers, audit, shuffled, paused, trouble, seed
):
    grants = Grants(int(cost_of([job]) * share), random.Random(seed))  # noqa: S311 a schedule, not a secret
    world = world_of([job], share, workers, seed, audit=audit, shuffled=shuffled, pool=grants)
    for step in range(50_000):
        if world.over is not None:
            break
        if paused and world.questions and step % 50 == 10:
            world.to_master(Command("pause"))
        if paused and step % 50 == 40:
            world.to_master(Command("resume"))
        if paused and not world.moves():
            world.to_master(Command("resume"))
        world.ledger.escrow = grants.escrow
        world.advance(trouble)
    if lost(world):
        return
    assert (world.over.state, bill(world)) == sequential([job], grants.escrow, [0])
    assert world.manager.books.escrow == grants.escrow


def test_a_job_that_is_no_part_of_a_pool_never_asks():
    world = world_of([[Work((5, 5))]], 0.5, 1, 1)
    while world.over is None:
        world.advance(0.0)
        assert not world.questions
    assert world.over.state == "out_of_totem"


def test_nothing_above_is_started_while_the_pool_is_asked_and_everything_when_it_has_given():
    manager = Manager(10, (Phase(0, 0, "map"),), total, LeasePolicy(audit=True), pooled=True)

    def said(event):
        return [type(action) for action in manager.handle(event).actions]

    def start(task):
        return said(m.StartAttempt(AttemptId(0, task, 1), f"token {task}"))

    manager.handle(m.OpenPhase(0, 3))
    assert start(0) == [m.Started]
    assert m.AskMore in said(m.Ask(AttemptId(0, 0, 1), "token 0", 1, 0, 11))
    assert manager.asking == m.AskMore(0, 11)
    assert start(1) == [m.NotStarted]
    assert said(m.Pause()) == []
    assert said(m.More(40)) == [m.Lifted]
    assert start(1) == [m.Started]
    assert said(m.Resume()) == [m.Grant]
    assert manager.books.escrow == 40
    assert said(m.More(70)) == [], "nobody has asked"
    assert manager.books.escrow == 40


def test_a_pool_that_gives_too_little_or_nothing_is_told_once():
    manager = Manager(10, (Phase(0, 0, "map"),), total, LeasePolicy(audit=True), pooled=True)
    manager.handle(m.OpenPhase(0, 1))
    manager.handle(m.StartAttempt(AttemptId(0, 0, 1), "token"))
    manager.handle(m.Ask(AttemptId(0, 0, 1), "token", 1, 0, 11))
    decision = manager.handle(m.More(10))
    assert decision.actions == [m.Stop(AttemptId(0, 0, 1), "out_of_totem")]
    assert (manager.asking, manager.books.escrow) == (None, 10)
