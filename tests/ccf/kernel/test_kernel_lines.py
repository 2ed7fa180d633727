"""SORT_VALUES at its edges: the kernel compares values as their JSON texts stand to each other, and writes none."""

import json
import math

import pytest

INTS = (0, 1, -1, 9, 10, 100, 19, 2, -10, -9, 2**63 - 1, -(2**63), 12345)
FLOATS = (0.0, -0.0, 1.0, 10.0, 1.5, -2.5, 0.1, 1e16, 1e22, 1e-5, 1e-300, 5e-324, math.inf, -math.inf, math.nan)
TEXTS = ("", "a", "a!", "a b", "ab", 'a"', "a\\", "\x00", "\n", "\x1f", "\x7f", "~", "é", "è", "\ud7ff", "\uffff")
TEXTS += ("😀", "😁", "A", "a/b", "é!", "éa", "a\u0300", "aé", "a\u0100", "a\U00010100", "z")
HEAD = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    SORT_VALUES = True\n    def mapper(self, _, row):\n"
REDUCER = "    def reducer(self, key, values):\n        for value in values:\n            yield key, value\n"


@pytest.mark.parametrize(
    ("value", "schema", "rows"),
    [
        ("row.a", {"a": "int"}, [(n,) for n in INTS]),
        ("row.a", {"a": "float"}, [(x,) for x in FLOATS]),
        ("row.a", {"a": "str"}, [(text,) for text in TEXTS]),
        ("row.a", {"a": "bool"}, [(True,), (False,), (True,)]),
        ("row.a", {"a": "int?"}, [(n,) for n in (*INTS, None, None)]),
        ("row.a", {"a": "float?"}, [(x,) for x in (*FLOATS, None)]),
        ("row.a", {"a": "str?"}, [(text,) for text in (*TEXTS, None)]),
        ("row.a if row.c else row.b", {"a": "int", "b": "float", "c": "bool"}, [(2, 2.0, c) for c in (True, False)]),
        ("(row.a, row.b)", {"a": "int", "b": "str"}, [(n, text) for n in INTS[:6] for text in TEXTS[:4]]),
        ("(row.a, (row.b, 1))", {"a": "str", "b": "int?"}, [(t, n) for n in (*INTS, None) for t in TEXTS[:4]]),
        ("(row.a,)", {"a": "float"}, [(x,) for x in FLOATS]),
        ("(row.b, row.a)", {"a": "int?", "b": "bool?"}, [(a, b) for a in (1, None) for b in (None, False, True)]),
        ("row.a if row.c else row.b", {"a": "int", "b": "float", "c": "bool"},
         [(n, x, c) for n in INTS for x in FLOATS for c in (True, False)]),
    ],
)  # fmt: skip
def test_values_come_in_the_order_of_their_json_texts(both, value, schema, rows):
    run = both(f"{HEAD}        yield 0, {value}\n{REDUCER}", schema, rows[::2] + rows[1::2])
    assert run.state == "completed"
    texts = [json.dumps(found) for _, found in run.result]
    assert texts == sorted(texts)
    assert len(texts) == len(rows)


def test_values_that_memory_does_not_hold(both):
    source = f"{HEAD}        for _ in range(9):\n            yield 0, row.a\n{REDUCER}"
    assert both(source, {"a": "str"}, [("x" * (1 << 20),)] * 8).error.kind == "memory"


UNIONS = """from mrjob.step import MRStep
from totem_sdk import TotemJob
class Job(TotemJob):
    SORT_VALUES = True
    def read(self, _, row):
        yield 0, row.n
        yield 0, row.x
        if row.n == 9:
            yield 0, None
        if row.on:
            yield 0, SOMETHING
    def number(self, key, values):
        place = 0
        for value in values:
            place += 1
            yield place, value
    def tell(self, place, values):
        for value in values:
            try:
                yield place, (1, value * 0.5)
            except TypeError:
                yield place, (0, 0.0 if value is None else 1.0)
    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.number), MRStep(reducer=self.tell)]
"""


@pytest.mark.parametrize("something", ["str(row.n)", "(row.n, row.t)", "((row.t, row.x), None)"])
def test_values_of_several_types_come_in_the_order_of_their_json_texts(both, something):
    rows = [(n, x, TEXTS[i], i % 3 > 0) for i, (n, x) in enumerate(zip(INTS, FLOATS, strict=False))]
    schema = {"n": "int", "x": "float", "t": "str", "on": "bool"}
    run = both(UNIONS.replace("SOMETHING", something), schema, rows * 2)
    assert run.state == "completed"
    kinds = [(is_number, value) for _, (is_number, value) in sorted(run.result)]
    assert sum(is_number for is_number, _ in kinds) == 4 * len(rows)
    # A quote comes before the sign of a number, that before a bracket, and the n of null comes last.
    first = kinds[0]
    assert first == (0, 1.0) if something.startswith("str") else first[0] and math.copysign(1.0, first[1]) < 0
    assert kinds[-1] == (0, 0.0)
