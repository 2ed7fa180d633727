"""Early folds, texts that are kept and groups that are refilled: the same as the interpreter on any data."""

import math
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from totem_ccf.kernel import compile_kernel
from totem_ccf.mapreduce.pairs import FoldLayout
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load

ENOUGH = 10**15
LIMITS = {
    "plan.ROWS": 3,
    "roles.ROWS": 3,
    "feed.ROWS": 3,
    "roles.FOLD_ROWS": 4,
    "roles.FOLD_TEXT_BYTES": 9,
    "roles.POOL_BYTES": 2 * 592,
    "module.POOL_BYTES": 2 * 592,
    "plan.KEPT_BYTES": 200,
}
SCHEMA = Schema.of({"n": "int", "x": "float", "s": "str", "m": "int?", "on": "bool"})
HEAD = "from totem_sdk import TotemJob\n\nclass Job(TotemJob):\n"

MAPPERS = {
    "int keys": "yield row.n % 5, {value}",
    "float keys": "yield row.x, {value}",
    "text keys": "yield row.s, {value}",
    "optional keys": "yield row.m, {value}",
    "tuple keys": "yield (row.on, row.s, row.m), {value}",
    "mixed keys": "yield (row.n if row.on else row.x), {value}",
}
VALUES = {"int": "row.n", "float": "row.x", "tuple": "(row.n % 3, row.on)"}
REDUCERS = {
    "always": "yield key, {fold}(values)",
    "sometimes": "if key != 2:\n            yield key, {fold}(values)\n        yield key, 0",
}


def source(key, value, fold, reducer, combined):
    body = REDUCERS[reducer].format(fold=fold)
    if reducer == "sometimes" and value == "float":
        body = body.replace("key, 0", "key, 0.0")
    lines = [f"    def mapper(self, _, row):\n        {MAPPERS[key].format(value=VALUES[value])}"]
    if combined:
        lines.append(f"    def combiner(self, key, values):\n        yield key, {fold}(values)")
    lines.append(f"    def reducer(self, key, values):\n        {body}")
    return HEAD + "\n".join(lines)


FOLDS = [
    ("int keys", "int", "sum", "sometimes", False),
    ("int keys", "float", "sum", "sometimes", False),
    ("text keys", "float", "sum", "always", False),
    ("float keys", "int", "sum", "always", False),
    ("optional keys", "float", "min", "always", False),
    ("tuple keys", "float", "max", "always", False),
    ("mixed keys", "int", "min", "always", False),
    ("int keys", "tuple", "max", "always", False),
    ("text keys", "int", "sum", "always", True),
    ("int keys", "float", "max", "always", True),
]


@cache
def small_kernel(text):
    """Compile a job for a kernel with tiny buffers."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIMITS.items():
            patch.setattr(f"totem_ccf.kernel.{name}", value)
        priced = price(compile_job(text, SCHEMA), load("standard-1"))
        compiled = compile_kernel(priced)
        assert compiled.plans  # computed under these limits, like the code
        return priced, compiled


@pytest.fixture
def tiny(monkeypatch):
    for name, value in LIMITS.items():
        monkeypatch.setattr(f"totem_ccf.kernel.{name}", value)


INTS = st.integers(-4, 12) | st.integers(-(2**63), 2**63 - 1)
FLOATS = st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 1e300, -1e300, 5e-324, 0.1]) | st.floats(-9, 9)
TEXTS = st.sampled_from(["", "a", "b", "Größe", "a much longer text", "\x00"])
ROWS = st.lists(
    st.tuples(INTS, FLOATS, TEXTS, st.none() | st.integers(0, 2), st.booleans()).map(tuple), min_size=1, max_size=30
)
HEALTH = [HealthCheck.function_scoped_fixture]
EXAMPLES = settings(suppress_health_check=HEALTH, phases=[Phase.explicit], deadline=None)
SEARCH = settings(suppress_health_check=HEALTH, max_examples=25, deadline=None)
BOTH = [EXAMPLES, pytest.param(SEARCH, marks=pytest.mark.slow)]


EVERYTHING = [
    (n, x, text, m, on)
    for n, (x, text) in enumerate(
        zip(
            [0.0, -0.0, math.nan, 1.5, 1e300, -1e300, 5e-324, math.inf, 0.1, 2.0**46, -0.0, math.nan, 0.5, -math.inf],
            ["", "a", "b", "Größe", "a much longer text", "\x00", "a"] * 2,
            strict=True,
        )
    )
    for m, on in ((None, True), (n % 3, False))
]


def compare(kernel, facts_of, text, rows, share):
    priced, compiled = small_kernel(text)
    fragments = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    small = kernel(priced, compiled=compiled, batch_rows=5, emit_rows=2)
    expected = Machine(priced, {}).run_job(fragments, ENOUGH, precheck=False)
    assert facts_of(small.run_job(fragments, ENOUGH, precheck=False)) == facts_of(expected)
    escrow = int(expected.used * share)
    expected = Machine(priced, {}).run_job(fragments, escrow, precheck=False)
    assert facts_of(small.run_job(fragments, escrow, precheck=False)) == facts_of(expected)


@pytest.mark.parametrize("searched", BOTH, ids=["examples", "search"])
@pytest.mark.parametrize("job", FOLDS, ids=lambda job: " ".join(map(str, job)))
def test_folds(tiny, kernel, facts_of, job, searched):
    text = source(*job)
    step = small_kernel(text)[1].plans[0]
    assert isinstance(step.roles["map"].out.layout, FoldLayout), "this job is to be folded"

    @searched
    @given(ROWS, st.floats(0, 1))
    @example(EVERYTHING, 0.7)
    @example([(1, 1e300, "a", 0, True), (6, -1e300, "a", 0, True), (1, 1e-300, "a", 0, True)] * 4, 0.9)
    @example([(2**63 - 1, 2.0**46, "b", None, False)] * 9, 0.99)
    def check(rows, share):
        compare(kernel, facts_of, text, rows, share)

    check()


NOT_FOLDED = {
    "another draw": "        for value in values:\n            yield key, value\n",
    "in a loop": "        total = 0\n        for i in range(1):\n            total += i\n        for v in values:\n"
    "            total += v\n        yield key, total\n",
    "of texts": "        yield key, max(values)\n",
}


@pytest.mark.parametrize("reason", NOT_FOLDED)
def test_what_is_not_folded_is_not(reason):
    value = "row.s" if reason == "of texts" else "row.n"
    text = HEAD + f"    def mapper(self, _, row):\n        yield row.n % 5, {value}\n"
    text += "    def reducer(self, key, values):\n" + NOT_FOLDED[reason]
    priced = price(compile_job(text, SCHEMA), load("standard-1"))
    assert not isinstance(compile_kernel(priced).plans[0].map_layout, FoldLayout)


KEEPING = {
    "the best text of a group": """
    def mapper(self, _, row):
        yield row.n % 2, row.s
    def reducer(self, key, values):
        best = ""
        last = ""
        for value in values:
            if value > best:
                best = value
            last = value
        yield key, (best, last)
""",
    "the largest text": """
    def mapper(self, _, row):
        yield row.on, row.s
    def reducer(self, key, values):
        yield key, max(values)
""",
    "pieces of an earlier value": """
    def mapper(self, _, row):
        yield row.on, row.s
    def reducer(self, key, values):
        first = "".split()
        count = 0
        for value in values:
            if count == 0:
                first = value.split()
            count += 1
        word = ""
        for piece in first:
            word = piece + "|" + word
        yield key, word
""",
    "keys over many values": """
    def mapper(self, _, row):
        yield row.s, (row.n % 7, row.s)
    def reducer(self, key, values):
        count = 0
        for value in values:
            count += value[0]
            if value[1] == key:
                yield key, (count, value[1])
""",
    "texts in fields": """
    def mapper_init(self):
        self.longest = ""
        self.before = "-"
    def remember(self, text):
        old = self.longest
        if len(text) >= len(old):
            self.longest = text
        return old + "/" + self.longest
    def mapper(self, _, row):
        mine = self.before
        history = self.remember(row.s)
        self.before = row.s
        yield (mine, history), self.before
    def mapper_final(self):
        yield ("end", self.before), self.longest
""",
    "a helper that stores often": """
    def mapper_init(self):
        self.now = ""
        self.before = "-"
    def churn(self, text):
        kept = self.now
        for i in range(60):
            self.now = text + str(i)
        return kept + self.now
    def mapper(self, _, row):
        mine = self.before
        self.before = row.s
        end = self.churn(row.s)
        yield (mine, end), self.before
""",
    "fields over refills": """
    def mapper(self, _, row):
        yield row.on, row.s
    def reducer_init(self):
        self.all = ""
    def reducer(self, key, values):
        last = ""
        for value in values:
            before = self.all
            self.all = value
            if before > last:
                last = before
        yield key, (last, self.all)
    def reducer_final(self):
        yield True, ("", self.all)
""",
}


@pytest.mark.parametrize("searched", BOTH, ids=["examples", "search"])
@pytest.mark.parametrize("job", KEEPING)
def test_texts_outlive_what_they_came_in(tiny, kernel, facts_of, job, searched):
    text = HEAD + KEEPING[job]

    @searched
    @given(ROWS, st.floats(0, 1))
    @example(EVERYTHING, 0.5)
    @example([(i, 0.0, s, None, True) for i, s in enumerate(["a much longer text", "b", "", "Größe", "b", "a"] * 5)], 1)
    def check(rows, share):
        compare(kernel, facts_of, text, rows, share)

    check()
