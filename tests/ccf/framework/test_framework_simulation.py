"""Whatever happens on the simulated network, the job ends as the sequential machine ends it, with its bill."""

from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Work, sequential, world_of

from totem_ccf.mapreduce.master import MAX_ATTEMPTS

works = st.builds(
    Work,
    st.lists(st.integers(1, 9), max_size=5).map(tuple),
    st.sampled_from(["done"] * 15 + ["failed", "data_error"]),
)
jobs = st.lists(st.lists(works, min_size=1, max_size=5), min_size=1, max_size=4)


@settings(max_examples=80, deadline=None)
@given(
    job=jobs,
    share=st.floats(0, 1.3),
    first=st.sampled_from([0, 0, 1]),
    workers=st.integers(1, 4),
    gated=st.booleans(),
    audit=st.booleans(),
    shuffled=st.booleans(),
    trouble=st.sampled_from([0.0, 0.0, 0.02, 0.1]),
    seed=st.integers(0, 2**32),
)
def test_any_job_ends_like_the_sequential_machine(*, job, share, first, workers, gated, audit, shuffled, trouble, seed):
    first = min(first, len(job) - 1)
    world = world_of(job, share, workers, seed, gated=gated, audit=audit, shuffled=shuffled, first=first)
    world.run(trouble)
    state, receipts = sequential(job, world.escrow, world.ledger.gates, first)
    if world.over.state == "provider_failed" and world.over.data_error is None:
        # Only where the provider lost the attempts of one task again and again.
        assert world.crashes >= MAX_ATTEMPTS
        return
    assert world.over.state == state
    assert [(r["end"], r["charge"]) for _, r in sorted(world.ledger.settled.items())] == receipts
    last_reduce = len(job) % 2 == 0 and len(receipts) == len(job) - first
    if state == "completed":
        assert list(world.over.outputs) == [{"of": [len(job) - 1, task]} for task in range(len(job[-1]))]
    elif state == "out_of_totem" and last_reduce:
        assert world.over.partial
        assert list(world.over.outputs) == [{"of": [len(job) - 1, task]} for task in range(len(world.over.outputs))]
    else:
        assert world.over.outputs is None


@settings(max_examples=40, deadline=None)
@given(job=jobs, workers=st.integers(1, 4), cancel_at=st.integers(0, 200), seed=st.integers(0, 2**32))
def test_a_cancelled_job_ends_and_pays_no_more_than_it_used(*, job, workers, cancel_at, seed):
    world = world_of(job, 1.0, workers, seed)
    world.run(0.01, cancel_at)
    state, receipts = sequential(job, world.escrow, world.ledger.gates)
    settled = [(r["end"], r["charge"]) for _, r in sorted(world.ledger.settled.items())]
    if world.over.state != "cancelled":
        assert world.over.state in {state, "provider_failed"}
        return
    done = [entry for entry in settled if entry[0] == "done"]
    assert done == receipts[: len(done)]
    assert [end for end, _ in settled[len(done) :]] in ([], ["cancelled"])
    assert sum(charge for _, charge in settled) <= world.escrow
