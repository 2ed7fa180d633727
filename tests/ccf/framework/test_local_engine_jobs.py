"""Jobs through manager, master and worker processes end as on the machine."""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from totem_ccf.engines.local import EscrowSettlement, JobBusy, LocalJob

slow = pytest.mark.slow
EXECUTORS = ("kernel", pytest.param("interpreter", marks=slow))
BOTH = pytest.mark.parametrize(
    ("executor", "audit"),
    [
        pytest.param("kernel", False, id="kernel, leases"),
        pytest.param("kernel", True, id="kernel, audit", marks=slow),
        pytest.param("interpreter", False, id="interpreter, leases", marks=slow),
        pytest.param("interpreter", True, id="interpreter, audit"),
    ],
)


@BOTH
def test_paper_one_costs_198_totem(jobs, executor, audit):
    end = jobs.run_as_on_machine(jobs.paper1(escrow=198, executor=executor, audit=audit))
    assert (end.state, end.used) == ("completed", 198)
    assert [receipt["charge"] for receipt in end.receipts] == [90, 108]
    assert end.result.read_text() == "[1,100.0]\n[3,200.0]\n[2,400.0]\n"


@BOTH
def test_paper_one_with_197_totem_halts_at_the_machines_charge(jobs, executor, audit):
    end = jobs.run_as_on_machine(jobs.paper1(escrow=197, executor=executor, audit=audit, precheck=False))
    assert (end.state, end.partial, end.used) == ("out_of_totem", True, 142)


@slow
def test_a_ledger_that_is_away_or_migrated_for_long_is_waited_for(jobs):
    class Away(EscrowSettlement):
        asked = 0

        def settle(self, phase_index, receipt):
            self.asked += 1
            if self.asked < 11:
                raise OSError("no ledger")
            return super().settle(phase_index, receipt)

    spec = jobs.paper1(escrow=198)
    settlement = Away(spec.priced, spec.escrow)
    end = jobs.engine.run(spec, settlement)
    assert (end.state, end.used, settlement.asked) == ("completed", 198, 12)


@slow
def test_a_gate_stops_a_job_whose_next_phase_cannot_fit(jobs):
    end = jobs.run_as_on_machine(jobs.paper1(escrow=93))
    assert (end.state, end.used, end.partial, end.result) == ("out_of_totem", 90, False, None)


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS)
def test_combiners_texts_and_unicode(jobs, executor):
    jobs.run_as_on_machine(jobs.word_count(3, 30, executor=executor))


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS)
def test_several_steps_with_one_that_has_no_reducer(jobs, executor):
    spec = jobs.three_steps(3, 40, executor=executor)
    end = jobs.run_as_on_machine(spec)
    assert end.result_sha256 == hashlib.sha256(end.result.read_bytes()).hexdigest()
    assert not list(spec.directory.glob("phase-*"))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    "share", [pytest.param(0.0, marks=slow), pytest.param(0.07, marks=slow), pytest.param(0.5, marks=slow), 0.93]
)
def test_a_job_that_halts_pays_what_the_machine_pays(jobs, executor, share):
    whole = jobs.three_steps(4, 30, executor=executor)
    escrow = int(jobs.on_machine(whole).used * share)
    jobs.run_as_on_machine(jobs.again(whole, escrow=escrow, precheck=False, workers=3, order_seed=5))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("seed", [pytest.param(None, marks=slow), 1])
def test_a_failing_job_ends_at_the_first_error_in_plan_order(jobs, executor, seed):
    spec = jobs.divide(6, 20, zeros={(2, 13), (4, 0)}, executor=executor, workers=3, order_seed=seed)
    end = jobs.run_as_on_machine(spec)
    assert (end.state, end.error) == ("failed", {"kind": "zero_division", "line": 6})


def test_a_fragment_that_has_changed_ends_the_job_and_costs_nothing(jobs):
    spec = jobs.three_steps(3, 20)
    changed = Path(spec.fragments[1]["path"])
    text = changed.read_text()
    changed.write_text(text[:-3] + str((int(text[-3]) + 1) % 10) + text[-2:])
    settlement = jobs.settlement(spec)
    end = jobs.engine.run(spec, settlement)
    assert (end.state, end.used, end.data_error, end.result) == ("provider_failed", 0, {"kind": "changed"}, None)
    assert str(changed) in end.reason
    assert settlement.receipts == []


@pytest.mark.slow
def test_bad_data_behind_the_canonical_end_does_not_matter(jobs):
    whole = jobs.three_steps(4, 20)
    first = jobs.on_machine(jobs.again(whole, fragments=whole.fragments[:1]))
    spec = jobs.again(whole, escrow=first.phases[0].charge // 2, precheck=False, order_seed=3, workers=4)
    run = jobs.on_machine(spec)
    with Path(spec.fragments[3]["path"]).open("a") as file:
        file.write("1,not a number\n")
    settlement = jobs.settlement(spec)
    jobs.assert_as_on_machine(jobs.engine.run(spec, settlement), settlement, run)


@slow
def test_progress_runs_down(jobs):
    spec = jobs.paper1(escrow=500)
    seen = []
    end = jobs.engine.run(spec, jobs.settlement(spec), seen.append)
    assert (end.state, end.reason) == ("completed", None)
    assert seen
    assert all(progress.used + progress.left == 500 for progress in seen)
    assert [progress.used for progress in seen] == sorted(progress.used for progress in seen)


@slow
def test_an_error_of_the_callers_progress_reaches_the_caller_and_the_job_can_be_resumed(jobs):
    spec = jobs.paper1()
    settlement = jobs.settlement(spec)

    def fail(progress):
        raise RuntimeError("the terminal is gone")

    with pytest.raises(RuntimeError, match="the terminal is gone"):
        jobs.engine.run(spec, settlement, fail)
    assert jobs.engine.resume(spec.directory, settlement).used == 198


@slow
def test_a_directory_holds_one_job(jobs):
    spec = jobs.paper1()
    settlement = jobs.settlement(spec)
    end = jobs.engine.run(spec, settlement)
    with pytest.raises(JobBusy, match="already holds a job"):
        jobs.engine.start(spec, settlement)
    assert jobs.engine.resume(spec.directory, settlement) == end


@slow
def test_a_job_runs_once_at_a_time(jobs):
    spec = jobs.paper1()
    settlement = jobs.settlement(spec)
    job = jobs.engine.start(spec, settlement)
    with pytest.raises(JobBusy, match="another process"):
        LocalJob(jobs.engine, spec, settlement, None)
    assert job.wait().state == "completed"


@slow
def test_a_cancelled_job_pays_what_was_used(jobs):
    spec = jobs.three_steps(4, 200_000, executor="interpreter")
    settlement = jobs.settlement(spec)
    job = jobs.engine.start(spec, settlement, lambda progress: job.cancel() if progress.used else None)
    end = job.wait()
    assert (end.state, end.result) == ("cancelled", None)
    assert end.used == spec.escrow - settlement.left > 0
    assert [receipt["end"] for receipt in end.receipts][-1] == "cancelled"


def test_a_job_that_is_cancelled_at_once_pays_what_was_used_until_it_heard_of_it(jobs):
    spec = jobs.three_steps(2, 20_000, executor="interpreter")
    settlement = jobs.settlement(spec)
    job = jobs.engine.start(spec, settlement)
    job.cancel()
    end = job.wait()
    assert (end.state, end.result) == ("cancelled", None)
    assert end.used == spec.escrow - settlement.left < spec.escrow


@slow
def test_a_paused_job_waits_and_goes_on(jobs):
    spec = jobs.three_steps(3, 3000)
    run = jobs.on_machine(spec)
    settlement = jobs.settlement(spec)
    job = jobs.engine.start(spec, settlement)
    job.pause()
    job._thread.join(3.0)
    assert job._thread.is_alive()
    assert settlement.receipts == []
    job.resume()
    jobs.assert_as_on_machine(job.wait(), settlement, run)


@slow
def test_a_program_that_is_none_ends_the_job_with_the_reason(jobs):
    spec = jobs.paper1()
    end = jobs.engine.run(dataclasses.replace(spec, program=spec.program[:-1]), jobs.settlement(spec))
    assert end.state == "provider_failed"
    assert "its log in" in end.reason
