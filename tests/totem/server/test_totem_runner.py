"""One job at its provider, with an engine that only says what it was told."""

import threading

import pytest

from totem.services import runner as runner_module
from totem.services.consumer import Consumer, Submission
from totem.services.errors import InTheWay
from totem.services.runner import JobRunner
from totem_ccf.mapreduce.job import JobEnd


class Engine:
    """Starts jobs that run until they are cancelled; ``starting`` is called before one has started."""

    def __init__(self, starting=lambda: None, end=JobEnd("cancelled", 0)):  # noqa: B008  # it is frozen
        self._starting = starting
        self._end = end
        self.cancelled = threading.Event()

    def start(self, spec, settlement, progress):
        del spec, settlement, progress
        self._starting()
        return self

    restart = start

    def cancel(self):
        self.cancelled.set()

    def wait(self):
        assert self.cancelled.wait(10), "nobody cancelled the job"
        return self._end


@pytest.fixture
def submitted(fresh, job_source):
    """A job that the provider has not accepted yet."""
    consumer = Consumer(fresh.session("alice"))
    consumer.request_access("bills", "tests")
    job = consumer.submit(Submission(source=job_source, filename="job.py", datasets=["bills"], totem=10_000))
    return job["job_id"]


@pytest.fixture
def job_id(fresh, submitted):
    """A job that the provider has accepted."""
    provider = fresh.session("north")
    code = provider.query("access.code", job_id=submitted)["code"]
    provider.submit("jobs.accept", job_id=submitted, transient={"code": code})
    return submitted


def runner(home, engine):
    return JobRunner(home.session("north"), home.store("north"), engine)


def test_a_job_that_was_cancelled_while_no_server_ran_is_cancelled_at_once(fresh, job_id):
    assert Consumer(fresh.session("alice")).cancel(job_id)["state"] == "cancelling"
    record = runner(fresh, Engine()).run(job_id)
    assert (record["state"], record["paid"], record["returned"]) == ("cancelled", 0, 10_000)


def test_a_cancel_that_comes_before_the_job_has_started_is_not_lost(fresh, job_id):
    def starting():
        Consumer(fresh.session("alice")).cancel(job_id)
        made.cancel(job_id)

    made = runner(fresh, Engine(starting))
    assert made.run(job_id)["state"] == "cancelled"


@pytest.mark.slow
def test_a_cancel_of_a_job_that_is_not_run_here_is_not_kept(fresh, job_id):
    made = runner(fresh, Engine())
    made.cancel(job_id)
    thread = threading.Thread(target=made.run, args=(job_id,))
    thread.start()
    assert not made._engine.cancelled.wait(0.3)
    Consumer(fresh.session("alice")).cancel(job_id)
    while not made._engine.cancelled.is_set():
        made.cancel(job_id)
    thread.join(10)
    assert Consumer(fresh.session("alice")).job(job_id)["state"] == "cancelled"


def test_a_job_that_has_expired_meanwhile_is_no_trouble_of_the_providers(fresh, job_id):
    """Its last settlement is refused, which the framework can only call a failure of the provider's side."""

    def starting():
        engine.cancelled.set()
        fresh.session("north").submit("jobs.fail", job_id=job_id, side="provider", error={"kind": "x", "line": None})

    engine = Engine(starting, JobEnd("provider_failed", 0, reason="the ledger refuses phase 0: it has expired"))
    record = runner(fresh, engine).run(job_id)
    assert record["error"]["kind"] == "x"
    assert fresh.store("north").trouble(job_id) == ""


@pytest.mark.slow
def test_a_cancel_right_before_the_job_is_accepted_is_no_trouble(fresh, submitted, monkeypatch):
    def cancelled_at(point):
        assert point == "server:before-accept", "it was cancelled, so nothing comes after"
        Consumer(fresh.session("alice")).cancel(submitted)

    monkeypatch.setattr(runner_module, "pass_point", cancelled_at)
    record = runner(fresh, Engine()).run(submitted)
    assert (record["state"], record["paid"], record["returned"]) == ("cancelled", 0, 10_000)
    assert fresh.store("north").trouble(submitted) == ""


@pytest.mark.slow
def test_a_job_that_can_not_be_accepted_is_not_taken_for_one_that_has_changed(fresh, submitted, monkeypatch):
    made = runner(fresh, Engine())

    def refuse(function, **_):
        assert function == "jobs.accept"
        raise InTheWay("transaction lost against others", code="transaction_void")

    monkeypatch.setattr(made._session, "submit", refuse)
    with pytest.raises(InTheWay):
        made.run(submitted)
