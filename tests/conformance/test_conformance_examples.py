"""Every example means the same to the interpreter, to CPython on the machine's schedule and to plain mrjob."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from totem_sdk.cost import price
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
            self.file.write_text("".join(f"{line}\n" for (line,) in self.rows), "utf-8")
            return
        table = pq.read_table(ROOT / ".data" / f"{data}.parquet")
        table = table.take(list(range(0, table.num_rows, table.num_rows // ROWS)))
        self.rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        self.schema = Schema.of((f.name, TYPES[f.type] + ("?" if f.nullable else "")) for f in table.schema)
        self.file = folder / f"{data}.csv"
        pyarrow.csv.write_csv(table, self.file)
        (folder / f"{data}.json").write_text(json.dumps(self.schema.to_json()))

    @property
    def fragments(self):
        return [self.rows[start : start + FRAGMENT] for start in range(0, len(self.rows), FRAGMENT)]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return {data: Sample(data, folder) for data in set(EXAMPLES.values())}


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
def test_three_ways_to_run_an_example_agree(example, samples):
    sample = samples[EXAMPLES[example]]
    source = (ROOT / "examples" / f"{example}.py").read_text()
    program = compile_job(source, sample.schema, filename=f"{example}.py")
    params = bind(program, PARAMS.get(example, {}))
    run = Machine(price(program, load("standard-1")), params).run_job(sample.fragments, ENOUGH)
    assert run.state == "completed"
    assert run.result, "an example without a result shows nothing"

    result = as_json(run.result)
    assert result == as_json(CPythonJob(source, program, params).run(sample.fragments))

    plain = by_plain_mrjob(example, sample)

    assert alike(by_key(result), by_key(plain))
