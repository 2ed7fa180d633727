"""Purging at a provider: expired results in order, what is told again after a fault, nothing while a job runs."""

import threading

import pytest

from totem.services.errors import InTheWay, Missing, ProviderSide
from totem.services.keeping import ResultKeeper
from totem.services.purging import Purging
from totem.services.store import ProviderStore


class Ledger:
    """A session that knows jobs and kept results, and remembers what was purged."""

    participant = "north@NorthMSP"

    def __init__(self, *jobs):
        self.jobs = {job["job_id"]: job for job in jobs}
        self.purged = []
        self.looked_at = 0

    def query(self, function, job_id):
        assert function == "jobs.get"
        return self.jobs[job_id]

    def pages(self, function, field):
        if function == "results.unshown":
            return
        assert (function, field) == ("results.kept", "results")
        for job in sorted(self.jobs.values(), key=lambda job: job["result"]["expires_at"]):
            self.looked_at += 1
            yield {"job_id": job["job_id"], **job["result"]}

    def submit(self, function, job_id):
        assert function == "results.purge"
        if self.jobs[job_id]["result"]["purged_at"] is not None:
            raise InTheWay("purged already", code="already_purged")
        self.jobs[job_id]["result"]["purged_at"] = 1
        self.purged.append(job_id)


def job(number, expires_at, *, purged_at=None, state="completed", of="CityMSP"):
    result = {"expires_at": expires_at, "purged_at": purged_at, "sealed": None}
    parties = {"provider": Ledger.participant, "consumer_msp": of}
    return {"job_id": f"job-{number}", **parties, "state": state, "result": result}


@pytest.fixture
def store(tmp_path):
    made = ProviderStore(tmp_path / "north")
    for number in range(5):
        made.job_folder(f"job-{number}").joinpath("result.jsonl").write_text("[1,2]\n")
    return made


def test_what_has_expired_is_purged_and_forgotten_and_no_more_is_looked_at(store):
    ledger = Ledger(*(job(number, number * 1_000) for number in range(5)))
    ledger.jobs["job-1"]["result"]["purged_at"] = 7  # its consumer was faster
    Purging(ledger, store).purge_expired(2_500)
    assert (ledger.purged, ledger.looked_at) == (["job-0", "job-2"], 4)
    assert store.with_results() == ["job-3", "job-4"]


class Gone(Ledger):
    """Whoever must endorse what is the city's is gone; ``tried`` are the jobs that it was asked for, by function."""

    def __init__(self, *jobs, code="no_ledger"):
        super().__init__(*jobs)
        self.code = code
        self.shown = []
        self.tried = []

    def pages(self, function, field):
        if function == "results.unshown":
            return iter([{"job_id": job_id, "phase_index": 0, "receipt": {}, "salt": ""} for job_id in self.jobs])
        return super().pages(function, field)

    def submit(self, function, job_id, **more):
        job = self.jobs[job_id]
        is_needed = function == "results.show_receipt" or job["result"]["sealed"] is None
        if job["consumer_msp"] == "CityMSP" and is_needed:
            self.tried.append((function, job_id))
            raise Missing("no endorsing peers of the consumer's organisation", code=self.code)
        if function == "results.show_receipt":
            self.shown.append(job_id)
        else:
            super().submit(function, job_id)


def test_an_organisation_that_is_gone_does_not_keep_the_results_and_receipts_of_others(store):
    ledger = Gone(*(job(number, number * 1_000, of="TownMSP" if number else "CityMSP") for number in range(5)))
    with pytest.raises(Missing, match="no endorsing peers"):
        Purging(ledger, store).purge_expired(2_500)
    assert ledger.purged == ["job-1", "job-2"]
    assert store.with_results() == ["job-0", "job-3", "job-4"]
    assert not ResultKeeper(Purging(ledger, store), lambda: 3.5).look()
    assert (ledger.purged, ledger.shown) == (
        ["job-1", "job-2", "job-3"],
        ["job-1", "job-2", "job-3", "job-4"],
    )


@pytest.mark.parametrize("code", ["no_ledger", "fate_unknown"])
def test_an_organisation_that_is_gone_is_waited_for_once_a_look(store, code):
    jobs = [job(number, number * 1_000, of="TownMSP" if number == 2 else "CityMSP") for number in range(5)]
    ledger = Gone(*jobs, code=code)
    ledger.jobs["job-3"]["result"]["sealed"] = {"ciphertext": "00"}  # this can be purged without the consumer's
    keeper = ResultKeeper(Purging(ledger, store), lambda: 5.0)
    assert not keeper.look()
    assert ledger.tried == [("results.purge", "job-0"), ("results.show_receipt", "job-0")]
    assert (ledger.purged, ledger.shown) == (["job-2", "job-3"], ["job-2"])
    assert not keeper.look()
    assert len(ledger.tried) == 4, "it is asked again at the next look"


def test_what_is_refused_by_itself_says_nothing_about_what_else_its_organisation_has_to_endorse(store):
    ledger = Gone(*(job(number, number * 1_000) for number in range(5)), code="invalid")
    assert not ResultKeeper(Purging(ledger, store), lambda: 5.0).look()
    assert [job_id for _, job_id in ledger.tried] == [f"job-{number}" for number in range(5)] * 2


def test_tidying_forgets_what_is_gone_and_nothing_else(store):
    jobs = [job(0, 1), job(1, 1, purged_at=5), job(2, 1, purged_at=5, state="running"), job(3, 1), job(4, 1)]
    jobs[3]["result"] = None
    Purging(Ledger(*jobs), store).tidy()
    assert store.with_results() == ["job-0", "job-2", "job-3", "job-4"]


class Failing(Purging):
    """Purging that fails so many times; ``seen`` are the jobs that it was to forget."""

    def __init__(self, ledger, store, failures):
        super().__init__(ledger, store)
        self.failures, self.seen = failures, []

    def forget(self, job_id):
        self.seen.append(job_id)
        if self.failures:
            self.failures -= 1
            raise ProviderSide("the result store does not work", code="result_store")
        super().forget(job_id)


def test_what_can_not_be_deleted_now_is_deleted_later(store):
    ledger = Ledger(*(job(number, 10_000_000, purged_at=5) for number in range(2)))
    purging = Failing(ledger, store, 0)
    keeper = ResultKeeper(purging, lambda: 0.0)
    for number in range(2):
        store.job_folder(f"job-{number}")
    for number in range(2, 5):
        store.result_file(f"job-{number}").unlink()
    assert keeper.look()
    store.result_file("job-1").write_text("[1,2]\n")
    purging.failures = 2
    keeper.told("job-1")
    assert [keeper.look() for _ in range(3)] == [False, False, True]
    assert purging.seen[-3:] == ["job-1"] * 3
    assert not store.result_file("job-1").exists()


def test_the_keeper_does_what_it_is_told_at_once_and_ends_when_it_should(store):
    ledger = Ledger(*(job(number, 10_000_000) for number in range(5)))
    keeper = ResultKeeper(Purging(ledger, store), lambda: 0.0)
    keeper.stop()  # before it has begun
    keeper = ResultKeeper(Purging(ledger, store), lambda: 0.0)
    keeper.start()
    ledger.jobs["job-3"]["result"]["purged_at"] = 5
    keeper.told("job-3")
    clock = threading.Event()
    for _ in range(200):
        if not store.result_file("job-3").exists():
            break
        clock.wait(0.05)
    assert not store.result_file("job-3").exists()
    keeper.stop()
    assert not keeper._thread.is_alive()
