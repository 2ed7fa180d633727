"""mrjob's own examples, as they are installed: those that the language has run with the output that mrjob gives."""

import importlib
import json
import re
from collections import Counter
from io import BytesIO
from pathlib import Path

import mrjob.examples
import pytest

from totem_sdk.cost import price
from totem_sdk.errors import Refused
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import LINES
from totem_sdk.table import load
from totem_sdk.values import canonical_json

EXAMPLES = {path.stem: path for path in sorted(Path(mrjob.examples.__file__).parent.glob("mr_*.py"))}
ACCEPTED = {"mr_count_lines_right", "mr_count_lines_wrong", "mr_wc", "mr_word_freq_count"}
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


def on_mrjob(name):
    """Return the pairs that mrjob's inline runner gives, as JSON texts."""
    module = importlib.import_module(f"mrjob.examples.{name}")
    (job_class,) = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    job = job_class(args=["--no-conf", "--runner=inline", "-"])
    job.sandbox(stdin=BytesIO(TEXT.encode()))
    with job.make_runner() as runner:
        runner.run()
        return Counter(canonical_json(list(pair)) for pair in job.parse_output(runner.cat_output()))


def total(pairs):
    return sum(json.loads(pair)[1] * number for pair, number in pairs.items())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_that_is_accepted_runs_as_on_mrjob(name):
    program = program_of(name)
    assert program is not None or name not in ACCEPTED
    if program is None:
        return
    priced = price(program, load("standard-1"))
    run = Machine(priced, {}).run_job([[(line,) for line in TEXT.splitlines()]], 1 << 50)
    assert run.state == "completed"
    found, expected = Counter(canonical_json(list(pair)) for pair in run.result), on_mrjob(name)
    if name in BY_TASK:
        assert total(found) == total(expected)
    else:
        assert found == expected


def test_the_document_says_of_every_example_whether_it_runs():
    chapter = re.search(r"^## 17\. mrjob's examples$(.*?)(?=^## |\Z)", DOCUMENT, flags=re.MULTILINE | re.DOTALL)[1]
    rows = dict(re.findall(r"^\| `(mr_[a-z_]+)` \| (.+?) \|", chapter, flags=re.MULTILINE))
    assert set(rows) == set(EXAMPLES)
    assert {name for name, how in rows.items() if how == "runs"} >= ACCEPTED
