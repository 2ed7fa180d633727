"""Data that are not what their owner thinks: other delimiters, words for missing values, time zones, formats."""

import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from totem.cli.main import app

JOB = """from totem_sdk import Param, TotemJob


class Sum(TotemJob):
    least: int = Param(0)

    def mapper(self, _, row):
        if row.b > self.least:
            yield row.a, row.b
"""


def totem(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def job(tmp_path):
    path = tmp_path / "job.py"
    path.write_text(JOB)
    return path


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(("delimiter", "word"), [(";", "';'"), ("\t", "tabs"), ("|", "'|'")])
def test_a_header_of_one_cell_with_another_delimiter_is_noted(tmp_path, job, delimiter, word):
    data = write(tmp_path / "d.csv", f"a{delimiter}b\n1{delimiter}2\n")
    note = f"note: d.csv has one column, a_b: if cells are separated by {word}, "
    for words in (["schema", data], ["check", job, data], ["run", job, data], ["estimate", job, data]):
        done = totem(*words)
        assert note in done.stderr, words
        assert f'"csv": {{"delimiter": {json.dumps(delimiter)}}} beside "columns" in a schema file' in done.stderr


def test_who_publishes_is_told_before_anything_is(tmp_path, home):
    data = write(tmp_path / "d.csv", "a;b\n1;2\n")
    done = totem("provider", "publish", "meters", data, "--dry-run", "--home", home.root, "--as", "north")
    assert done.exit_code == 0
    assert "note: d.csv has one column, a_b" in done.stderr


@pytest.mark.slow
def test_what_the_note_says_helps(tmp_path, job):
    data = write(tmp_path / "d.csv", "a;b\n1;2\n")
    schema = tmp_path / "s.json"
    schema.write_text('{"columns": {"a": "int", "b": "int"}}')
    done = totem("schema", data, "--schema", schema)
    assert done.exit_code == 5
    assert 'say "csv": {"delimiter": ";"}' in done.stderr
    schema.write_text('{"columns": {"a": "int", "b": "int"}, "csv": {"delimiter": ";"}}')
    done = totem("run", job, data, "--schema", schema, "--json")
    assert json.loads(done.stdout)["result"] == [[1, 2]]
    assert "note" not in totem("schema", data, "--schema", schema).stderr


def test_a_row_of_more_cells_than_the_header_gets_the_same_hint(tmp_path):
    done = totem("schema", write(tmp_path / "d.csv", "a;b\n1,5;2,5\n"))
    assert done.exit_code == 5
    assert "row 1: the row has not the 1 cells of the header [format]" in done.stderr
    assert 'say "csv": {"delimiter": ";"}' in done.stderr


@pytest.mark.parametrize("header", ['"a;b"', "a", "a,b;c", '"a|b"', '"a\tb;c"'])
def test_delimiters_within_quotes_and_headers_of_several_cells_are_not_noted(tmp_path, header):
    data = write(tmp_path / "d.csv", f"{header}\n{','.join('1' * (1 + header.count(',')))}\n")
    assert "delimiter" not in totem("schema", data).output


def test_a_cell_that_is_not_of_the_schemas_type_is_answered_with_the_notations_of_the_type(tmp_path):
    schema = write(tmp_path / "s.json", '{"columns": {"day": "date"}}')
    done = totem("schema", write(tmp_path / "d.csv", "day\n01.02.2024\n"), "--schema", schema)
    assert done.exit_code == 5
    assert (
        "YYYY-MM-DD, DD/MM/YYYY or D/M/YYYY; where cells are written otherwise, make it str in the schema"
        in done.stderr
    )
    assert "--schema FILE" not in done.stderr
    assert "01.02" not in done.stderr


def test_an_empty_cell_of_a_type_without_none_is_answered_with_the_type_to_write(tmp_path):
    schema = write(tmp_path / "s.json", '{"columns": {"n": "int", "m": "int"}}')
    done = totem("schema", write(tmp_path / "d.csv", "n,m\n,2\n"), "--schema", schema)
    assert "hint: write int? in the schema" in done.stderr


def test_words_for_missing_values_are_named_with_what_to_say_of_them(tmp_path):
    data = write(tmp_path / "d.csv", "a,b,c,d\nNA,x,2024-01-01,NA\n1,NA,n/a,NA\n-,y,2024-01-02,\n2,secret,null,NA\n")
    done = totem("schema", data)
    notes = {line.split()[0]: line.split(maxsplit=3)[3:] for line in done.stdout.splitlines()}
    assert notes["a"] == ['int but for NA, -: say "nulls": ["NA", "-"]']
    assert notes["c"] == ['date but for n/a, null: say "nulls": ["n/a", "null"]']
    assert notes["b"] == notes["d"] == []
    assert '"csv": {"nulls": ["NA", "-", "n/a", "null"]} beside "columns" in a schema file' in done.stderr
    assert "secret" not in done.output
    schema = write(tmp_path / "s.json", '{"columns": {"a": "int?"}, "csv": {"nulls": ["NA", "-"]}}')
    assert totem("schema", data, "--schema", schema).stdout.split()[-3:] == ["a", "int?", "2"]


def test_zones_of_parquets_timestamps_are_named(tmp_path):
    at = datetime.datetime(2024, 7, 1, 12)
    columns = {zone or "none": pa.array([at], pa.timestamp("us", zone)) for zone in (None, "UTC", "Europe/Berlin")}
    pq.write_table(pa.table(columns), tmp_path / "d.parquet")
    shown = totem("schema", tmp_path / "d.parquet").stdout
    (line,) = [line for line in shown.splitlines() if "read as UTC" in line]
    assert line.endswith("Europe/Berlin in the file, read as UTC")
    assert line.startswith("Europe_Berlin")


def test_files_of_several_formats_are_the_callers_mistake(tmp_path, job):
    csv = write(tmp_path / "a.csv", "a,b\n1,2\n")
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "b.parquet")
    done = totem("run", job, csv, tmp_path / "b.parquet")
    assert done.exit_code == 2
    assert "files of different formats: csv (a.csv), parquet (b.parquet)" in done.stderr
    done = totem("run", job, csv, tmp_path / "b.parquet", "--json")
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (2, "refused")


def test_an_empty_file_is_the_providers_trouble(tmp_path, job):
    assert totem("run", job, write(tmp_path / "a.csv", "")).exit_code == 5


def test_a_header_with_the_same_name_twice_gets_one_hint_that_helps(tmp_path):
    done = totem("schema", write(tmp_path / "d.csv", "a,a\n1,2\n"))
    assert done.exit_code == 5
    assert "hint: rename one of them in the file" in done.stderr
    assert "--schema FILE" not in done.stderr
    assert done.stderr.count("rename") == 1


def test_a_bad_parameter_is_answered_with_a_command_that_works(tmp_path, job):
    data = write(tmp_path / "a.csv", "a,b\n1,2\n")
    assert "`totem check JOB.py DATA`" in totem("run", job, data, "--param", "leest=1").stderr
    assert "least: int" in totem("check", job, data).stdout
