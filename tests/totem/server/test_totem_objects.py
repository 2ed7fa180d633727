"""JSON lines through the commands: what is shown of them, a run with the same bill as of CSV, a published dataset."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.consumer import Consumer, Submission
from totem.services.errors import ProgramRefused
from totem.services.publish import prepare, publish

PAPER1 = Path(__file__).parents[3] / "examples" / "paper1"


def totem(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def objects(tmp_path):
    """The bills of the example, a column out of order and a list beside them."""
    path = tmp_path / "bills.jsonl"
    with (PAPER1 / "bills.csv").open(newline="") as file, path.open("w") as lines:
        for row in csv.DictReader(file):
            lines.write(json.dumps({"tags": [1, "x"], "bill": float(row["bill"]), **_rest(row)}) + "\n")
    return path


def _rest(row):
    return {name: int(text) if name == "cid" else text for name, text in row.items() if name != "bill"}


def test_people_see_names_types_and_what_is_left_out(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_text('{"Customer ID":1,"kwh":null,"at":{"secret":1}}\n{"Customer ID":2,"kwh":0.5}\n')
    done = totem("schema", path)
    assert done.exit_code == 0, done.output
    assert "'Customer ID' in the file" in done.stdout
    assert "column at is left out: lists and objects are not rows (first in row 1 of a.ndjson)" in done.output
    assert "secret" not in done.output
    document = json.loads(totem("schema", path, "--json").stdout)
    assert document == {"columns": {"Customer_ID": "int", "kwh": "float?"}}


@pytest.mark.slow
def test_a_run_costs_what_it_costs_on_the_same_rows_as_csv(objects):
    def run(data):
        words = ("--schema", PAPER1 / "schema.json", "--table", "paper-2019", "--totem", 198)
        done = totem("run", PAPER1 / "total_bill.py", data, *words, "--interpreter", "--workers", 1, "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        return {name: found[name] for name in ("state", "estimate", "used", "bill", "result", "result_sha256")}

    assert run(objects) == run(PAPER1 / "bills.csv")


def test_a_bad_line_is_told_by_its_row_and_never_shown(objects):
    objects.write_text(objects.read_text() + '{"cid":"s3cr3t"\n')
    done = totem("run", PAPER1 / "total_bill.py", objects, "--schema", PAPER1 / "schema.json")
    assert done.exit_code == 5
    assert "row 7: the line is no JSON object [format]" in done.output
    assert "s3cr3t" not in done.output
    assert totem("run", objects, objects).exit_code == 2


def test_a_hidden_column_can_not_be_used(fresh, job_source, tmp_path):
    file = tmp_path / "secret.jsonl"
    file.write_text('{"cid":1,"bill":71234.5}\n{"cid":2,"bill":81234.5}\n')
    publication = prepare("secret", [file], policy={"approval": "auto", "hidden_columns": ["bill"]})
    assert "bill" not in publication.metadata()["statistics"]["columns"]
    publish(fresh.session("north"), fresh.store("north"), publication)
    consumer = Consumer(fresh.session("alice"))
    consumer.request_access("secret", "tests")
    with pytest.raises(ProgramRefused) as caught:
        consumer.submit(Submission(source=job_source, filename="job.py", datasets=("secret",), totem=10_000))
    assert caught.value.refusals[0].code == "hidden-column"
