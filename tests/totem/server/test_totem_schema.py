"""``totem schema``: what TOTEM sees in data, in the form that ``--schema`` takes."""

import json

import pytest
from typer.testing import CliRunner

from totem.cli.main import app

DATA = """Customer ID,at,kwh,n,note
1,2024-01-01,1,5,secret-x
2,2024-01-02,2.5,,secret-y
3,2024-01-03 10:00,secret-z,7,
"""
JOB = """from totem_sdk import TotemJob


class Sum(TotemJob):
    def mapper(self, _, row):
        yield row.Customer_ID, 1
"""


def totem(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "meters.csv"
    path.write_text(DATA)
    return path


def test_people_see_names_types_missing_values_and_what_widened_a_type(data):
    done = totem("schema", data)
    assert done.exit_code == 0
    rows = {line.split()[0]: line.split(maxsplit=3)[1:] for line in done.stdout.splitlines()}
    assert rows["Customer_ID"] == ["int", "0", "'Customer ID' in the file"]
    assert rows["at"] == ["datetime", "0", "date until row 3"]
    assert rows["kwh"] == ["str", "0", "float until row 3"]
    assert rows["n"] == ["int?", "1"]
    assert rows["note"] == ["str", "0"]
    assert "secret" not in done.output


def test_the_row_is_counted_within_its_file(tmp_path):
    (tmp_path / "a.csv").write_text("kwh\n1\n2\n")
    (tmp_path / "b.csv").write_text("kwh\n3\n4.5\n")
    assert "int until row 2 of b.csv" in totem("schema", tmp_path / "a.csv", tmp_path / "b.csv").stdout


def test_its_document_is_what_the_other_commands_take(data, tmp_path):
    document = json.loads(totem("schema", data, "--json").stdout)
    assert document == {
        "columns": {"Customer_ID": "int", "at": "datetime", "kwh": "str", "n": "int?", "note": "str"},
        "csv": {"delimiter": ",", "nulls": []},
    }
    file, job = tmp_path / "schema.json", tmp_path / "job.py"
    file.write_text(json.dumps(document))
    job.write_text(JOB)
    assert totem("schema", data, "--schema", file, "--json").stdout.strip() == json.dumps(document)
    assert totem("check", job, "--schema", file).exit_code == 0


def test_a_published_datasets_metadata_are_a_schema_too(home, tmp_path):
    shown = totem("dataset", "show", "bills", "--home", home.root, "--as", "alice", "--json")
    file, job = tmp_path / "bills.json", tmp_path / "job.py"
    file.write_text(shown.stdout)
    job.write_text(JOB.replace("Customer_ID", "cid"))
    assert totem("check", job, "--schema", file).exit_code == 0


def test_a_name_that_no_job_can_write_is_answered_with_the_one_to_write(data, tmp_path):
    file = tmp_path / "schema.json"
    file.write_text('{"columns": {"Customer ID": "int"}}')
    done = totem("schema", data, "--schema", file)
    assert done.exit_code == 2
    assert "Customer_ID, not 'Customer ID'" in done.stderr
    file.write_text("[1]")
    assert '{"columns": {' in totem("schema", data, "--schema", file).stderr
