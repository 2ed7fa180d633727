"""Which programs can be cut for several providers: the corpus under ``uncut/``, the examples, the corpus of jobs.

In ``uncut/`` the expected codes stand beside the line: ``# uncut: code@column …``.
"""

import json
import re
from pathlib import Path

import pytest

from totem_sdk import cut
from totem_sdk.errors import InternalError
from totem_sdk.folds import FOLDS, Fold
from totem_sdk.lang import compile_job
from totem_sdk.program import blocks_of
from totem_sdk.schema import LINES, Schema
from totem_sdk.type_texts import parse_type
from totem_sdk.types import FLOAT, INT

ROOT = Path(__file__).parents[2]
CORPUS = sorted((Path(__file__).parent / "uncut").glob("*.py"))
SCHEMA = Schema.of({"name": "str", "n": "int", "x": "float", "on": "bool"})
HOMES = Schema.of({"home": "str", "at": "datetime", "kwh": "float", "solar_kwh": "float"})
MINUTES = Schema.of({"at": "datetime", "active_kw": "float?", "voltage": "float?"})
RETAIL = Schema.of(
    {"invoice": "str", "stock": "str", "quantity": "int", "at": "datetime", "price": "float"}
    | {"customer": "int?", "country": "str"}
)
EXAMPLES = {
    "peak_hour": (HOMES, Fold("sum", FLOAT)),
    "community_peak": (HOMES, Fold("sum", FLOAT)),
    "peak_hour_minutes": (MINUTES, Fold("sum", FLOAT)),
    "monthly_bill": (MINUTES, Fold("sum", FLOAT)),
    "missing_share": (MINUTES, Fold("sum", INT)),
    "outlier_count": (MINUTES, Fold("sum", INT)),
    "price_bands": (RETAIL, Fold("sum", INT)),
    "best_seller": (RETAIL, Fold("sum", INT)),
    "word_count": (LINES, Fold("sum", INT)),
}
UNCUT_EXAMPLES = {"solar_share": HOMES, "standby_load": MINUTES, "voltage_extremes": MINUTES, "customer_spend": RETAIL}


def compiled(path):
    source = path.read_text()
    return compile_job(source, LINES if "mrjob.job" in source else SCHEMA)


def example(name, schema):
    return compile_job((ROOT / "examples" / f"{name}.py").read_text(), schema)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_can_not_be_cut_is_refused_where_and_why_it_says(path):
    program = compiled(path)
    expected = [
        (number, int(column), code)
        for number, line in enumerate(path.read_text().split("\n"), start=1)
        for code, column in re.findall(r"([a-z-]+)@([0-9]+)", (line.partition("# uncut: ")[2]))
    ]
    found = cut.refusals(program)
    assert expected
    assert [(refusal.line, refusal.column, refusal.code) for refusal in found] == sorted(expected)
    assert all(refusal.message and "or run the job at one provider" in refusal.hint for refusal in found)
    with pytest.raises(InternalError):
        cut.partial_of(program)


def test_the_corpus_shows_every_code_and_the_documentation_names_it():
    assert {refusal.code for path in CORPUS for refusal in cut.refusals(compiled(path))} == set(cut.CODES)
    text = (ROOT / "docs" / "language.md").read_text()
    assert all(f"| `{code}` | {meaning} |" in text for code, meaning in cut.CODES.items())


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_that_can_be_cut(name):
    schema, fold = EXAMPLES[name]
    program = example(name, schema)
    assert cut.refusals(program) == []
    assert cut.partial_of(program).fold == fold
    key, value = program.steps[0].shuffled
    assert cut.partial_of(program) == cut.Partial(key, value, fold)


@pytest.mark.parametrize("name", UNCUT_EXAMPLES)
def test_examples_that_can_not_be_cut(name):
    assert [refusal.code for refusal in cut.refusals(example(name, UNCUT_EXAMPLES[name]))] == ["rows-would-move"]


def test_every_example_is_either():
    files = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert files - {"paper3"} == EXAMPLES.keys() | UNCUT_EXAMPLES.keys()  # paper3 is a snippet, no job


def test_parts_have_the_phases_of_the_whole_program():
    program = example("best_seller", RETAIL)
    assert [*cut.phases_of(program, "data"), *cut.phases_of(program, "combine")] == [0, 1, 2, 3]
    assert cut.phases_of(program, "whole") == range(4)
    assert cut.phases_of(program, "data") == range(1)


def test_the_advice_to_add_a_combiner_helps():
    source = (Path(__file__).parent / "uncut" / "latest_text.py").read_text()
    assert cut.refusals(compile_job(source, SCHEMA))
    combined = source + "\n    def combiner(self, number, names):\n        yield number, max(names)\n"
    program = compile_job(combined, SCHEMA)
    assert cut.refusals(program) == []
    assert cut.partial_of(program) == cut.Partial(parse_type("int"), parse_type("str"), None)


@pytest.mark.slow
def test_what_is_cut_never_draws_single_values_first():
    """The rule itself, said another way, over every job that there is."""
    jobs = sorted((ROOT / "tests" / "conformance" / "programs").glob("*.py"))
    cuttable = 0
    for path in jobs:
        source = path.read_text()
        header = re.search(r"^# schema: (.*)$", source, flags=re.MULTILINE)
        schema = LINES if header is None else Schema.of(json.loads(header[1]))
        program = compile_job(source, schema)
        step = program.steps[0]
        first = step.reducer if step.combiner is None else step.combiner
        codes = set()
        if first is not None:
            codes = {op.code for block in blocks_of(program.functions[first].body) for op in block.ops}
        if cut.refusals(program):
            assert first is None or step.combiner is None or "read_value" in codes
        else:
            cuttable += 1
            assert "read_value" not in codes
            assert step.combiner is not None or codes & FOLDS.keys()
    assert 5 <= cuttable < len(jobs)
