"""Statistics: exact where they must be, rounded and thinned out where they are published."""

import datetime
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.storage import open_dataset
from totem_ccf.storage.counters import rounded_outwards
from totem_ccf.storage.profile import OWN, PUBLISHED, ProfileOptions, profile
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.values import key_bytes

D, T = datetime.date, datetime.datetime


@pytest.fixture
def dataset_of(tmp_path):
    def make(**columns):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=3)
        return open_dataset(tmp_path / "a.parquet")

    return make


def test_of_ones_own_data_everything_is_exact(dataset_of):
    dataset = dataset_of(
        i=pa.array([3, None, -5, 3]),
        f=pa.array([1.5, math.nan, 0.25, None]),
        s=["a", "é", "a", ""],
        b=[True, True, True, True],
        d=[D(2020, 5, 6), D(2019, 1, 31), D(2020, 5, 6), D(2020, 5, 7)],
        t=pa.array([T(2020, 1, 2, 3), None, None, None], pa.timestamp("us")),
        n=pa.array([None] * 4, pa.int64()),
    )
    statistics = profile(dataset, options=ProfileOptions(histogram_cells=4))
    assert (statistics.rows, statistics.fragments) == (4, (4,))
    none = ColumnStatistics(nulls=0, nans=False)
    assert statistics.columns == {
        "i": ColumnStatistics(1, 2, -5, 3, nans=False, mean=1 / 3, histogram=(1, 0, 0, 2)),
        "f": ColumnStatistics(1, 3, 0.25, 1.5, nans=True, mean=0.875, histogram=(1, 0, 0, 1)),
        "s": ColumnStatistics(0, 3, size=4, longest=2, nans=False),
        "b": ColumnStatistics(0, 1, True, True, nans=False),
        "d": ColumnStatistics(0, 3, D(2019, 1, 31), D(2020, 5, 7), nans=False),
        "t": ColumnStatistics(3, 1, T(2020, 1, 2, 3), T(2020, 1, 2, 3), nans=False),
        "n": ColumnStatistics(4, 0, nans=False),
    }
    assert none.distinct is None
    assert Statistics.from_json(statistics.to_json()) == statistics


def test_what_is_published_is_rounded_and_thinned_out(dataset_of):
    dataset = dataset_of(
        few=pa.array([1, 2, 3, 4] * 25),
        ints=pa.array([-1234, *range(99)]),
        floats=pa.array([None, *[0.1234] * 4, *[99.51] * 95]),
        days=pa.array([D(2020, 2, 10), *[D(2021, 2, 10)] * 99]),
        texts=pa.array(["x" * 123, *map(str, range(99))]),
    )
    columns = profile(dataset, options=PUBLISHED).columns
    assert columns["few"].distinct is None
    assert (columns["ints"].minimum, columns["ints"].maximum, columns["ints"].distinct) == (-1300, 98, 100)
    assert (columns["floats"].minimum, columns["floats"].maximum, columns["floats"].nulls) == (0.12, 100.0, None)
    assert columns["floats"].histogram == (*[0] * 19, 95)
    assert (columns["days"].minimum, columns["days"].maximum) == (D(2020, 2, 1), D(2021, 2, 28))
    assert (columns["texts"].longest, columns["texts"].size) == (130, 123 + 10 + 2 * 89)
    assert all(columns[name].minimum is None for name in ("texts",))
    # Without doubt the same data of one's own:
    own = profile(dataset, options=OWN).columns
    assert (own["few"].distinct, own["floats"].nulls, own["texts"].longest) == (4, 1, 123)


def test_hidden_columns_are_not_even_read(dataset_of):
    dataset = dataset_of(a=[1, 2], b=["x", "y"])
    assert set(profile(dataset, hidden={"b"}).columns) == {"a"}
    assert set(profile(dataset, columns={"b"}).columns) == {"b"}
    nothing = profile(dataset, hidden={"a", "b"})
    assert (nothing.rows, dict(nothing.columns)) == (2, {})


def test_above_the_limit_no_number_of_distinct_values_is_given(dataset_of):
    dataset = dataset_of(a=list(range(100)), b=[str(i % 50) for i in range(100)])
    columns = profile(dataset, options=ProfileOptions(distinct_limit=50)).columns
    assert (columns["a"].distinct, columns["b"].distinct) == (None, 50)


def test_distinct_texts_are_bounded_in_bytes(dataset_of, monkeypatch):
    monkeypatch.setattr("totem_ccf.storage.counters._DISTINCT_BYTES", 1000)
    dataset = dataset_of(a=["x" * 100 + str(i) for i in range(20)], b=list(range(20)))
    columns = profile(dataset).columns
    assert (columns["a"].distinct, columns["b"].distinct) == (None, 20)


@settings(deadline=None)
@given(values=st.lists(st.floats() | st.none(), max_size=20), merge=st.integers(0, 5))
def test_distinct_floats_are_the_groups_they_would_make(values, merge, tmp_path_factory):
    path = tmp_path_factory.mktemp("floats") / "a.parquet"
    pq.write_table(pa.table({"x": pa.array(values, pa.float64())}), path, row_group_size=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("totem_ccf.storage.counters._MERGED_ROWS", merge)
        patch.setattr("totem_ccf.storage.profile._BATCH_ROWS", 3)
        column = profile(open_dataset(path)).columns["x"]
    given_values = [value for value in values if value is not None]
    assert column.distinct == len({key_bytes(value) for value in given_values})
    assert column.nulls == len(values) - len(given_values)
    numbers = [value for value in given_values if not math.isnan(value)]
    assert column.nans == (len(numbers) < len(given_values))
    assert column.minimum == min(numbers, default=None)
    assert column.maximum == max(numbers, default=None)
    assert sum(column.histogram) in (0, len(numbers))


@given(
    value=st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.dates() | st.datetimes(),
    digits=st.integers(1, 4),
)
def test_limits_are_rounded_outwards(value, digits):
    low, high = rounded_outwards(value, digits, up=False), rounded_outwards(value, digits, up=True)
    assert low <= value <= high
    assert type(low) is type(high) is type(value)
    assert rounded_outwards(value, None, up=True) == value
    if isinstance(value, int) and abs(value) < 10**18:
        assert len(str(abs(low)).rstrip("0")) <= digits
    if isinstance(value, float) and value and math.isfinite(value):
        assert abs(high - low) <= abs(value) * 10 ** (1 - digits) * 1.0001 or not math.isfinite(high - low)


def test_limits_without_an_end_have_no_histogram(dataset_of):
    dataset = dataset_of(a=[1.0, math.inf, -math.inf], b=[1e308, -1e308, 0.0], c=[7, 7, 7])
    columns = profile(dataset).columns
    assert (columns["a"].minimum, columns["a"].maximum, columns["a"].mean) == (-math.inf, math.inf, None)
    assert [columns[name].histogram for name in "abc"] == [(), (), ()]


def test_text_files_have_the_length_of_their_lines(tmp_path):
    (tmp_path / "a.txt").write_text("ab\n\nab\nabc\n")
    column = profile(open_dataset(tmp_path / "a.txt")).columns["line"]
    assert (column.size, column.longest, column.distinct, column.nulls) == (7, 3, 3, 0)
