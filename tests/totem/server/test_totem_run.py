"""``totem run`` and its neighbours: exit status, the one JSON object, what people read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app

EXAMPLES = Path(__file__).parents[3] / "examples"
PAPER1 = EXAMPLES / "paper1"
FIELDS = {
    "state",
    "program_id",
    "table_id",
    "estimate",
    "escrow",
    "used",
    "returned",
    "bill",
    "result",
    "partial",
    "result_sha256",
    "error",
    "refusals",
    "seconds",
}
DIVIDE = """from totem_sdk import TotemJob


class Divide(TotemJob):
    def mapper(self, _, row):
        yield row.cid, 1 // (row.cid - 2)
"""
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def totem(*words, text=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=text)


def run(*words, status):
    """Run on the interpreter with --json and return the document."""
    done = totem("run", *words, "--interpreter", "--workers", 1, "--json")
    assert done.exit_code == status, done.output
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert set(document) == FIELDS
    assert set(document["estimate"]) == {"lower", "expected", "upper"}
    assert set(document["seconds"]) == {"compile", "run", "total"}
    assert document["escrow"] == document["used"] + document["returned"]
    assert sum(row["totem"] for row in document["bill"]) == document["used"]
    for refusal in document["refusals"]:
        assert set(refusal) == {"line", "column", "code", "message", "hint"}
        assert refusal["line"] >= 1
        assert refusal["column"] >= 1
    return document


@pytest.fixture
def paper1():
    return [PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--schema", PAPER1 / "schema.json", "--table", "paper-2019"]


def test_the_published_example_costs_198(paper1):
    found = run(*paper1, "--totem", 198, status=0)
    assert (found["state"], found["used"], found["returned"], found["partial"]) == ("completed", 198, 0, False)
    assert found["estimate"] == {"lower": 198, "expected": 198, "upper": 198}
    assert sorted(found["result"]) == [[1, 100.0], [2, 400.0], [3, 200.0]]
    assert (found["error"], found["refusals"]) == (None, [])
    bill = {(row["phase"], row["opcode"], row["type"]): (row["count"], row["totem"]) for row in found["bill"]}
    assert {key: value for key, value in bill.items() if value[1]} == {
        ("map", "read", "date"): (6, 18),
        ("map", "read", "float"): (6, 48),
        ("map", "read", "int"): (6, 24),
        ("reduce", "read", "int"): (3, 12),
        ("reduce", "read", "float"): (6, 48),
        ("reduce", "add", "float"): (3, 48),
    }


@pytest.mark.slow
def test_the_published_example_says_its_types_without_a_schema(paper1):
    job, data, *_ = paper1
    assert run(job, data, "--table", "paper-2019", "--totem", 198, status=0)["used"] == 198


@pytest.mark.slow
def test_with_197_it_is_refused_and_nothing_is_used(paper1):
    found = run(*paper1, "--totem", 197, status=2)
    assert (found["state"], found["escrow"], found["result_sha256"]) == ("refused", 0, EMPTY_SHA256)
    assert "needs at least 198" in found["refusals"][0]["message"]


@pytest.mark.slow
def test_without_the_precheck_it_halts_at_the_canonical_charge(paper1):
    found = run(*paper1, "--totem", 197, "--no-precheck", status=3)
    assert (found["state"], found["escrow"], found["partial"]) == ("out_of_totem", 197, True)
    # Customers 1 and 3 are done and paid for; of customer 2 the key is read, its values (56) can't be paid any more.
    assert found["used"] == 90 + 12 + 36 + 4
    assert found["result"] == [[1, 100.0], [3, 200.0]]


@pytest.mark.slow
def test_the_audit_mode_gives_the_same(paper1):
    plain = run(*paper1, "--totem", 198, status=0)
    audited = run(*paper1, "--totem", 198, "--audit", status=0)
    for name in FIELDS - {"seconds"}:
        assert audited[name] == plain[name]


@pytest.mark.slow
def test_without_totem_and_without_anybody_to_ask_the_upper_bound_is_taken(paper1):
    assert run(*paper1, status=0)["escrow"] == 198


@pytest.mark.slow
def test_an_unbounded_price_needs_an_escrow(tmp_path):
    job = tmp_path / "job.py"
    job.write_text(
        "from totem_sdk import TotemJob\n\n\nclass Collatz(TotemJob):\n    def mapper(self, _, row):\n"
        "        left = row.size\n        rounds = 0\n        while left != 1:\n            rounds += 1\n"
        "            if left % 2 == 0:\n                left = left // 2\n            else:\n"
        "                left = 3 * left + 1\n        yield rounds, 1\n"
    )
    data = tmp_path / "sizes.csv"
    data.write_text("size\n8\n3\n")
    found = run(job, data, status=2)
    assert (found["refusals"][0]["code"], found["estimate"]["upper"]) == ("totem-needed", None)
    assert "--totem N" in found["refusals"][0]["hint"]
    assert run(job, data, "--totem", 100_000, status=0)["result"] == [[3, 1], [7, 1]]


def test_a_refused_program_reads_like_a_compiler_error(tmp_path, paper1):
    job = tmp_path / "nosy.py"
    job.write_text("import os\n\nfrom totem_sdk import TotemJob\n")
    found = run(job, PAPER1 / "bills.csv", status=2)
    assert (found["refusals"][0]["line"], found["refusals"][0]["column"]) == (1, 1)
    done = totem("run", job, PAPER1 / "bills.csv")
    assert f"{job}:1:1: error[{found['refusals'][0]['code']}]" in done.stderr
    assert "    1 | import os\n      | ^" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_an_error_of_the_program_names_its_line(tmp_path):
    job = tmp_path / "divide.py"
    job.write_text(DIVIDE)
    found = run(job, PAPER1 / "bills.csv", "--totem", 100_000, status=4)
    assert (found["state"], found["error"]) == ("failed", {"kind": "zero_division", "line": 6})
    assert found["result"] == []
    assert found["used"] > 0


@pytest.mark.slow
def test_people_read_the_line_that_failed(tmp_path):
    job = tmp_path / "divide.py"
    job.write_text(DIVIDE)
    done = totem("run", job, PAPER1 / "bills.csv", "--totem", 100_000, "--interpreter")
    assert done.exit_code == 4
    assert "zero_division in line 6" in done.stderr
    assert "yield row.cid, 1 // (row.cid - 2)" in done.stderr
    refused = totem("run", PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--totem", 1)
    assert (refused.exit_code, "needs at least" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nosuch.py", PAPER1 / "bills.csv"], "not-readable"),
        ([PAPER1, PAPER1 / "bills.csv"], "not-a-file"),
        ([PAPER1 / "total_bill.py", "nosuch.csv"], "data-missing"),
        ([PAPER1 / "total_bill.py", "nosuch/*.csv"], "data-missing"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--table", "nosuch"], "bad-table"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--schema", "nosuch.json"], "not-readable"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--param", "x"], "bad-param"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--param", "x=1"], "parameters"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--totem", "-1"], "usage"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--totem", "many"], "usage"),
        ([PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--nosuch"], "usage"),
        ([PAPER1 / "total_bill.py"], "usage"),
    ],
)
def test_bad_usage_is_one_object_too(words, code):
    found = run(*words, status=2)
    assert (found["state"], found["refusals"][0]["code"]) == ("refused", code)


@pytest.mark.slow
def test_people_read_result_and_bill_and_programs_only_the_answer(paper1):
    done = totem("run", *paper1, "--totem", 198, "--interpreter")
    assert done.exit_code == 0
    assert "estimate: at least 198, probably 198, at most 198 totem" in done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["key", "value"] in lines
    assert ["2", "400.0"] in lines
    assert ["0", "reduce", "add", "float", "3", "48"] in lines
    assert ["total", "198"] in lines
    assert "\x1b" not in done.output


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.jsonl", "out.txt", "out.csv", "out.parquet"])
def test_the_result_goes_to_a_file(paper1, tmp_path, name):
    file = tmp_path / name
    done = totem("run", *paper1, "--totem", 198, "--interpreter", "-o", file)
    assert done.exit_code == 0
    assert file.stat().st_size > 0
    if name in ("out.jsonl", "out.txt"):
        assert sorted(json.loads(line) for line in file.read_text().splitlines())[1] == [2, 400.0]
    assert "400.0" not in done.stdout


def test_a_file_that_can_not_be_written_is_refused(paper1, tmp_path):
    found = run(*paper1, "--totem", 198, "-o", tmp_path / "no" / "such.jsonl", status=2)
    assert found["refusals"][0]["code"] == "not-writable"


@pytest.mark.slow
def test_lines_of_text_for_an_ordinary_mrjob_program(tmp_path):
    text = tmp_path / "words.csv"  # whatever it is called, such a job gets lines
    text.write_text("b a b\na b\n")
    found = run(EXAMPLES / "word_count.py", text, "--totem", 100_000, status=0)
    assert sorted(found["result"]) == [["a", 2], ["b", 3]]


def test_check_says_what_a_job_reads(tmp_path):
    done = totem("check", PAPER1 / "total_bill.py", "--schema", PAPER1 / "schema.json", "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["state"], document["columns"]) == (0, "accepted", ["cid", "bill"])
    job = tmp_path / "bad.py"
    job.write_text("x = eval('1')\n")
    done = totem("check", job, "--data", PAPER1 / "bills.csv", "--json")
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (2, "refused")
    assert totem("check", PAPER1 / "total_bill.py").exit_code == 2


def test_estimate_says_the_price(paper1):
    done = totem("estimate", paper1[0], "--data", paper1[1], *paper1[2:], "--json")
    document = json.loads(done.stdout)
    assert document["estimate"] == {"lower": 198, "expected": 198, "upper": 198}
    assert [phase["lower"] for phase in document["phases"]] == [90, 108]
    assert totem("estimate", paper1[0]).exit_code == 2


def test_disassemble_gives_the_published_operator_array():
    done = totem("disassemble", EXAMPLES / "paper3.py", "--json")
    first = ["INTassign", "INTassign", "MathOperation", "FLOATassign", "INTassign", "RelationalOperation"]
    again = ["MathOperation", "MathOperation", "MathOperation", "RelationalOperation"]
    assert json.loads(done.stdout)["operators"] == first + 3 * again
    shown = totem("disassemble", EXAMPLES / "paper3.py", "--operators")
    assert shown.stdout.split() == first + 3 * again
    job = totem("disassemble", PAPER1 / "total_bill.py", "--data", PAPER1 / "bills.csv")
    assert "function 0 mapper" in job.stdout
    assert "emit" in job.stdout


def test_an_unknown_command_is_bad_usage():
    done = totem("fly")
    assert done.exit_code == 2
    assert "fly" in done.stderr
    assert json.loads(totem("dataset", "list", "--nosuch", "--json").stdout)["error"]["code"] == "usage"


def test_help_needs_no_consortium():
    for words in ([], ["run"], ["provider"], ["admin", "table"]):
        assert totem(*words, "--help").exit_code == 0
