"""Whole real data sets through the local engine: the same result, bill and end, however the work is done.

The reference is the consumer's own class driven by CPython on the machine's schedule, over every row. Bills are
compared with the reference interpreter on samples elsewhere (test_conformance_examples).
"""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from totem_ccf.engines.local import LocalEngine
from totem_ccf.engines.local.escrow_settlement import EscrowSettlement
from totem_ccf.mapreduce.job import JobSpec
from totem_ccf.storage import open_dataset
from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.table import load
from totem_sdk.values import result_line

ROOT = Path(__file__).resolve().parents[2]
TABLE = load("standard-1")
ENOUGH = 10**15

JOBS = {
    "peak_hour_minutes": "minutes",
    "monthly_bill": "minutes",
    "outlier_count": "minutes",
    "standby_load": "minutes",
    "best_seller": "retail",
    "price_bands": "retail",
}
ROWS = {"minutes": 2_075_259, "retail": 1_067_371}
SCHEDULES = [(1, None), (2, 7), (4, 11)]
"""Workers, and the seed of the physical order in which tasks are started (None: from the lowest upwards)."""

FAILING = """
from totem_sdk import TotemJob

class Failing(TotemJob):
    def mapper(self, _, row):
        yield row.number % 7, 1000 // (row.number - 1499999)

    def reducer(self, key, values):
        yield key, sum(values)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def fetched():
    subprocess.run([sys.executable, str(ROOT / "scripts" / "fetch_data.py")], check=True)


@pytest.fixture(scope="module")
def engine():
    with LocalEngine() as engine:
        yield engine


class Job:
    """A job on a data set, run by the engine as often as one likes."""

    def __init__(self, engine, source, data, folder):
        self.engine, self.source, self.folder = engine, source, folder
        self.dataset = open_dataset([str(data)])
        self.program = compile_job(source, self.dataset.schema)
        self.priced = price(self.program, TABLE)
        self.runs = 0

    def run(self, workers, seed, escrow=ENOUGH, **options):
        self.runs += 1
        spec = JobSpec(
            job_id=f"job-{self.runs}",
            directory=self.folder / f"job-{self.runs}",
            program=self.program.encode(),
            table=TABLE.to_json(),
            params=bind(self.program, {}),
            escrow=escrow,
            fragments=[fragment.to_json() for fragment in self.dataset.fragments],
            workers=workers,
            order_seed=seed,
            **options,
        )
        precheck = options.get("precheck", True)
        return self.engine.start(spec, EscrowSettlement(self.priced, escrow, precheck=precheck)).wait()

    def rows(self):
        """Give the rows of each map task; columns that the program does not use are None."""
        names = [column.name for column in self.dataset.schema.columns]
        read = [names[position] for position in self.priced.columns_charged]
        for fragment in self.dataset.fragments:
            yield [
                row
                for batch in fragment.read(read)
                for row in zip(
                    *(batch.column(name).to_pylist() if name in read else [None] * batch.num_rows for name in names),
                    strict=True,
                )
            ]


def outcome(end):
    """Return all that must not depend on the schedule."""
    return end.state, end.used, end.receipts, end.result_sha256, end.result_rows, end.partial, end.error


@pytest.mark.parametrize("name", JOBS)
def test_an_example_over_every_row_is_what_cpython_computes_whatever_the_schedule(name, engine, tmp_path):
    source = (ROOT / "examples" / f"{name}.py").read_text("utf-8")
    job = Job(engine, source, ROOT / ".data" / f"{JOBS[name]}.parquet", tmp_path)
    assert sum(fragment.rows for fragment in job.dataset.fragments) == ROWS[JOBS[name]]

    ends = [job.run(workers, seed) for workers, seed in SCHEDULES]

    assert ends[0].state == "completed"
    for one, other in pairwise(ends):
        assert outcome(one) == outcome(other)
    pairs = CPythonJob(source, job.program, bind(job.program, {})).run(job.rows())
    assert ends[0].result.read_text("utf-8") == "".join(result_line(key, value) for key, value in pairs)

    halts = [job.run(workers, seed, escrow=ends[0].used // 2, precheck=False) for workers, seed in SCHEDULES]

    assert halts[0].state == "out_of_totem"
    assert halts[0].used <= ends[0].used // 2
    for one, other in pairwise(halts):
        assert outcome(one) == outcome(other)


def test_a_job_that_fails_in_row_1_500_000_fails_there_with_one_bill(engine, tmp_path):
    numbers = pa.table({"number": pa.array(range(2_000_000), pa.int64())})
    pq.write_table(numbers, tmp_path / "numbers.parquet", row_group_size=200_000)
    job = Job(engine, FAILING, tmp_path / "numbers.parquet", tmp_path)

    ends = [job.run(workers, seed) for workers, seed in SCHEDULES]

    assert ends[0].state == "failed"
    assert ends[0].error == {"kind": "zero_division", "line": 6}
    assert ends[0].result is None
    assert ends[0].receipts[0]["records_in"] == 1_500_000
    for one, other in pairwise(ends):
        assert outcome(one) == outcome(other)
    json.dumps(ends[0].receipts)


def test_the_last_totem_decides(engine, tmp_path):
    source = (ROOT / "examples" / "outlier_count.py").read_text("utf-8")
    job = Job(engine, source, ROOT / ".data" / "minutes.parquet", tmp_path)
    cost = job.run(2, None).used

    exact = job.run(4, 3, escrow=cost)
    short = job.run(4, 5, escrow=cost - 1, precheck=False)

    assert (exact.state, exact.used) == ("completed", cost)
    assert short.state == "out_of_totem"
    assert short.partial
    assert short.used < cost
