"""The provider's server: cancels, expires and gives up what must be, and no job hangs."""

import fcntl
import itertools
import threading
import time
from concurrent.futures import Future

import pytest

from totem.ledger import EmbeddedLedger, Gateway
from totem.ledger.bootstrap import Consortium as Consortia
from totem.ledger.errors import LedgerUnavailable
from totem.services.consortium import Consortium
from totem.services.consumer import ENDED, Consumer, Submission
from totem.services.errors import InTheWay, Missing, NotAllowed, OutcomeUnknown, ProgramRefused, ProviderSide
from totem.services.provider import Provider
from totem.services.retries import Retries
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.server import ProviderServer, open_server
from totem.services.session import Session
from totem_ccf.engines.local import JobBusy
from totem_chaincode.job_states import GRACE_SECONDS

LONG = """from totem_sdk import TotemJob


class Long(TotemJob):
    def mapper(self, _, row):
        total = 0
        for number in range(100000000):
            total = total + number % 7
        yield row.cid, total
"""


def submit(home, source, **more):
    consumer = Consumer(home.session("alice"))
    consumer.request_access("bills", "tests")
    submission = Submission(source=source, filename="job.py", datasets=["bills"], **{"totem": 10_000, **more})
    return consumer, consumer.submit(submission)["job_id"]


def wait_for(consumer, job_id, states, seconds=60):
    end = time.monotonic() + seconds
    while (job := consumer.job(job_id))["state"] not in states:
        assert time.monotonic() < end, f"the job is still {job['state']}"
        time.sleep(0.05)
    return job


@pytest.fixture
def serving(fresh):
    """A server of north that runs in a thread, with an engine of its own."""
    with open_server(fresh.session("north"), fresh.store("north"), RunnerOptions(1, "interpreter")) as server:
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield server
        server.stop()
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.slow
def test_a_job_that_arrives_is_run_at_once(fresh, serving, job_source):
    consumer, job_id = submit(fresh, job_source)
    assert wait_for(consumer, job_id, ENDED)["state"] == "completed"


@pytest.mark.slow
def test_a_running_job_is_cancelled_and_what_it_used_is_paid(fresh, serving):
    Consortium(fresh.session("admin")).issue("alice@AliceMSP", 10**12, "for a long job")
    consumer, job_id = submit(fresh, LONG, totem=10**11)
    wait_for(consumer, job_id, ["running"])
    assert consumer.cancel(job_id)["state"] == "cancelling"
    job = wait_for(consumer, job_id, ENDED)
    assert job["state"] == "cancelled"
    assert job["paid"] + job["returned"] == 10**11
    assert job["returned"] > 0
    assert job["result"] is None
    assert Consortium(fresh.session("admin")).audit()["balanced"]


@pytest.fixture
def clock(fresh):
    """Let time pass on the ledger: ``clock.later`` seconds from now."""

    class Clock:
        later = 0

        def __call__(self):
            return time.time() + self.later

    made = Clock()
    fresh.consortium = Consortia.open(fresh.root, clock=lambda: int(made() * 1_000))
    yield made
    fresh.consortium.close()


def test_a_job_that_nobody_runs_expires(fresh, clock, job_source):
    consumer, job_id = submit(fresh, job_source, deadline_seconds=60)
    with pytest.raises(ProgramRefused, match="has not passed"):
        consumer.expire(job_id)
    clock.later = 61
    assert consumer.expire(job_id)["state"] == "expired"
    assert consumer.balance()["available"] == 1_000_000


@pytest.mark.slow
def test_a_running_job_past_its_deadline_ends(fresh, clock, engine):
    Consortium(fresh.session("admin")).issue("alice@AliceMSP", 10**12, "for a long job")
    consumer, job_id = submit(fresh, LONG, totem=10**11, deadline_seconds=60)
    provider = fresh.session("north")
    runner = JobRunner(provider, fresh.store("north"), engine, RunnerOptions(1, "interpreter"))
    server = ProviderServer(Provider(provider), runner, clock=clock)
    thread = threading.Thread(target=server.serve)
    thread.start()
    wait_for(consumer, job_id, ["running"])
    clock.later = 61
    job = wait_for(consumer, job_id, ENDED)
    assert job["state"] == "expired"
    assert (job["paid"], job["returned"]) == (0, 10**11)
    while server._running:  # the server stops it at its next look
        time.sleep(0.05)
    server.stop()
    thread.join(60)
    assert not thread.is_alive()


class Broken:
    """A runner that never gets anywhere."""

    def __init__(self, error):
        self.error = error
        self.tried = []

    def tidy(self):
        raise LedgerUnavailable("the ledger does not answer")

    def run(self, job_id):
        self.tried.append(job_id)
        raise self.error

    def cancel(self, job_id):
        raise AssertionError("nothing is to be cancelled")

    def abandon(self, job_id):
        """Nothing is held: a run has failed by then."""

    def tell_news(self):
        """No job waits for news."""


def impatient():
    """Retries on a clock that is a minute later whenever it is looked at."""
    return Retries(itertools.count(0, 60).__next__)


def test_a_job_that_breaks_down_again_and_again_is_given_up(fresh, job_source):
    consumer, job_id = submit(fresh, job_source)
    broken = Broken(OSError("the disk is full"))
    ProviderServer(Provider(fresh.session("north")), broken, retries=impatient()).drain()
    assert len(broken.tried) == 5
    job = consumer.job(job_id)
    assert (job["state"], job["error"], job["paid"]) == ("provider_failed", {"kind": "server", "line": None}, 0)
    assert consumer.balance() == {"account": "alice@AliceMSP", "available": 1_000_000, "reserved": 0}


def test_giving_up_is_tried_until_the_ledger_takes_it(fresh, job_source):
    consumer, job_id = submit(fresh, job_source)
    asked = []

    class Unheard(Provider):
        def give_up(self, job_id, kind):
            asked.append(job_id)
            if len(asked) < 9:
                raise ProviderSide("the block could not be written")
            return super().give_up(job_id, kind)

    broken = Broken(OSError("the disk is full"))
    ProviderServer(Unheard(fresh.session("north")), broken, retries=impatient()).drain()
    assert (len(broken.tried), len(asked)) == (5, 9)
    assert consumer.job(job_id)["state"] == "provider_failed"
    assert consumer.balance()["available"] == 1_000_000


@pytest.mark.slow
def test_between_two_tries_there_is_a_pause(fresh, job_source):
    submit(fresh, job_source)
    now = [0.0]
    broken = Broken(OSError("the disk is full"))
    retries = Retries(lambda: now[0], jitter=lambda: 0.0)
    server = ProviderServer(Provider(fresh.session("north")), broken, retries=retries)
    tries_by = []
    for moment in (0.0, 0.4, 0.5, 1.4, 1.5, 3.4, 3.5):
        now[0] = moment
        server.look()
        while server._running:
            time.sleep(0.01)
        tries_by.append(len(broken.tried))
    assert tries_by == [1, 1, 2, 2, 3, 3, 4]
    server.stop()
    server.serve()


def test_a_job_that_another_server_of_the_provider_runs_is_not_given_up(fresh, job_source):
    consumer, job_id = submit(fresh, job_source)
    busy = Broken(JobBusy("another process runs this job"))
    server = ProviderServer(Provider(fresh.session("north")), busy, retries=impatient())
    while len(busy.tried) < 12:
        server.look()
    server.stop()
    server.serve()
    assert consumer.job(job_id)["state"] == "submitted"


@pytest.mark.parametrize(
    "trouble",
    [Missing("no peer answers", code="no_ledger"), OutcomeUnknown("no orderer answers")],
    ids=lambda e: e.code,
)
def test_a_ledger_that_is_away_for_long_is_waited_for(fresh, job_source, trouble):
    consumer, job_id = submit(fresh, job_source)
    away = Broken(trouble)
    server = ProviderServer(Provider(fresh.session("north")), away, retries=impatient())
    while len(away.tried) < 12:
        server.look()
    server.stop()
    server.serve()
    assert consumer.job(job_id)["state"] == "submitted"


class Listed(Provider):
    """A provider with one job that is open for ever; ``asked`` are the transactions that it was asked for."""

    def __init__(self, session, **job):
        super().__init__(session)
        self.participant = session.participant
        self.job_record = {"job_id": "job-0", "state": "running", **job}
        self.asked = []

    @property
    def session(self):
        return self

    def submit(self, function, **arguments):
        self.asked.append(function)

    def jobs(self, *, open_only=False):
        return [self.job_record]


@pytest.mark.parametrize(
    ("verdict", "late", "asked"),
    [
        ("continue", -1, []),
        ("continue", 1, ["jobs.expire"]),
        ("finished", 1, []),
        ("finished", GRACE_SECONDS - 1, []),
        ("finished", GRACE_SECONDS + 1, ["jobs.expire"]),
    ],
)
def test_a_finished_job_may_be_delivered_after_its_deadline(fresh, verdict, late, asked):
    provider = Listed(fresh.session("north"), verdict=verdict, deadline=1_000_000)
    server = ProviderServer(provider, Broken(OSError()), clock=lambda: 1_000 + late)
    delivery = Future()
    delivery.set_running_or_notify_cancel()
    server._running["job-0"] = delivery  # it is on the way, and must not be cancelled
    if asked:
        server._running.clear()
    server.look()
    assert provider.asked == asked
    server.stop()
    server._pool.shutdown()


@pytest.mark.slow
def test_a_ledger_that_hangs_is_waited_for(fresh, engine, job_source):
    """Its settlement is repeated until the ledger answers: the work is done, and is paid."""
    consumer, job_id = submit(fresh, job_source)
    ledger = EmbeddedLedger.open(fresh.root / "ledger", patience=0.05)
    provider = Session(Gateway(ledger, fresh.consortium.identity("north")))
    runner = JobRunner(provider, fresh.store("north"), engine, RunnerOptions(1, "interpreter"))
    server = ProviderServer(Provider(provider), runner)
    manager = fresh.store("north").job_folder(job_id) / "logs" / "manager.log"
    with (fresh.root / "ledger" / "commit.lock").open("r+") as lock:
        runner._accept(runner._job(job_id))
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=server.serve)
        thread.start()
        end = time.monotonic() + 120
        while not manager.exists() or manager.read_text().count("is not settled yet") < 5:
            assert time.monotonic() < end
            time.sleep(0.05)
        fcntl.flock(lock, fcntl.LOCK_UN)
    job = wait_for(consumer, job_id, ENDED)
    server.stop()
    thread.join(60)
    ledger.close()
    assert (job["state"], job["error"]) == ("completed", None)
    assert job["paid"] == job["used"] > 0


@pytest.mark.slow
def test_what_has_ended_meanwhile_is_left_alone(fresh, serve, job_source):
    consumer, job_id = submit(fresh, job_source)
    consumer.cancel(job_id)
    serve(fresh)
    assert consumer.job(job_id)["state"] == "cancelled"
    with pytest.raises(InTheWay):
        Provider(fresh.session("north")).decline(job_id, "too late")


def test_every_line_about_no_job_says_which_provider_s_server_it_is_of(fresh, monkeypatch):
    told = []

    class Log:
        def warning(self, text, **fields):
            told.append((text, fields.get("provider")))

        info = warning

    class Refused(Provider):
        def jobs(self, *, open_only=False):
            raise NotAllowed("revoked", code="proposal_revoked")

        def announce_key(self):
            raise NotAllowed("revoked", code="proposal_revoked")

    monkeypatch.setattr("totem.services.server._log", Log())
    server = ProviderServer(Refused(fresh.session("north")), Broken(OSError()))
    server.look()
    server.stop()
    server.serve()
    said = dict(told)
    for text in (
        "the open jobs can't be looked through",
        "the key for sealed data can't be announced",
        "what a crash has left can't be removed",
    ):
        assert said[text] == "north@NorthMSP"
    assert {provider for _, provider in told} == {"north@NorthMSP"}
