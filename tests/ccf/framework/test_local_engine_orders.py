"""Workers and physical order are not visible: equal result bytes, receipts and end, also where a job halts or fails."""

import pytest

slow = pytest.mark.slow
LAYOUTS = [
    pytest.param(4, 8, id="four, shuffled"),
    pytest.param(1, None, id="one", marks=slow),
    pytest.param(2, 7, id="two, shuffled", marks=slow),
    pytest.param(1, 9, id="one, shuffled", marks=slow),
    pytest.param(4, None, id="four", marks=slow),
]


def outcome(jobs, spec):
    settlement = jobs.settlement(spec)
    end = jobs.engine.run(spec, settlement)
    assert end.reason is None
    data = None if end.result is None else end.result.read_bytes()
    return end.state, end.used, settlement.receipts, end.error, end.partial, data


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "seed"), LAYOUTS)
def test_a_job_with_a_combiner_is_the_same(jobs, workers, seed):
    spec = jobs.word_count(7, 200)
    expected = outcome(jobs, jobs.again(spec, workers=2))
    assert outcome(jobs, jobs.again(spec, workers=workers, order_seed=seed)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "seed"), LAYOUTS)
@pytest.mark.parametrize("share", [0.35, pytest.param(0.65, marks=slow), pytest.param(0.98, marks=slow)])
def test_a_job_that_halts_is_the_same(jobs, workers, seed, share):
    spec = jobs.three_steps(6, 150, executor="interpreter")
    escrow = int(jobs.on_machine(spec).used * share)
    spec = jobs.again(spec, escrow=escrow, precheck=False, workers=workers, order_seed=seed)
    end = jobs.run_as_on_machine(spec)
    assert end.state == "out_of_totem"


@slow
@pytest.mark.parametrize(("workers", "seed"), LAYOUTS)
def test_a_job_that_fails_is_the_same(jobs, workers, seed):
    spec = jobs.divide(8, 60, zeros={(3, 41), (5, 2), (7, 59)}, workers=workers, order_seed=seed)
    assert jobs.run_as_on_machine(spec).state == "failed"


@slow
@pytest.mark.parametrize("executor", ["kernel", "interpreter"])
@pytest.mark.parametrize("less", [0, 1])
def test_the_cost_is_enough_and_one_less_is_not(jobs, executor, less):
    spec = jobs.word_count(5, 60, executor=executor)
    cost = jobs.on_machine(spec).used
    spec = jobs.again(spec, escrow=cost - less, precheck=False, workers=3, order_seed=less)
    assert jobs.run_as_on_machine(spec).state == ("out_of_totem" if less else "completed")
