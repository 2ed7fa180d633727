"""Lists at their edges: the kernel does what the interpreter does, also where memory ends."""

import datetime
import math

import pytest

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load

ENOUGH = 1 << 50
MIN, MAX = -(2**63), 2**63 - 1
INTS = (0, 1, -1, 7, 2**53 + 1, MAX, MIN)
FLOATS = (0.0, -0.0, 1.0, -2.5, 0.1, 5e-324, 2.0**63, -(2.0**63), math.inf, -math.inf, math.nan)
TEXTS = ("", "a", "ab", "b", "Größe", "😀", "a\x00", "abcdefgh", "abcdefgi", "z" * 100)
DAYS = tuple(datetime.date(*day) for day in ((1, 1, 1), (1970, 1, 1), (9999, 12, 31)))


def job(*lines, base="TotemJob"):
    body = "".join(f"        {line}\n" for line in lines)
    return f"from totem_sdk import TotemJob\nclass Job({base}):\n    def mapper(self, _, row):\n{body}"


def pairs_of(values):
    return [(a, b) for a in values for b in values]


@pytest.mark.parametrize(
    ("type_", "values"), [("int", INTS), ("float", FLOATS), ("str", TEXTS), ("date", DAYS), ("bool", (False, True))]
)
def test_items_of_each_type_are_ordered_found_and_compared(both, type_, values):
    given = {"int": "each", "float": "each", "str": "each", "date": "each.isoformat()", "bool": "each"}[type_]
    source = job(
        "items = [row.a, row.b, row.a]",
        "for each in sorted(items):",
        f"    yield 1, {given}",
        "items.sort(reverse=True)",
        "for each in items:",
        f"    yield 2, {given}",
        "for each in [min(items), max(items)]:",
        f"    yield 3, {given}",
    )
    run = both(source, {"a": type_, "b": type_}, pairs_of(values))
    assert run.state == "completed"
    source = job(
        "items = [row.a, row.a]",
        "same = [row.b, row.b]",
        "yield int(row.b in items) + 2 * items.count(row.b) + 8 * int(items == same) + 16 * int(items != same), 0",
    )
    assert both(source, {"a": type_, "b": type_}, pairs_of(values)).state == "completed"


def test_numbers_that_are_int_or_float_by_the_data(both):
    source = job(
        "items = [1 if row.b < 0 else 0.5]",
        "items.clear()",
        "items.append(row.a)",
        "items.append(row.b)",
        "for each in sorted(items) + sorted(items, reverse=True) + [min(items), max(items)]:",
        "    yield 1, each",
        "yield 2, sum(items) if row.a * 0.5 < 1e9 and row.a > -9 else 0",
        "yield 3, items.count(row.a) + items.count(row.b)",
    )
    rows = [(a, b) for a in INTS for b in FLOATS]
    assert both(source, {"a": "int", "b": "float"}, rows).state == "completed"


def test_tuples_and_none(both):
    source = job(
        "items = [(row.b, row.a), (row.b, row.a), (0.5, 'b')]",
        "for x, t in sorted(items) + [min(items), max(items)]:",
        "    yield t, x",
        "some = [(row.c, row.a), (None, 'a')]",
        "yield 'found', some.count((row.c, 'a')) + 0.5 * int((None, row.a) in some)",
        "some[0] = some[1]",
        "some.insert(1, (3, ''))",
        "yield 'same', 1.0 * int(some == some[::-1])",
        "n, t = some.pop(0)",
        "yield t, 0.0 if n is None else n * 1.0",
    )
    rows = [(a, b, c) for a in TEXTS for b in FLOATS for c in (None, 0, 3)]
    assert both(source, {"a": "str", "b": "float", "c": "int?"}, rows).state == "completed"


def test_slices_have_pythons_bounds(both):
    source = job(
        "items = ['a', 'bc', row.t]",
        "for each in [items[row.a:row.b:row.c], items[row.a:], items[:row.b], items[::row.c], items[row.a::row.c]]:",
        "    for text in each:",
        "        yield len(each), text",
        "    yield 0, sorted(each + ['z'])[0]",
    )
    bounds = (0, 1, 2, 3, 9, -1, -3, -4, MAX, MIN)
    rows = [("t" * 9, a, b, c) for a in bounds for b in bounds for c in (1, 2, -1, -2, MAX, MIN)]
    schema = {"t": "str", "a": "int", "b": "int", "c": "int"}
    assert both(source, schema, rows).state == "completed"
    failed = both(source, schema, [("", 0, 1, 0)])
    assert (failed.error.kind, failed.error.line) == ("value", 5)


@pytest.mark.parametrize("where", [0, 1, 2, 3, -1, -3, -4, MAX, MIN])
def test_places(both, where):
    head = "items = ['a', row.t, 'c']"
    schema, rows = {"t": "str", "n": "int"}, [("x" * 50, where)]
    for line in ("t = items[row.n]", "items[row.n] = 'new'", "t = items.pop(row.n)", "del items[row.n]"):
        run = both(job(head, line, "yield len(items), sorted(items)[0]"), schema, rows)
        assert run.state == ("completed" if -3 <= where < 3 else "failed")
    run = both(job(head, "items.insert(row.n, 'new')", "yield 1, items[1]"), schema, rows)
    assert run.state == "completed"


NEARLY = 8_385_000
"""So many words leave 28,864 of the 64 MiB."""


@pytest.mark.parametrize(
    "lines",
    [
        ("items = [0]", "while len(items) < row.n:", "    items.extend(items)"),
        ("items = [row.t]", "while len(items) < row.n:", "    items = items + items"),
        (f"items = [[0]] * {NEARLY}", "while len(items) < row.n:", "    items.append([])"),
        ("items = [row.t]", "while len(items) < row.n:", "    items.append(row.t)"),
        (f"items = [1] * {NEARLY}", "while len(items) < row.n:", "    items.append(1)"),
        (f"items = [1] * {NEARLY}", "while len(items) < row.n:", "    items.insert(-1, 5)"),
        ("items = [None] * (row.n * 9)", "yield 1, 1"),
        ("items = ['a']", "while len(items) < row.n:", "    items[0] = row.t"),
        (f"items = [1] * {NEARLY}", "while len(items) < row.n:", "    items = sorted(items)"),
        ("items = [1] * 3_000_000", "while len(items) < row.n:", "    items = items[1:]"),
        ("items = row.t.split('x')", "while len(items) < row.n:", "    items = items * 2", "    items[0] = row.t"),
    ],
)
def test_memory_ends_where_the_machine_says(both, lines):
    source = job(*lines, "yield 1, len(items)")
    run = both(source, {"t": "str", "n": "int"}, [("x" * 100_000, 1_000_000_000)])
    assert (run.state, run.error.kind) == ("failed", "memory")


def test_a_list_outlives_the_values_that_its_texts_came_with(kernel, facts_of):
    source = (
        "from totem_sdk import TotemJob\nclass Job(TotemJob):\n"
        "    def mapper(self, _, row):\n        yield 1, row.t\n"
        "    def reducer(self, key, values):\n"
        "        kept = []\n"
        "        for value in values:\n"
        "            words = value.split()\n"
        "            words.append(value)\n"
        "            kept.append(words)\n"
        "        for words in kept:\n"
        "            yield words[0], words[-1]\n"
    )
    rows = [(f"text {number} é" * (number % 5 + 1),) for number in range(200)]
    priced = price(compile_job(source, Schema.of({"t": "str"})), load("standard-1"))
    expected = Machine(priced, {}).run_job([rows], ENOUGH)
    for batch_rows in (3, 1000):
        tested = kernel(priced, {}, compiled=compile_kernel(priced), batch_rows=batch_rows)
        assert facts_of(tested.run_job([rows], ENOUGH)) == facts_of(expected)


def test_an_item_is_removed_by_its_value(both):
    source = job(
        "items = [row.a, 'b', row.a, '']",
        "items.remove(row.b)",
        "yield items[0] + items[1] + items[2], len(items)",
    )
    rows = [(a, b) for a in TEXTS for b in ("", "b")]
    assert both(source, {"a": "str", "b": "str"}, rows).state == "completed"
    failed = both(source, {"a": "str", "b": "str"}, [("x", "y")])
    assert (failed.error.kind, failed.error.line) == ("value", 5)
