"""What is expected comes near what a job costs, where statistics say how its data are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_sdk.cost import price
from totem_sdk.errors import InvalidDocument
from totem_sdk.estimate import estimate
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.scale import CELLS, cell_limits, cell_of
from totem_sdk.schema import Schema
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.table import load

SCHEMA = Schema.of({"n": "int", "k": "int", "s": "str", "m": "int?"})
PLENTY = 1 << 50
SUM = "    def reducer(self, key, values):\n        yield key, sum(values)\n"


def rows(number: int = 600):
    """Rows of which n is mostly small and seldom large, k has 40 values, s one to four of twelve words."""
    for row in range(number):
        n = 5_000 if row % 150 == 149 else row % 4
        words = [f"word{(row + place) * 7 % 12:02}" for place in range(1 + row % 4)]
        yield n, row // 4 % 40, " ".join(words), None if row % 200 == 0 else row


def statistics(given_rows, *, few_nulls: bool = False) -> Statistics:
    n, k, s, m = zip(*given_rows, strict=True)

    def scale(values):
        cells = [cell_of(value) for value in values]
        return tuple((cell, cells.count(cell)) for cell in sorted(set(cells)))

    missing = m.count(None)
    return Statistics(
        len(n),
        (len(n),),
        {
            "n": ColumnStatistics(0, len(set(n)), min(n), max(n), mean=sum(n) / len(n), scale=scale(n)),
            "k": ColumnStatistics(0, len(set(k)), min(k), max(k), mean=sum(k) / len(k), scale=scale(k)),
            "s": ColumnStatistics(
                0,
                len(set(s)),
                size=sum(map(len, s)),
                longest=max(map(len, s)),
                words=sum(len(text.split()) for text in s) / len(s),
                vocabulary=len({word for text in s for word in text.split()}),
            ),
            "m": ColumnStatistics(None if few_nulls else missing, len(n) - missing, 0, len(n)),
        },
    )


def error_of(body: str, **options) -> float:
    """Return |expected − actual| / actual."""
    given_rows = list(rows())
    priced = price(
        compile_job(f"from totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}", SCHEMA), load("standard-1")
    )
    run = Machine(priced, {}).run_job([given_rows], PLENTY)
    found = estimate(priced, [statistics(given_rows, **options)], {})
    assert run.state == "completed"
    assert found.lower <= run.used
    assert found.upper is None or run.used <= found.upper
    return abs(found.expected - run.used) / run.used


def mapper(*lines: str) -> str:
    return "    def mapper(self, _, row):\n" + "".join(f"        {line}\n" for line in lines)


@pytest.mark.parametrize(
    "body",
    [
        mapper("if row.n > 3:", "    yield row.k, 1") + SUM,
        mapper("if row.n <= 1:", "    yield row.k, 1") + SUM,
        mapper("if row.n == 2:", "    yield row.k, 1") + SUM,
        mapper("if 2 != row.n:", "    yield row.k, 1") + SUM,
        mapper("if row.n in (0, 2):", "    yield row.k, 1") + SUM,
        mapper("if row.n > 0 and row.k < 10:", "    yield row.k, 1") + SUM,
        mapper("if not (row.n > 0 or row.k < 10):", "    yield row.k, 1") + SUM,
        mapper("if row.k < 10:", "    yield row.k, 1") + SUM,
        mapper("if not row.k >= 10:", "    yield (row.k, 1), 1") + SUM,
        mapper("if row.k >= 10:", "    pass", "else:", "    yield row.k, 1") + SUM,
        mapper("if row.k >= 10:", "    return", "yield row.k, 1") + SUM,
        mapper("if row.k % 4 == 1:", "    yield row.k, 1") + SUM,
        mapper("if row.n:", "    yield row.k, 1") + SUM,
        mapper("for word in row.s.split():", "    yield word, 1") + SUM,
        mapper("for word in row.s.upper().split():", "    yield (word, row.k % 2), 1") + SUM,
        mapper("for i in range(row.n):", "    yield i % 2, 1") + SUM,
        mapper("for i in range(2, row.k):", "    yield i % 2, 1") + SUM,
    ],
)
def test_what_is_expected_is_within_a_tenth(body):
    assert error_of(body) <= 0.1


KEEPING = """
    def mapper_init(self):
        self.centres = [[0.0, 0.0], [5.0, 1.0], [2.0, 60.0]]
        self.counts = [0] * len(self.centres)

    def mapper(self, _, row):
        point = [1.0 * row.n, 1.0 * row.k]
        far = [sum((a - b) ** 2 for a, b in zip(point, centre)) for centre in self.centres]
        self.counts[far.index(min(far))] += 1

    def mapper_final(self):
        for i, number in enumerate(self.counts):
            yield i, number
"""


@pytest.mark.parametrize(
    "body",
    [
        KEEPING + SUM,
        mapper("yield row.k, sum([i * i for i in range(row.k)])") + SUM,
        mapper("words = row.s.split()", "words.append('x')", "yield row.k, len(sorted(words) + ['y'])") + SUM,
        mapper("found = [1, 2, 3]", "found.extend([4] * 5)", "found.pop()", "yield row.k, sum(found)") + SUM,
        mapper("for x in [row.n, 1, 2]:", "    yield x % 2, 1") + SUM,
    ],
)
def test_lists_are_expected_to_be_as_long_as_the_program_makes_them(body):
    assert error_of(body) <= 0.1


def test_a_number_of_nulls_that_is_too_small_to_be_told_is_small():
    assert error_of(mapper("if row.m is not None:", "    yield row.k, row.m") + SUM, few_nulls=True) <= 0.05


@given(st.floats(allow_nan=False) | st.integers(-(2**63), 2**63).map(float))
def test_a_number_lies_in_its_cell(number):
    cell = cell_of(number)
    low, high = cell_limits(cell)
    assert low <= high
    if cell == 0:
        assert number == 0
    elif abs(cell) == 1:
        assert abs(number) < max(abs(low), abs(high))
    elif abs(cell) == CELLS:
        assert abs(number) >= min(abs(low), abs(high))
    elif cell > 0:
        assert low <= number < high
    else:
        assert low < number <= high


def test_cells_follow_one_another():
    for cell in range(1, CELLS):
        assert cell_limits(cell)[1] == cell_limits(cell + 1)[0]
        assert cell_limits(-cell) == tuple(-limit for limit in reversed(cell_limits(cell)))
    assert [cell_of(number) for number in (1.0, 2.0, 3.0, 4.0, 5.0)] == [41, 43, 44, 45, 45]
    assert (cell_of(math.inf), cell_of(-math.inf)) == (CELLS, -CELLS)


def test_statistics_with_scales_and_words_are_read_back():
    found = statistics(list(rows(20)))
    assert Statistics.from_json(found.to_json()) == found
    document = found.to_json()
    document["columns"]["n"]["scale"] = [[CELLS + 1, 5]]
    with pytest.raises(InvalidDocument, match="cell"):
        Statistics.from_json(document)
