"""kill -9 of several processes in one job, for every way in which a job can end: end and bill are as undisturbed.

Every kill here is one of those that ``test_local_engine_kills`` makes one by one in a job that completes.
"""

import time
from itertools import product
from pathlib import Path

import pytest

from totem_ccf.engines.local import LocalEngine
from totem_ccf.faults import KILL_AT, KILL_ONCE, POINTS

pytestmark = pytest.mark.slow

LIMIT = 60.0
KILLS = {
    "map": [
        "manager:before-start-log",
        "manager:after-lease-log",
        "master:after-open",
        "worker:map-begin",
        "worker:shuffle",
    ],
    "finish": [
        "manager:before-end-log",
        "master:after-assign",
        *(f"worker:map-{at}" for at in ("lease", "written", "finished")),
    ],
    "settle": ["manager:after-end-log", "manager:before-close-log", "manager:after-settle", "master:before-close"],
    "reduce": ["manager:before-settle", *(f"worker:reduce-{at}" for at in ("begin", "read", "lease"))],
    "end": [
        "worker:reduce-written",
        "manager:after-settled-log",
        *(f"master:{at}" for at in ("before-result", "before-end", "after-end")),
    ],
}


def halting(jobs):
    whole = jobs.three_steps(3, 30)
    return jobs.again(whole, escrow=int(jobs.on_machine(whole).used * 0.97), precheck=False, order_seed=4)


def gated(jobs):
    whole = jobs.three_steps(3, 30)
    return jobs.again(whole, escrow=jobs.on_machine(whole).phases[0].charge + 1)


def failing(jobs):
    return jobs.divide(5, 20, zeros={(2, 13), (4, 0)}, order_seed=1)


def completing(jobs):
    return jobs.word_count(3, 30)


@pytest.fixture
def killing(monkeypatch, tmp_path):
    """Have processes killed at some points; returns the folder that knows which points were reached."""

    def arrange(kills):
        marks = tmp_path / "killed"
        marks.mkdir()
        monkeypatch.setenv(KILL_AT, ",".join(KILLS[kills]))
        monkeypatch.setenv(KILL_ONCE, str(marks))
        return marks

    return arrange


@pytest.fixture(autouse=True)
def nothing_hangs_or_stays(hosts):
    """No test takes long, and no process of its job is left."""
    specs = []
    since = time.monotonic()
    yield specs
    assert time.monotonic() - since < LIMIT
    for spec in specs:
        hosts.wait_until(lambda spec=spec: not hosts.processes_of(spec), 10.0)


def test_the_kills_are_of_the_list():
    assert {point for points in KILLS.values() for point in points} <= set(POINTS)


@pytest.mark.parametrize(
    ("make", "kills"), [*product([completing, halting, failing], KILLS), (gated, "settle"), (gated, "end")]
)
def test_a_job_ends_as_undisturbed(jobs, killing, nothing_hangs_or_stays, make, kills):
    spec = make(jobs)
    nothing_hangs_or_stays.append(spec)
    run = jobs.on_machine(spec)
    settlement = jobs.settlement(spec)
    marks = killing(kills)
    with LocalEngine() as engine:
        jobs.assert_as_on_machine(engine.run(spec, settlement), settlement, run)
    # A job that fails in its map phase has no reduce.
    assert list(marks.iterdir()) or (make is failing and kills == "reduce")


@pytest.mark.parametrize("kills", ["map", "finish", "settle"])
def test_bad_data_end_a_job_as_undisturbed(jobs, killing, nothing_hangs_or_stays, kills):
    spec = jobs.three_steps(3, 20)
    nothing_hangs_or_stays.append(spec)
    with Path(spec.fragments[1]["path"]).open("r+") as file:
        file.write("changed")
    settlement = jobs.settlement(spec)
    marks = killing(kills)
    with LocalEngine() as engine:
        end = engine.run(spec, settlement)
    assert (end.state, end.used, end.result) == ("provider_failed", 0, None)
    assert end.data_error == {"kind": "changed"}
    assert spec.fragments[1]["path"] in end.reason
    assert (settlement.receipts, settlement.left) == ([], spec.escrow)
    assert list(marks.iterdir())


@pytest.mark.parametrize("kills", list(KILLS))
def test_a_cancelled_job_pays_what_its_receipts_say(jobs, killing, nothing_hangs_or_stays, kills):
    spec = jobs.three_steps(4, 4_000, executor="interpreter")
    nothing_hangs_or_stays.append(spec)
    settlement = jobs.settlement(spec)
    killing(kills)
    with LocalEngine() as engine:
        job = engine.start(spec, settlement, lambda progress: job.cancel() if progress.used else None)
        end = job.wait()
    assert (end.state, end.reason, end.result) == ("cancelled", None, None)
    assert end.used == spec.escrow - settlement.left == sum(receipt["charge"] for receipt in settlement.receipts)
    assert [dict(receipt) for receipt in end.receipts] == settlement.receipts
    # Only its last phase was cut off.
    assert [receipt["end"] for receipt in settlement.receipts][:-1] == ["done"] * (len(settlement.receipts) - 1)
