"""The harness that measures the meter: what it fits, what it runs, and that nothing is left out."""

import random
from dataclasses import replace

import pytest
from corpus import CorpusJob, load_all

from benchmarks.meter.attacks import Candidate, attacks
from benchmarks.meter.dearest import Search
from benchmarks.meter.fit import Measured, fitted
from benchmarks.meter.micro import Micro, micros
from benchmarks.meter.running import JobFailed, Prepared
from benchmarks.meter.timing import Limits, TooSmall, Worth, worth
from benchmarks.meter.whole import conformance
from totem_sdk.classes import CLASSES, class_of
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema

QUICK = Limits(turns=1, seconds=1e-9, rows=1 << 15)
ONE = Schema.of({"n": "int"})
HEAD = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n        "


def test_the_fit_finds_the_weights_that_were_planted():
    chance = random.Random(1)  # noqa: S311  no secret
    planted = {"add": 1.0, "div": 4.0, "math": 9.0, "free": 0.0}
    jobs = []
    for number in range(40):
        units = {name: chance.randrange(1, 1000) for name in planted}
        ns = sum(planted[name] * count for name, count in units.items())
        jobs.append(Measured(str(number), ns * chance.uniform(0.99, 1.01) / 1e9, int(ns), units))
    fit = fitted(jobs)
    assert {name: fit.weights[name] for name in ("add", "div", "math")} == {"add": 1, "div": 4, "math": 9}
    assert fit.weights["free"] == 1, "no class but emit may weigh nothing"
    assert fit.median_error < 0.02
    assert fit.unit == pytest.approx(1.0, rel=0.05)


def test_a_job_is_measured_by_what_more_rows_cost():
    job = Prepared(HEAD + "for i in range(1000):\n            yield row.n, i\n", ONE)
    rows = [(n,) for n in range(64)]
    one, three = (job.run([job.batches(rows * times)]) for times in (1, 3))
    assert three.totem == 3 * one.totem
    assert three.units["emit"] == 3 * one.units["emit"] == 3 * 64 * 1000 * 16
    found = worth(job, rows, QUICK)
    assert found.totem == 2 * one.totem * (found.rows // 64)
    assert found.ns > 0


def test_the_escrow_ends_what_would_go_on():
    endless = Prepared(HEAD + "k = 0\n        while k != row.n:\n            k += 2\n        yield 0, k\n", ONE)
    ran = endless.run([endless.batches([(1,)])], 10_000)
    assert not ran.complete
    assert ran.totem <= 10_000


def test_jobs_that_fail_or_cost_nothing_have_no_worth():
    with pytest.raises(JobFailed):
        worth(Prepared(HEAD + "yield 0, 1 // row.n\n", ONE), [(0,)], QUICK)
    with pytest.raises(TooSmall):
        worth(Prepared(HEAD + "yield 0, row.n\n", ONE), [(0,)], Limits(turns=1, seconds=10.0, rows=64))


def test_programs_of_the_corpus_are_measured_or_have_a_reason():
    jobs = [job for job in load_all() if job.name in ("range_loops", "fails_value")]
    assert all(isinstance(job, CorpusJob) for job in jobs)
    found = dict(conformance(QUICK, jobs))
    assert found["fails_value"] == "ends in an error"
    assert isinstance(found["range_loops"], Worth)


def test_the_search_keeps_the_dearest_and_makes_others_of_them(monkeypatch):
    def planted(job, rows, limits):
        found = worth(job, rows, limits)  # it runs, but how long it takes is the machine's affair
        is_dear = any(op.code == "mod" for block in job.priced.program.blocks for op in block.ops)
        return replace(found, seconds=found.totem * (9e-9 if is_dear else 1e-9))

    monkeypatch.setattr("benchmarks.meter.dearest.worth", planted)
    search = Search(random.Random(3), QUICK, QUICK)  # noqa: S311  no secret
    body = "k = 0.0\n        for i in range(2000):\n            k += {}\n        yield 0, k\n"
    cheap, dear = (HEAD + body.format(what) for what in ("row.n", "1e308 % (i + 3e-308)"))
    for source in (cheap, dear, HEAD + "yield row.nothing, 1\n", HEAD + "yield 0, 1 // row.n\n"):
        search.judge(Candidate("plain" if source is cheap else "far", source, ONE, [(0,)]))
    assert [candidate.kind for candidate, _ in search.found] == ["far", "plain"]
    assert (search.ends["measured"], search.ends["Refused"], search.ends["JobFailed"]) == (2, 1, 1)
    made = [search.next() for _ in range(30)]
    assert {candidate.kind for candidate in made} >= {"generated", "mutant of far"}
    assert any(candidate.rows != [(0,)] for candidate in made if candidate.kind == "mutant of far")


def test_every_attack_is_a_job():
    found = [candidate for candidate in attacks() if not candidate.kind.startswith("micro: ")]
    assert len({candidate.kind for candidate in found}) == len(found) >= 20
    for candidate in found:
        compile_job(candidate.source, candidate.schema)


@pytest.mark.slow
def test_every_class_has_its_microbenchmark():
    reached = set()
    names = []
    for micro in micros():
        assert isinstance(micro, Micro)
        names.append(micro.name)
        program = compile_job(micro.source, micro.schema)
        reached |= {class_of(op) for block in program.blocks for op in block.ops}
    assert set(CLASSES) <= reached, "add a body to benchmarks/meter/micro.py for each class that is missing"
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(0, 300, 23))
def test_microbenchmarks_run_to_their_end(number):
    micro = list(micros())[number]
    job = Prepared(micro.source, micro.schema)
    assert job.run([job.batches(micro.rows[:2])]).complete
