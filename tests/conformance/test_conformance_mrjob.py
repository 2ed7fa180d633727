"""mrjob's own examples, as they are installed: those that the language has run with the output that mrjob gives."""

import importlib.util
import json
import re
import sys
from collections import Counter
from pathlib import Path

import mrjob.examples
import pytest
from corpus import PROGRAMS
from corpus import load as load_program
from mrjob.util import to_lines

from totem_sdk.cost import price
from totem_sdk.errors import Refused
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job, files_of
from totem_sdk.parameters import bind
from totem_sdk.schema import LINES
from totem_sdk.table import load

EXAMPLES = {path.stem: path for path in sorted(Path(mrjob.examples.__file__).parent.glob("mr_*.py"))}
ACCEPTED = {
    "mr_count_lines_by_file",
    "mr_count_lines_right",
    "mr_count_lines_wrong",
    "mr_most_used_word",
    "mr_next_word_stats",
    "mr_nick_nack",
    "mr_wc",
    "mr_word_freq_count",
}
"""Those that must be accepted; others may be, and then have to run alike."""

BY_TASK = {"mr_count_lines_wrong"}
"""Those whose result says how mrjob has split its input: only the sum of what they yield is the same."""

TEXT = (
    "the quick brown fox doesn't jump\n\nover the lazy dog;\tthe dog's 2nd  nap\n"
    "Stu and Fun: unusual   butter,  you'd  say\nnaïve café — the end\n"
)
DOCUMENT = (Path(__file__).parents[2] / "docs" / "language.md").read_text()


def program_of(name):
    try:
        return compile_job(EXAMPLES[name].read_text(), LINES, filename=f"{name}.py")
    except Refused:
        return None


def job_of(name, file):
    """Return an instance of an example's class that reads a file."""
    module = importlib.import_module(f"mrjob.examples.{name}")
    (job_class,) = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return job_class(args=["--no-conf", "--runner=inline", str(file)])


def on_mrjob(job):
    """Return the lines that mrjob's inline runner prints."""
    job.sandbox()
    with job.make_runner() as runner:
        runner.run()
        return Counter(to_lines(runner.cat_output()))


def total(lines):
    return sum(json.loads(line.split(b"\t")[1]) * number for line, number in lines.items())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_that_is_accepted_runs_as_on_mrjob(name, tmp_path):
    program = program_of(name)
    assert program is not None or name not in ACCEPTED
    if program is None:
        return
    priced = price(program, load("standard-1"))
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    of_row = {"line": str, "file": lambda _: f"file://{file}"}
    columns = [of_row[column.name] for column in program.schema.columns]
    rows = [tuple(value(line) for value in columns) for line in TEXT.splitlines()]
    files = files_of(EXAMPLES[name].read_text())
    texts = {param: (EXAMPLES[name].parent / path).read_text() for param, path in files.items()}
    run = Machine(priced, bind(program, texts)).run_job([rows], 1 << 50)
    assert run.state == "completed"
    job = job_of(name, file)
    # As the job's output protocol writes what was found.
    found, expected = Counter(job.output_protocol().write(*pair) + b"\n" for pair in run.result), on_mrjob(job)
    if name in BY_TASK:
        assert total(found) == total(expected)
    else:
        assert found == expected


def test_objects_of_json_lines_give_what_they_give_on_mrjob(tmp_path, monkeypatch):
    corpus_job = load_program(PROGRAMS / "json_objects.py")
    names = [column.name for column in corpus_job.schema.columns]
    rows = [row for fragment in corpus_job.fragments for row in fragment]
    objects = [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in objects))
    specification = importlib.util.spec_from_file_location("json_objects", corpus_job.path)
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "json_objects", module)  # where mrjob looks for the job's file
    specification.loader.exec_module(module)
    job = module.JsonObjects(args=["--no-conf", "--runner=inline", str(tmp_path / "rows.jsonl")])
    assert corpus_job.whole.state == "completed"
    pairs = corpus_job.whole.result
    assert Counter(job.output_protocol().write(*pair) + b"\n" for pair in pairs) == on_mrjob(job)


def test_the_document_says_of_every_example_whether_it_runs():
    chapter = re.search(r"^## 17\. mrjob's examples$(.*?)(?=^## |\Z)", DOCUMENT, flags=re.MULTILINE | re.DOTALL)[1]
    rows = dict(re.findall(r"^\| `(mr_[a-z_]+)` \| (.+?) \|", chapter, flags=re.MULTILINE))
    assert set(rows) == set(EXAMPLES)
    assert {name for name, how in rows.items() if how == "runs"} >= ACCEPTED
