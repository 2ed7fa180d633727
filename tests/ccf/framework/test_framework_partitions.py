"""Any partition of rows over 1 to 5 providers gives the result of one provider that has all, and the same charges."""

import random
import re
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from corpus_rows import make_rows
from generator import generate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from partitioned import Job, added

from totem_sdk import cut
from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.schema import LINES, Schema
from totem_sdk.values import result_line

ROOT = Path(__file__).resolve().parents[3]
HOMES = Schema.of({"home": "str", "at": "datetime", "kwh": "float", "solar_kwh": "float"})
MINUTES = Schema.of({"at": "datetime", "active_kw": "float?", "voltage": "float?"})
RETAIL = Schema.of(
    {"invoice": "str", "stock": "str", "quantity": "int", "at": "datetime", "price": "float"}
    | {"customer": "int?", "country": "str"}
)
BILLS = Schema.of({"date": "date", "cid": "int", "bill": "float"})
EXAMPLES = {
    "peak_hour": HOMES,
    "community_peak": HOMES,
    "peak_hour_minutes": MINUTES,
    "monthly_bill": MINUTES,
    "missing_share": MINUTES,
    "outlier_count": MINUTES,
    "price_bands": RETAIL,
    "best_seller": RETAIL,
    "word_count": LINES,
    "paper1/total_bill": BILLS,
}
OTHERS = {
    "extremes of floats": """
from totem_sdk import TotemJob
class Extremes(TotemJob):
    def mapper(self, _, row):
        yield (row.home, row.at.hour), row.kwh / row.solar_kwh if row.solar_kwh != 0.0 else row.solar_kwh
    def reducer(self, key, values):
        yield key, {fold}(values)
""",
    "extremes of pairs": """
from totem_sdk import TotemJob
class Pairs(TotemJob):
    def mapper(self, _, row):
        yield row.home, (row.at.month, row.kwh > 1.0, row.at.day)
    def reducer(self, key, values):
        best = {fold}(values)
        yield key, best
""",
    "one partition": """
from totem_sdk import TotemJob
class Ranked(TotemJob):
    def mapper(self, _, row):
        yield row.home, row.kwh
    def reducer_init(self):
        self.number = 0
        self.all = 0.0
    def reducer(self, home, kwh):
        self.number += 1
        self.all += sum(kwh)
        yield home, self.number
    def reducer_final(self):
        yield "all", self.number
""",
    "a reducer that loops behind its combiner": """
from mrjob.step import MRStep
from totem_sdk import TotemJob
class Loops(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read, combiner=self.least, reducer=self.first), MRStep(reducer=self.least)]
    def read(self, _, row):
        yield (row.home, row.at.month), row.home + "x"
    def least(self, key, texts):
        yield key, {fold}(texts)
    def first(self, key, texts):
        for text in texts:
            yield key[1], text
            break
""",
    "lists behind the first reducer": """
from mrjob.step import MRStep
from totem_sdk import TotemJob
class Largest(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.add), MRStep(reducer=self.largest)]
    def read(self, _, row):
        yield (row.home, row.at.month), row.kwh
    def add(self, key, values):
        home, month = key
        yield home, [(sum(values), month), (0.5, 0)]
    def largest(self, home, values):
        found = []
        for entries in values:
            found += [(kwh, month) for kwh, month in entries]
        yield home, sorted(found, reverse=True)[:3]
""",
    "sums of every size": """
from totem_sdk import TotemJob
class Sizes(TotemJob):
    def mapper(self, _, row):
        big = row.kwh
        for power in range(row.at.day):
            big = big * 1e20
        yield row.at.hour % 3, big
        yield row.at.hour % 3, -big / 1e300
    def reducer(self, key, values):
        yield key, sum(values)
""",
}
ANY = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def partitions(draw, rows):
    """Rows assigned to 1 to 5 providers, each with its fragments."""
    providers = draw(st.integers(1, 5))
    owner = [draw(st.integers(0, providers - 1)) for _ in rows] if draw(st.booleans()) else None
    found = []
    for number in range(providers):
        if owner is None:
            own = rows[len(rows) * number // providers : len(rows) * (number + 1) // providers]
        else:
            own = [row for row, whose in zip(rows, owner, strict=True) if whose == number]
        ends = sorted(draw(st.lists(st.integers(0, len(own)), max_size=3)))
        found.append([own[start:end] for start, end in pairwise([0, *ends, len(own)])])
    return found


def check(job, providers, kinds, memory_limit=1 << 20):
    fragments = [rows for own in providers for rows in own]
    run = job.on_machine(fragments)
    with tempfile.TemporaryDirectory() as folder:
        maps, receipts, result = job.together(kinds, providers, Path(folder), memory_limit)
    if run.phases[0].end != "done":
        # Each provider fails by itself; which of them, the first in listed order tells as the one provider does.
        first = next(receipt for receipt in maps if receipt["end"] != "done")
        assert first["error"] == {"kind": run.error.kind, "line": run.error.line}
        return run
    whole = run.phases[0].receipt()
    together = added(maps)
    assert {name: whole[name] for name in together} == together
    assert [phase.receipt() for phase in run.phases[1:]] == receipts
    assert sum(receipt["charge"] for receipt in [*maps, *receipts]) == run.used
    if run.state == "completed":
        assert result == "".join(result_line(key, value) for key, value in run.result)
    return run


def example(name):
    return Job((ROOT / "examples" / f"{name}.py").read_text(), EXAMPLES[name])


JOBS = {name: example(name) for name in EXAMPLES}
JOBS |= {
    f"{name}, {fold}": Job(source.replace("{fold}", fold), HOMES)
    for name, source in OTHERS.items()
    for fold in (("min", "max") if "{fold}" in source else ("",))
}


@pytest.fixture(scope="module", autouse=True)
def forget():
    """Native code must be gone before the interpreter is."""
    yield
    for job in JOBS.values():
        vars(job).pop("kernels", None)


def rows_of(name, number):
    job = JOBS[name]
    rows = make_rows(job.schema, number, name)
    if name == "outlier_count":
        rows = [(at, None if kw is None else kw * 3, volts) for at, kw, volts in rows]
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
@ANY
@given(data=st.data())
def test_any_partition_gives_the_result_and_the_charges_of_one_provider(name, data):
    rows = rows_of(name, data.draw(st.sampled_from([0, 1, 7, 60])))
    providers = data.draw(partitions(rows))
    kinds = [data.draw(st.sampled_from(["kernel", "interpreter"])) for _ in range(6)]
    run = check(JOBS[name], providers, kinds, data.draw(st.sampled_from([1, 1 << 20])))
    # All but one of these jobs are made of folds alone: neither how rows are cut nor whose they are matters.
    if name in EXAMPLES and run.state == "completed":
        assert run.result == JOBS[name].on_machine([rows]).result


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_three_providers_on_the_kernel(name):
    rows = rows_of(name, 40)
    check(JOBS[name], [[rows[:9], rows[9:13]], [[]], [rows[13:30], rows[30:]]], ["kernel"] * 4)


def test_every_example_that_can_be_cut_is_here():
    assert all(not cut.refusals(job.program) for job in JOBS.values())
    files = {path.relative_to(ROOT / "examples").with_suffix("") for path in (ROOT / "examples").rglob("*.py")}
    schemas = (HOMES, MINUTES, RETAIL, LINES, BILLS)
    for name in {str(file) for file in files} - EXAMPLES.keys() - {"paper3"}:
        source = (ROOT / "examples" / f"{name}.py").read_text()
        if not re.search(r"class \w+\((TotemJob|MRJob)\)", source):
            continue
        fitting = [Job(source, schema) for schema in schemas if compiles(source, schema)]
        assert fitting, name
        assert all(cut.refusals(job.program) for job in fitting), name


def compiles(source, schema):
    try:
        compile_job(source, schema)
    except Refused:
        return False
    return True


@pytest.mark.slow
def test_generated_jobs_over_several_providers():
    found = 0
    for seed in range(200):
        made = generate(seed, 3, 12)
        job = Job(made.source, made.schema, made.params)
        if cut.refusals(job.program):
            continue
        found += 1
        choose = random.Random(seed)  # noqa: S311 a partition, not a secret
        rows = [row for fragment in made.fragments for row in fragment]
        for kinds in (["kernel"] * 6, ["interpreter", "kernel"] * 3):
            ends = sorted(choose.randrange(len(rows) + 1) for _ in range(4))
            check(job, [[rows[start:end]] for start, end in pairwise([0, *ends, len(rows)])], kinds)
        if found == 10:
            return
    raise AssertionError(f"only {found} generated jobs can be cut")
