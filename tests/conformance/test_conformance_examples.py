"""Every example means the same to interpreter, CPython on the machine's schedule, plain mrjob and the kernel."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from totem_ccf.engines.local import EscrowSettlement, JobSpec, LocalEngine
from totem_ccf.storage import open_dataset
from totem_sdk.cost import Counts, price
from totem_sdk.cpython import CPythonJob
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.schema import LINES, Schema
from totem_sdk.table import load

ROOT = Path(__file__).resolve().parents[2]
ROWS = 20_000
FRAGMENT = 7_000
ENOUGH = 10**15

EXAMPLES = {
    "peak_hour": "homes",
    "community_peak": "homes",
    "solar_share": "homes",
    "peak_hour_minutes": "minutes",
    "monthly_bill": "minutes",
    "outlier_count": "minutes",
    "voltage_extremes": "minutes",
    "standby_load": "minutes",
    "missing_share": "minutes",
    "best_seller": "retail",
    "customer_spend": "retail",
    "price_bands": "retail",
    "word_count": "descriptions",
}
PARAMS = {"standby_load": {"least_minutes": 1}}  # the sample has few minutes of each night
TYPES = {pa.int64(): "int", pa.float64(): "float", pa.string(): "str", pa.timestamp("us"): "datetime"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def fetched():
    subprocess.run([sys.executable, str(ROOT / "scripts" / "fetch_data.py")], check=True)


class Sample:
    """Rows spread over a whole data set, so that months, countries and missing cells are all there."""

    def __init__(self, data, folder):
        if data == "descriptions":
            lines = (ROOT / ".data" / "descriptions.txt").read_text("utf-8").splitlines()
            self.rows = [(line,) for line in lines[:: len(lines) // ROWS]]
            self.schema = LINES
            self.file = folder / f"{data}.txt"
            self.parts = []
            for number, rows in enumerate(self.fragments):
                self.parts.append(folder / f"{data}-{number}.txt")
                self.parts[-1].write_text("".join(f"{line}\n" for (line,) in rows), "utf-8")
            self.file.write_text("".join(part.read_text("utf-8") for part in self.parts), "utf-8")
            return
        table = pq.read_table(ROOT / ".data" / f"{data}.parquet")
        table = table.take(list(range(0, table.num_rows, table.num_rows // ROWS)))
        self.rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        self.schema = Schema.of((f.name, TYPES[f.type] + ("?" if f.nullable else "")) for f in table.schema)
        self.file = folder / f"{data}.csv"
        pyarrow.csv.write_csv(table, self.file)
        (folder / f"{data}.json").write_text(json.dumps(self.schema.to_json()))
        self.parts = [folder / f"{data}-{number}.parquet" for number in range(len(self.fragments))]
        for number, part in enumerate(self.parts):
            pq.write_table(table.slice(number * FRAGMENT, FRAGMENT), part)

    @property
    def fragments(self):
        return [self.rows[start : start + FRAGMENT] for start in range(0, len(self.rows), FRAGMENT)]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return {data: Sample(data, folder) for data in set(EXAMPLES.values())}


@pytest.fixture(scope="module")
def engine():
    with LocalEngine() as engine:
        yield engine


def by_the_kernel(engine, priced, params, sample, folder):
    """Run the job on worker processes, each file of the sample a map task."""
    dataset = open_dataset(sample.parts, sample.schema)
    assert [fragment.rows for fragment in dataset.fragments] == [len(rows) for rows in sample.fragments]
    spec = JobSpec(
        job_id="example",
        directory=folder / "job",
        program=priced.program.encode(),
        table=priced.table.to_json(),
        params=params,
        escrow=ENOUGH,
        fragments=[fragment.to_json() for fragment in dataset.fragments],
    )
    return engine.run(spec, EscrowSettlement(priced, ENOUGH))


def as_json(pairs):
    return [json.loads(json.dumps(pair)) for pair in pairs]


def by_plain_mrjob(example, sample):
    command = [sys.executable, str(ROOT / "examples" / f"{example}.py"), "--quiet", "--no-conf", str(sample.file)]
    if sample.schema != LINES:
        command += ["--schema", str(sample.file.with_suffix(".json"))]
    for name, value in PARAMS.get(example, {}).items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[json.loads(cell) for cell in line.split("\t")] for line in done.stdout.splitlines()]


def by_key(pairs):
    """Sort by key: in these jobs each key has one value."""
    return sorted(pairs, key=lambda pair: json.dumps(pair[0]))


def alike(mine, other):
    """Compare two results that are equal but for the last bits of floats."""
    if isinstance(mine, list):
        return isinstance(other, list) and len(mine) == len(other) and all(map(alike, mine, other))
    return mine == pytest.approx(other, rel=1e-9) if isinstance(mine, float) else mine == other


@pytest.mark.parametrize("example", EXAMPLES)
def test_four_ways_to_run_an_example_agree(example, samples, engine, tmp_path):
    sample = samples[EXAMPLES[example]]
    source = (ROOT / "examples" / f"{example}.py").read_text()
    program = compile_job(source, sample.schema, filename=f"{example}.py")
    params = bind(program, PARAMS.get(example, {}))
    priced = price(program, load("standard-1"))
    run = Machine(priced, params).run_job(sample.fragments, ENOUGH)
    assert run.state == "completed"
    assert run.result, "an example without a result shows nothing"

    result = as_json(run.result)
    assert result == as_json(CPythonJob(source, program, params).run(sample.fragments))

    plain = by_plain_mrjob(example, sample)
    assert alike(by_key(result), by_key(plain))

    end = by_the_kernel(engine, priced, params, sample, tmp_path)
    assert end.state == "completed"
    assert [json.loads(line) for line in end.result.read_text("utf-8").splitlines()] == result
    assert end.used == run.used
    bill = [
        row
        for phase, receipt in zip(program.phases, end.receipts, strict=True)
        for row in priced.bill(phase.step, phase.kind, Counts.from_json(receipt))
    ]
    assert bill == run.bill
