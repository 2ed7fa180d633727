"""What a beginner writes, and what TOTEM says to write instead: one message for one mistake."""

import pytest

from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.schema import LINES, Schema

SCHEMA = Schema.of({"name": "str", "n": "int", "kwh": "float?", "day": "date", "at": "datetime"})
HEAD = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n"
MAPPER = "    def mapper(self, _, row):\n        yield row.name, row.n\n"


def refusals(source, schema=SCHEMA):
    with pytest.raises(Refused) as caught:
        compile_job(source, schema)
    return caught.value.refusals


def mapper(*statements):
    return HEAD + "    def mapper(self, _, row):\n" + "".join(f"        {line}\n" for line in statements)


def reducer(*statements):
    return HEAD + MAPPER + "    def reducer(self, key, values):\n" + "".join(f"        {s}\n" for s in statements)


@pytest.mark.parametrize(
    ("source", "line", "code", "hint"),
    [
        (reducer("yield key, sum(values) / len(values)"), 6, "values-use", "sum and count in one loop"),
        (reducer("copy = values", "yield key, 1"), 6, "values-use", "for value in values"),
        (reducer("for v in frozenset(values):", "    yield key, v"), 6, "unknown-function", "write set(...)"),
        (reducer("print(key)", "yield key, 1"), 6, "forbidden", "yield what you want to see"),
        (mapper("yield row['kwh'], 1"), 4, "row-use", "write row.kwh"),
        (mapper("yield row[0], 1"), 4, "row-use", "write row and a column: row.name"),
        (mapper("yield row.split(), 1"), 4, "row-use", ".split(...)"),
        (mapper("a = {1}", "yield row.name, a[0]"), 5, "type", "look whether it is there"),
        (mapper("a = [1]", "yield row.name, len({1} & a)"), 5, "unknown-attribute", "it has append"),
        (mapper("yield [row.n, 1], row.name"), 4, "container", "emit a tuple, which comes out as a list: (a, b)"),
        (mapper("yield row.name, {1: row.n}"), 4, "emit-type", "use str(key) as the keys"),
        (mapper("yield row.name, totl", "total = 1"), 4, "unknown-name", "did you mean total?"),
        (mapper("yield self.csot(), 1") + "    def cost(self):\n        return 1\n", 4, "unknown-function", "cost"),
        (HEAD + "    def __init__(self):\n        self.n = 1\n" + MAPPER, 3, "class-form", "mapper_init"),
        (HEAD + "    def map(self, _, row):\n        yield 1, 1\n", 2, "steps", "did you mean mapper instead of map?"),
        (HEAD + MAPPER + "    def reduce(self, k, v):\n        yield k, 1\n", 6, "yield-in-helper", "mean reducer?"),
        (HEAD + "    def mapper(_, row):\n        yield row.name, 1\n", 3, "signature", "def mapper(self, _, row)"),
        (HEAD + MAPPER + "    def reducer(key, v):\n        yield key, 1\n", 5, "signature", "(self, key, values)"),
        (HEAD + MAPPER + "    def price(kwh):\n        return kwh\n", 5, "signature", "write def price(self, kwh)"),
        (mapper("yield row.day + row.day, 1"), 4, "type", "there are date - date"),
        (mapper("yield row.at - 1, 1"), 4, "type", "date + timedelta(days=1)"),
        (mapper("yield (1, 2, 3)[row.n :], 1"), 4, "slice", "make a list of it: list(x)"),
        (mapper("yield 'x' in row.n, 1"), 4, "membership", "compare with each value"),
        ("a,b\n1,2\n03,4\n", 1, "syntax", "first, then the data"),
        ("a;b\n1;2\n", 1, "syntax", "first, then the data"),
        ('{"a": 1}\n{"a": 2}\n', 1, "syntax", "first, then the data"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_message_that_says_what_to_write(source, line, code, hint):
    (only,) = refusals(source)
    assert (only.line, only.code) == (line, code)
    assert hint in only.hint


def test_a_text_method_of_a_row_of_lines():
    (only,) = refusals(mapper("for word in row.split():", "    yield word, 1"), LINES)
    assert (only.code, only.hint) == ("row-use", "write row.line.split(...)")


def test_the_character_of_a_name_is_shown_unless_it_can_not_be_seen():
    assert "the character ö is" in refusals(mapper("größe = 1", "yield 1, 1"))[0].message
    assert "the character U+200B is" in refusals(mapper("a\u200b = 1", "yield 1, 1"))[0].message


@pytest.mark.parametrize(
    "body",
    ["yield key, sum(values)", "yield key, max(values)", "for v in values:\n            yield key, v + 1"],
)
def test_a_none_among_the_values_is_traced_to_the_yield(body):
    source = HEAD + "    def mapper(self, _, row):\n        yield row.name, 1.0\n        yield row.name, row.kwh\n"
    (only,) = refusals(f"{source}    def reducer(self, key, values):\n        {body}\n")
    assert only.code == "maybe-none"
    assert "line 5 may emit" in only.message + only.hint
    assert "yield" in only.hint


def test_a_none_is_traced_through_a_step_that_hands_it_on():
    steps = "from mrjob.step import MRStep\n" + HEAD + "    def steps(self):\n        return [MRStep(mapper=self.read),"
    steps += " MRStep(reducer=self.same), MRStep(mapper=self.more)]\n    def read(self, _, row):\n"
    steps += "        yield row.kwh, 1\n    def same(self, key, values):\n        yield 1, key\n"
    (only,) = refusals(steps + "    def more(self, key, value):\n        yield key, value + 1\n")
    assert (only.line, only.code) == (11, "maybe-none")
    assert "line 9 may emit None" in only.hint


def test_a_none_that_a_round_leaves_is_said_so():
    (only,) = refusals(mapper("n = 1.0", "for i in range(3):", "    n = n + 1.0", "    n = row.kwh", "yield n, 1"))
    assert (only.line, only.code) == (6, "maybe-none")
    assert "a round of the loop may leave None in n" in only.hint


def test_data_are_not_mistaken_where_a_program_is_only_short():
    for source in ("x = 1\n", "x = (1, 2)\n", "class Job(\n"):
        assert "data" not in refusals(source)[0].message
