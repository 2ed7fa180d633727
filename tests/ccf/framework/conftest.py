"""Jobs for the framework's tests: small sources over CSV files, run on the local engine and on the machine."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from totem_ccf.engines.local import EscrowSettlement, JobEnd, JobSpec, LocalEngine
from totem_ccf.storage import Fragment, open_dataset
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.values import result_line

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

WORD_COUNT = """
from totem_sdk import TotemJob

class WordCount(TotemJob):
    def mapper(self, _, row):
        for word in row.text.split():
            yield word.lower(), 1

    def combiner(self, word, counts):
        yield word, sum(counts)

    def reducer(self, word, counts):
        yield word, sum(counts)
"""

# Three maps and two reduces, as in the patent's figure 8.
THREE_STEPS = """
from mrjob.step import MRStep
from totem_sdk import TotemJob

class ThreeSteps(TotemJob):
    def steps(self):
        return [
            MRStep(mapper=self.m1, reducer=self.r1),
            MRStep(mapper=self.m2),
            MRStep(mapper=self.m3, reducer=self.r2),
        ]

    def m1(self, _, row):
        yield row.home, row.kwh

    def r1(self, home, kwh):
        yield home, sum(kwh)

    def m2(self, home, total):
        yield home, total * 2.0

    def m3(self, home, total):
        yield total > 100.0, (total, home)

    def r2(self, large, homes):
        best = 0.0
        for pair in homes:
            best = max(best, pair[0])
        yield large, best
"""

DIVIDE = """
from totem_sdk import TotemJob

class Divide(TotemJob):
    def mapper(self, _, row):
        yield row.home, 10 // row.left

    def reducer(self, home, values):
        yield home, sum(values)
"""


class Jobs:
    """Makes jobs below a directory, runs them, and compares them with the machine."""

    def __init__(self, directory: Path, engine: LocalEngine) -> None:
        self.engine = engine
        self._directory = directory
        self._number = 0

    def make(self, source, schema, files, *, table="standard-1", params=None, hidden=(), **fields) -> JobSpec:
        """A job over CSV files (their texts), each a fragment at least; ``escrow`` is plenty unless given."""
        self._number += 1
        data = self._directory / f"data-{self._number}"
        data.mkdir()
        paths = []
        for number, text in enumerate(files):
            paths.append(data / f"part-{number:03d}.csv")
            paths[-1].write_text(text)
        typed = Schema.of(schema)
        program = compile_job(source, typed, hidden=frozenset(hidden))
        dataset = open_dataset(paths, typed)
        return JobSpec(
            job_id=f"job-{self._number}",
            directory=self._directory / f"job-{self._number}",
            program=program.encode(),
            table=(load(table) if isinstance(table, str) else table).to_json(),
            params=bind(program, params or {}),
            escrow=fields.pop("escrow", 1 << 40),
            fragments=[fragment.to_json() for fragment in dataset.fragments],
            executor=fields.pop("executor", "kernel"),
            **fields,
        )

    def again(self, spec: JobSpec, **fields) -> JobSpec:
        """The same job in another directory, with other fields."""
        self._number += 1
        return replace(spec, directory=self._directory / f"job-{self._number}", **fields)

    def paper1(self, **fields) -> JobSpec:
        """The worked example of paper I."""
        folder = EXAMPLES / "paper1"
        schema = {"date": "date", "cid": "int", "bill": "float"}
        files = [(folder / "bills.csv").read_text()]
        return self.make((folder / "total_bill.py").read_text(), schema, files, table="paper-2019", **fields)

    def word_count(self, files: int, rows: int, **fields) -> JobSpec:
        """Words of random texts; a combiner."""
        choose = random.Random(2)  # noqa: S311 test data
        words = ["Totem", "lease", "Wasm", "größe", "a", "of", "MAP", "reduce"]
        texts = [[" ".join(choose.choices(words, k=choose.randrange(6))) for _ in range(rows)] for _ in range(files)]
        parts = ["text\n" + "".join(f"{text} x\n" for text in part) for part in texts]
        return self.make(WORD_COUNT, {"text": "str"}, parts, **fields)

    def three_steps(self, files: int, rows: int, **fields) -> JobSpec:
        """Random readings of 40 homes through M1 R1 M2 M3 R2."""
        choose = random.Random(1)  # noqa: S311 test data
        readings = [[(choose.randrange(40), choose.random() * 9) for _ in range(rows)] for _ in range(files)]
        parts = ["home,kwh\n" + "".join(f"{home},{kwh:.3f}\n" for home, kwh in part) for part in readings]
        return self.make(THREE_STEPS, {"home": "int", "kwh": "float"}, parts, **fields)

    def divide(self, files: int, rows: int, *, zeros, **fields) -> JobSpec:
        """A job that fails at the rows (file, row) named by ``zeros``; the division is in line 6."""
        parts = [
            [(row % 7, 0 if (file, row) in zeros else 1 + row % 5) for row in range(rows)] for file in range(files)
        ]
        texts = ["home,left\n" + "".join(f"{home},{left}\n" for home, left in part) for part in parts]
        return self.make(DIVIDE, {"home": "int", "left": "int"}, texts, **fields)

    @staticmethod
    def settlement(spec: JobSpec) -> EscrowSettlement:
        """A settlement with the job's escrow."""
        return EscrowSettlement(spec.priced, spec.escrow, precheck=spec.precheck, part=spec.part)

    def run_as_on_machine(self, spec: JobSpec) -> JobEnd:
        """Run the job and assert that its end, bill, counts and result are the machine's."""
        run = self.on_machine(spec)
        settlement = self.settlement(spec)
        end = self.engine.run(spec, settlement)
        self.assert_as_on_machine(end, settlement, run)
        return end

    @staticmethod
    def on_machine(spec: JobSpec) -> JobRun:
        """Run the job on the reference interpreter, one thing after the other."""
        priced = spec.priced
        names = [column.name for column in priced.program.schema.columns]
        fragments = []
        for document in spec.fragments:
            batches = Fragment.from_json(document).read(names)
            fragments.append([tuple(row.values()) for batch in batches for row in batch.to_pylist()])
        return Machine(priced, spec.params).run_job(fragments, spec.escrow, precheck=spec.precheck)

    @staticmethod
    def assert_as_on_machine(end: JobEnd, settlement: EscrowSettlement, run: JobRun) -> None:
        """The job's end, its bill, its counts and its result are the machine's."""
        assert (end.reason, end.state, end.used, settlement.left) == (None, run.state, run.used, run.returned)
        assert [dict(receipt) for receipt in end.receipts] == settlement.receipts
        assert len(settlement.receipts) == len(run.phases)
        for receipt, phase in zip(settlement.receipts, run.phases, strict=True):
            for name in ("step", "phase", "end", "charge", "records_in", "records_out"):
                assert receipt[name] == getattr(phase, name), name
            assert {"blocks": receipt["blocks"], "units": receipt["units"]} == phase.counts.to_json()
            if phase.end == "done":
                assert (receipt["groups_in"], receipt["tasks"]) == (phase.groups_in, phase.tasks)
        assert end.error == (None if run.error is None else {"kind": run.error.kind, "line": run.error.line})
        assert end.partial == run.partial
        if run.state == "completed" or run.partial:
            assert end.result.read_text() == "".join(result_line(key, value) for key, value in run.result)
            assert end.result_rows == len(run.result)
        else:
            assert end.result is None


HOST = """
import json
import sys
from pathlib import Path
from totem_ccf.engines.local import EscrowSettlement, JobSpec, LocalEngine

directory = Path(sys.argv[1])
spec = JobSpec.read(directory)
ledger = directory.parent / "ledger.json"
settlement = EscrowSettlement(spec.priced, spec.escrow, precheck=spec.precheck, part=spec.part)

class Durable:
    def settle(self, phase, receipt):
        answer = settlement.settle(phase, receipt)
        ledger.write_text(json.dumps(settlement.receipts))
        return answer

if ledger.exists():
    for phase, receipt in enumerate(json.loads(ledger.read_text())):
        settlement.settle(phase, receipt)
with LocalEngine() as engine:
    end = engine.resume(directory, Durable())
print(json.dumps([end.state, end.used, end.result_sha256, settlement.left]))
"""
"""A process that runs the job of a directory, with a ledger in a file beside it."""

LIMIT = 60.0


class Hosts:
    """Hosts of jobs as processes of their own, and a look at what runs for a job."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    @staticmethod
    def start(spec: JobSpec, environment=None) -> subprocess.Popen:
        """Start a host for the job, which must be written."""
        command = [sys.executable, "-c", HOST, str(spec.directory)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **(environment or {})}, text=True)

    @staticmethod
    def processes_of(spec: JobSpec) -> list[int]:
        """Processes that have a file of the job open: all that belong to it."""
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid():
                try:
                    targets = [str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()]
                except OSError:
                    continue
                if any(target.startswith(str(spec.directory)) for target in targets):
                    found.append(int(process.name))
        return found

    @staticmethod
    def pid_with(log: Path, name: str) -> int:
        """The process whose standard error goes to a log of that name."""
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    target = str((process / "fd" / "2").readlink())
                except OSError:
                    continue
                if target.startswith(str(log / name)):
                    return int(process.name)
        raise AssertionError(f"no process writes {name}")

    @staticmethod
    def wait_until(condition, seconds=LIMIT) -> None:
        """Wait for a condition, but not for ever."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it took too long"
            time.sleep(0.05)

    def assert_ends_as_undisturbed(self, spec: JobSpec, environment=None) -> None:
        """The next host brings the job to the machine's end."""
        run = self._jobs.on_machine(spec)
        host = self.start(spec, environment)
        output, _ = host.communicate(timeout=LIMIT)
        assert host.returncode == 0
        state, used, sha256, left = json.loads(output)
        assert (state, used, left) == (run.state, run.used, run.returned)
        assert sha256 == self._jobs.engine.resume(spec.directory, self._jobs.settlement(spec)).result_sha256


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalEngine]:
    """One engine, and so one zygote, for all tests of a process."""
    with LocalEngine() as engine:
        yield engine


@pytest.fixture
def jobs(tmp_path: Path, engine: LocalEngine) -> Jobs:
    return Jobs(tmp_path, engine)


@pytest.fixture
def hosts(jobs: Jobs) -> Hosts:
    return Hosts(jobs)


@pytest.fixture(scope="session")
def make_jobs() -> type[Jobs]:
    return Jobs
