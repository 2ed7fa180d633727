"""Results of any size: gone through in pieces, handed over as a file by `totem run`, printed and written whole."""

import hashlib
import json
import tracemalloc

import pytest

from totem.cli.output import Output
from totem.cli.results import print_result, write_file
from totem.services.lines import ResultLines
from totem.services.report import Report
from totem.services.run import RunRequest, run_job
from totem.services.runner import RunnerOptions
from totem_sdk.types import INT, STR

LINES = b'[1,0.5]\n[2,NaN]\n[3,-Infinity]\n["\xc3\xbc\xe2\x80\xa8",null]\n'
MIB = 1 << 20


def test_lines_can_be_gone_through_again_and_again():
    lines = ResultLines.of(LINES)
    for _ in range(2):
        assert len(lines) == 4
        assert b"".join(lines) == LINES
        assert lines.sha256() == hashlib.sha256(LINES).hexdigest()
        assert lines.sha256(b"salt") == hashlib.sha256(b"salt" + LINES).hexdigest()
    assert [key for key, _ in lines.pairs()] == [1, 2, 3, "ü\u2028"]


def test_the_object_has_the_result_where_it_always_was():
    report = Report("completed", lines=ResultLines.of(LINES), used=7, error=None)
    text = "".join(report.json_parts())
    document = json.loads(text)
    assert list(document) == [
        "state", "program_id", "table_id", "estimate", "escrow", "used", "returned", "bill", "result", "partial",
        "result_sha256", "error", "refusals", "seconds",
    ]  # fmt: skip
    assert repr(document["result"]) == "[[1, 0.5], [2, nan], [3, -inf], ['ü\\u2028', None]]"
    assert document["result_sha256"] == hashlib.sha256(LINES).hexdigest()
    assert Report("refused").to_json()["result"] == []


@pytest.fixture
def large(tmp_path):
    """16 MiB of lines in a file that is removed while it is open."""
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        for number in range(4_096):
            file.write(b'[%d,"%s"]\n' % (number, b"x" * 4096))
    lines = ResultLines(path.open("rb"))
    path.unlink()
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("way", ["json", "table", "jsonl", "csv"])
def test_a_large_result_leaves_in_bounded_memory(large, tmp_path, monkeypatch, way):
    with (tmp_path / "printed").open("w") as printed:
        monkeypatch.setattr("sys.stdout", printed)
        tracemalloc.start()
        try:
            match way:
                case "json":
                    Output(as_json=True).document_parts(Report("completed", lines=large).json_parts())
                case "table":
                    print_result(Output(), large, partial=False)
                case _:
                    write_file(tmp_path / f"out.{way}", large, (INT, STR))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 * MIB
    size = sum((tmp_path / name).stat().st_size for name in ("printed", f"out.{way}") if (tmp_path / name).exists())
    assert size > 16 * MIB


EACH = """from totem_sdk import TotemJob


class Each(TotemJob):
    def mapper(self, _, row):
        yield row.number, row.text + row.text + row.text + row.text

    def reducer(self, number, texts):
        for text in texts:
            yield number, text + text
"""


def run(tmp_path, rows, width, **fields):
    job, data = tmp_path / "job.py", tmp_path / "data.csv"
    job.write_text(EACH)
    with data.open("w") as file:
        file.write("number,text\n")
        file.writelines(f"{number},{chr(97 + number % 26) * width}\n" for number in range(rows))
    return run_job(RunRequest(job=job, data=[str(data)], options=RunnerOptions(2), **fields))


def check(report, rows, width):
    found = dict(report.lines.pairs())
    assert len(report.lines) == len(found) == rows
    assert found[rows - 1] == chr(97 + (rows - 1) % 26) * width * 8


@pytest.mark.slow
def test_a_run_returns_a_result_of_any_size(tmp_path):
    rows, width = 40_000, 200
    report = run(tmp_path, rows, width)
    assert (report.state, report.error, report.partial) == ("completed", None, False)
    check(report, rows, width)
    target = tmp_path / "result.csv"
    write_file(target, report.lines, report.emits)
    assert target.stat().st_size > 60 * MIB
    # Almost all of it, where the totem ends shortly before.
    halted = run(tmp_path, rows, width, totem=report.used - 1, precheck=False)
    assert (halted.state, halted.partial, halted.used + halted.returned) == ("out_of_totem", True, report.used - 1)
    assert rows - 40 < len(halted.lines) < rows


@pytest.mark.slow
def test_a_small_run_hands_its_result_over_in_the_same_way(tmp_path):
    report = run(tmp_path, 30, 4)
    assert report.state == "completed"
    check(report, 30, 4)
    assert report.emits == (INT, STR)
