"""The corpus on kernels whose buffers hold next to nothing: everything is refilled, flushed, kept and moved."""

import random

import pytest

from benchmarks.compiling import SCHEMA, large_sources
from totem_ccf.kernel import compile_kernel
from totem_ccf.kernel.code import MOST_LOCAL_ROOTS
from totem_ccf.kernel.compiled import step_text
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.schema import Schema
from totem_sdk.table import load

ENOUGH = 10**15
LARGE = {"fails_memory"}  # makes 64 MiB of text: what it keeps does not fit into small kept halves


@pytest.fixture
def tiny(make_small, monkeypatch):
    make_small(monkeypatch, {"plan.KEPT_BYTES": 1 << 12})


@pytest.mark.slow
def test_small_buffers_change_nothing(tiny, corpus_job, kernel, facts_of):
    if corpus_job.name in LARGE:
        return
    program = compile_job(corpus_job.source, corpus_job.schema)
    priced = price(program, load("standard-1"))
    params = bind(program, corpus_job.params)
    interpreter = Machine(priced, params)
    small = kernel(priced, params, compiled=compile_kernel(priced), batch_rows=11, emit_rows=2)
    expected = interpreter.run_job(corpus_job.fragments, ENOUGH, precheck=False)
    assert facts_of(small.run_job(corpus_job.fragments, ENOUGH, precheck=False)) == facts_of(expected)
    chance = random.Random(corpus_job.name)  # noqa: S311  no secret: the same escrows every time
    for escrow in (chance.randrange(expected.used + 1) for _ in range(3)):
        expected = interpreter.run_job(corpus_job.fragments, escrow, precheck=False)
        assert facts_of(small.run_job(corpus_job.fragments, escrow, precheck=False)) == facts_of(expected), escrow


MANY_TEXTS = {
    "stores": """
    def mapper_init(self):
        self.kept = ""

    def mapper(self, _, row):
{assignments}
{stores}
        yield self.kept, {sum}
""",
    "calls": """
    def mapper_init(self):
        self.kept = ""

    def keep(self, text):
        self.kept = text + "."
        return self.kept

    def mapper(self, _, row):
{assignments}
{calls}
        yield self.kept, {sum}
""",
    "helper": """
    def mapper_init(self):
        self.kept = ""

    def keep(self, text, number):
{assigned}
{stores}
        return self.kept

    def mapper(self, _, row):
        yield self.keep(row.name, row.n), 1
        yield self.keep(row.name + "!", row.n), 2
""",
    "values": """
    def mapper(self, _, row):
        yield row.n % 3, row.name

    def reducer(self, number, names):
        last = ""
{lasts}
        for name in names:
{names}
        yield number, (v0, v{last})
""",
}
"""Functions with many references to texts, during which texts may move."""


def many_texts(kind, count):
    def lines(text, indent=8):
        return "\n".join(" " * indent + text.format(i=i, before=max(i - 1, 0)) for i in range(count))

    body = MANY_TEXTS[kind].format(
        assignments=lines('v{i} = row.name + "{i}"'),
        assigned=lines('v{i} = text + "{i}"'),
        stores=lines("self.kept = v{i}"),
        calls=lines("v{i} = self.keep(v{before})"),
        lasts=lines("v{i} = last"),
        names=lines("v{i} = name if v{before} < name else v{i}", 12),
        sum=" + ".join(f"len(v{i})" for i in range(0, count, max(count // 20, 5))),
        last=count - 1,
    )
    schema = Schema.of({"name": "str", "n": "int"})
    return compile_job(f"from totem_sdk import TotemJob\n\n\nclass Many(TotemJob):{body}", schema)


@pytest.mark.parametrize("count", [MOST_LOCAL_ROOTS // 2, MOST_LOCAL_ROOTS + 4])
@pytest.mark.parametrize("kind", MANY_TEXTS)
def test_many_texts_move_with_their_function(kind, count, tiny, kernel, facts_of):
    priced = price(many_texts(kind, count), load("standard-1"))
    rows = [[("ab" * (n % 7), n) for n in range(start, start + 9)] for start in (0, 9)]
    expected = Machine(priced, {}).run_job(rows, ENOUGH, precheck=False)
    assert expected.state == "completed"
    tested = kernel(priced, {}, batch_rows=4, emit_rows=3)
    for escrow in (ENOUGH, expected.used // 2):
        expected = Machine(priced, {}).run_job(rows, escrow, precheck=False)
        assert facts_of(tested.run_job(rows, escrow, precheck=False)) == facts_of(expected)


@pytest.mark.parametrize("kind", MANY_TEXTS)
def test_the_code_grows_with_the_program_only(kind):
    sizes = [len(step_text(price(many_texts(kind, count), load("standard-1")), 0)) for count in (40, 80)]
    assert sizes[1] < 2.2 * sizes[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["branches", "loops"])
def test_the_largest_programs_compile(name):
    source, _ = large_sources([name])[f"{name}, accepted"]
    assert compile_kernel(price(compile_job(source, SCHEMA), load("standard-1"))).modules


@pytest.mark.slow
@pytest.mark.parametrize("kind", MANY_TEXTS)
def test_programs_with_hundreds_of_texts_compile(kind):
    assert compile_kernel(price(many_texts(kind, 300), load("standard-1"))).modules
