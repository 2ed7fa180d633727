"""A job as a plain mrjob script: unmetered, with the same typed rows."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mrjob.job import UsageError

import totem_sdk
from totem_sdk.cpython import CPythonJob, load_job
from totem_sdk.errors import InvalidDocument
from totem_sdk.param import declared
from totem_sdk.parameters import bind, parse
from totem_sdk.program import ParamSpec
from totem_sdk.types import BOOL, FLOAT, INT, STR

EXAMPLES = Path(__file__).parents[2] / "examples"
READINGS = """home,at,kwh,solar_kwh
1,2019-01-01T00:00:00,0.5,
1,2019-01-01T01:00:00,0.0,0.1
2,2019-01-02T01:30:00,0.25,0.1
2,2019-02-02T01:30:00,1.25,0.2
"""
JOB = """
from __future__ import annotations
from mrjob.step import MRStep
from totem_sdk import Param, TotemJob

class Job(TotemJob):
    least: float = Param(0.1, help="kWh")
    night_hour: int = Param()
    label: str = Param("x")
    loud: bool = Param(False)

    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.add), MRStep(mapper=self.turn, reducer=self.count)]

    def read(self, _, row):
        if row.kwh > self.least and row.at.hour == self.night_hour:
            yield (row.home, row.at.date().month), row.kwh

    def add(self, key, values):
        yield key, sum(values)

    def turn(self, key, value):
        yield [self.label, self.loud, key[0]], value

    def count(self, key, values):
        yield key, list(values)

if __name__ == "__main__":
    Job.run()
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)


def result_of(script: Path, *arguments: object) -> list[tuple[object, object]]:
    """Run a script as mrjob's inline runner does, in this process."""
    spec = importlib.util.spec_from_file_location("job_of_a_test", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # mrjob asks for the file of the class, which inspect finds through the module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    (cls,) = (value for value in vars(module).values() if getattr(value, "__module__", "") == spec.name)
    job = cls(args=[*map(str, arguments), "--quiet"])
    with job.make_runner() as runner:
        runner.run()
        return sorted(job.parse_output(runner.cat_output()), key=str)


@pytest.fixture
def readings(tmp_path):
    path = tmp_path / "readings.csv"
    path.write_text(READINGS)
    return path


@pytest.fixture
def job(tmp_path):
    path = tmp_path / "job.py"
    path.write_text(JOB)
    return path


def test_the_exports():
    assert sorted(totem_sdk.__all__) == ["Param", "TotemJob"]
    assert all(hasattr(totem_sdk, name) for name in totem_sdk.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Job'"):
        _ = totem_sdk.Job


def test_importing_the_sdk_does_not_import_mrjob():
    code = "import sys, totem_sdk, totem_sdk.interpreter, totem_sdk.parameters; sys.exit('mrjob' in sys.modules)"
    assert run("-c", code).returncode == 0


NIGHT = ("--night-hour", "1", "--least=0.2", "--loud", "yes", "--param-label=y")


def test_several_steps_with_parameters(readings, job):
    assert result_of(job, *NIGHT, readings) == [(["y", True, 2], [0.25, 1.25])]


@pytest.mark.slow
def test_several_steps_in_processes_of_their_own(readings, job):
    done = run(job, "-r", "local", "--quiet", *NIGHT, readings)
    assert (done.returncode, done.stdout) == (0, '["y", true, 2]\t[0.25, 1.25]\n'), done.stderr


def test_a_schema_file_decides_about_the_types(tmp_path):
    paper = EXAMPLES / "paper1"
    arguments = (paper / "total_bill.py", "--schema", paper / "schema.json", paper / "bills.csv")
    assert result_of(*arguments) == [(1, 100.0), (2, 400.0), (3, 200.0)]
    # Without it the bills are ints.
    assert result_of(paper / "total_bill.py", paper / "bills.csv") == [(1, 100), (2, 400), (3, 200)]


def test_several_files_have_a_header_each(tmp_path):
    (tmp_path / "a.csv").write_text("cid,bill\n1,2\n")
    (tmp_path / "b.csv").write_text("cid,bill\n1,2.5\n")
    assert result_of(EXAMPLES / "paper1" / "total_bill.py", tmp_path) == [(1, 4.5)]


def test_csv_that_is_not_utf8_is_named_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"cid,bill\n1,2\n\xe9,3\n")
    done = run(EXAMPLES / "paper1" / "total_bill.py", tmp_path / "a.csv")
    assert done.returncode == 1
    assert done.stderr.endswith(f": {tmp_path / 'a.csv'}, line 3: not UTF-8; write the file as UTF-8\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_schema_says_how_csv_is_written_and_which_columns_there_are(tmp_path):
    (tmp_path / "a.csv").write_text("Bill EUR;note;cid\n\n2.5;x;1\n?;;1\n")
    columns = {"cid": "int", "Bill_EUR": "float?"}
    (tmp_path / "schema.json").write_text(json.dumps({"columns": columns, "csv": {"delimiter": ";", "nulls": ["?"]}}))
    (tmp_path / "job.py").write_text(
        "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n"
        "        yield row.cid, row.Bill_EUR\nif __name__ == '__main__':\n    Job.run()\n"
    )
    found = result_of(tmp_path / "job.py", "--schema", tmp_path / "schema.json", tmp_path / "a.csv")
    assert found == [(1, 2.5), (1, None)]


def test_json_lines_give_the_same_rows(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"Bill EUR":2.5,"note":["x"],"cid":1}\n\n{"cid":1,"at":null}\n')
    (tmp_path / "b.ndjson").write_text('{"at":"2020-01-01","cid":1,"Bill EUR":3}\n')
    (tmp_path / "job.py").write_text(
        "from totem_sdk import TotemJob\n\nclass Job(TotemJob):\n    def mapper(self, _, row):\n"
        "        yield row.cid, 0.5 if row.Bill_EUR is None else row.Bill_EUR\n"
        "    def reducer(self, key, values):\n        yield key, sum(values)\n\n"
        "if __name__ == '__main__':\n    Job.run()\n"
    )
    assert result_of(tmp_path / "job.py", tmp_path / "a.jsonl", tmp_path / "b.ndjson") == [(1, 6.0)]
    (tmp_path / "c.jsonl").write_text('{"cid":1}\n[1]\n')
    done = run(tmp_path / "job.py", tmp_path / "c.jsonl")
    assert done.stderr == f"Job: {tmp_path / 'c.jsonl'}, line 2: the line is no JSON object\n"
    done = run(tmp_path / "job.py", tmp_path / "a.jsonl", tmp_path / "job.py")
    assert "all be CSV, all be JSON lines, or all be text" in done.stderr


def test_raw_lines_for_a_job_of_mrjob(tmp_path):
    (tmp_path / "text.txt").write_text("a b a\n\nB\n")
    assert result_of(EXAMPLES / "word_count.py", tmp_path / "text.txt") == [("a", 2), ("b", 2)]


def test_text_gives_rows_of_one_column(tmp_path):
    source = JOB[: JOB.index("    def steps")] + (
        "    def mapper(self, _, row):\n        yield row.line, 1\n\nif __name__ == '__main__':\n    Job.run()\n"
    )
    (tmp_path / "job.py").write_text(source)
    (tmp_path / "text.txt").write_text("first\nsecond, third\n")
    assert result_of(tmp_path / "job.py", "--night_hour=1", tmp_path / "text.txt") == [
        ("first", 1),
        ("second, third", 1),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{readings}"], "'night_hour' has no default: give it with --night_hour"),
        (["--night_hour=x", "{readings}"], "parameter 'night_hour': expected int, not 'x'"),
        (["--night_hour=1"], "can't read standard input"),
        (["--night_hour=1", "{folder}/nowhere.csv"], "nowhere.csv: there is no such file"),
        (["--night_hour=1", "{folder}/data.parquet"], "mrjob can't read it"),
        (
            ["--night_hour=1", "--schema", "{folder}/schema.json", "{readings}"],
            "the schema's column 'away' is not in the header",
        ),
        (["--night_hour=1", "--schema", "{folder}/broken.json", "{readings}"], "not JSON"),
        (["--night_hour=1", "--schema", "{folder}/none.json", "{readings}"], "No such file"),
        (["--night_hour=1", "{folder}/bad.csv"], "row 2 has 3 cells"),
    ],
)
def test_what_a_user_can_put_right_is_said(readings, job, arguments, message):
    tmp_path = job.parent
    (tmp_path / "data.parquet").write_text("")
    (tmp_path / "bad.csv").write_text("home,at\n1,2\n1,2,3\n")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "schema.json").write_text('[{"name": "away", "type": "int"}]')
    places = {"readings": readings, "folder": tmp_path}
    with pytest.raises((InvalidDocument, UsageError), match=re.escape(message)):
        load_job(JOB)(args=[argument.format(**places) for argument in arguments]).make_runner()


def test_what_a_user_can_put_right_ends_in_one_line(job):
    done = run(job, "--night-hour=1", "nowhere.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Job: nowhere.csv: there is no such file\n"


def test_a_parameter_needs_a_type():
    # Before Python 3.12 the error comes as the cause of a RuntimeError.
    with pytest.raises((RuntimeError, TypeError)) as caught:

        class Job:
            rate = totem_sdk.Param(0.1)

    assert "job parameter 'rate' needs a type: write rate: float = Param(...)" in str(
        caught.value.__cause__ or caught.value
    )


def test_a_parameter_is_its_default_until_it_is_set():
    class Job:
        rate: float = totem_sdk.Param(0.5)
        hour: int = totem_sdk.Param(help="of the day")

    assert Job().rate == 0.5
    assert {name: declaration.spec() for name, declaration in declared(Job).items()} == {
        "rate": ParamSpec("rate", FLOAT, 0.5),
        "hour": ParamSpec("hour", INT, None),
    }
    with pytest.raises(AttributeError, match="give it with --hour"):
        _ = Job().hour


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [(INT, "-3", -3), (FLOAT, "3", 3.0), (BOOL, "No", False), (STR, " x", " x")],
)
def test_parameters_on_a_command_line(type_, text, value):
    found = parse(ParamSpec("p", type_), text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("type_", "text"), [(INT, "1.0"), (INT, str(1 << 63)), (FLOAT, "x"), (BOOL, "2")])
def test_a_text_that_is_no_value_of_the_parameter(type_, text):
    with pytest.raises(InvalidDocument, match="parameter 'p'"):
        parse(ParamSpec("p", type_), text)


def test_binding_checks_names_types_and_defaults(paper1):
    params = (ParamSpec("rate", FLOAT, 0.5), ParamSpec("hour", INT, None))
    program = dataclasses.replace(paper1.program, params=params)
    assert bind(program, {"hour": 3}) == {"rate": 0.5, "hour": 3}
    assert bind(program, {"hour": 3, "rate": 2}) == {"rate": 2.0, "hour": 3}
    for given, message in (
        ({}, "'hour': it has no default"),
        ({"hour": 1, "x": 1}, "'x': the job has no such parameter"),
        ({"hour": True}, "'hour': expected int, not bool"),
        ({"hour": 1.5}, "'hour': expected int, not float"),
        ({"hour": 1 << 63}, "'hour': the value is outside of 64 bits"),
    ):
        with pytest.raises(InvalidDocument, match=message):
            bind(program, given)


def test_the_cpython_driver_runs_the_class_on_the_machines_schedule(paper1, bills):
    source = (EXAMPLES / "paper1" / "total_bill.py").read_text()
    assert CPythonJob(source, paper1.program, {}).run([bills[:2], bills[2:]]) == [(1, 100.0), (3, 200.0), (2, 400.0)]
    with pytest.raises(InvalidDocument, match="expected one job class, found 0"):
        CPythonJob("x = 1", paper1.program, {})
