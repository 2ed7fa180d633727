"""Statistics: exact where they must be, rounded and thinned out where they are published."""

import datetime
import math
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from totem_ccf.storage import open_dataset
from totem_ccf.storage.profile import OWN, PUBLISHED, ProfileOptions, profile
from totem_ccf.storage.rounding import rounded_limits, rounded_up
from totem_sdk.scale import cell_of
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
        "i": ColumnStatistics(1, 2, -5, 3, nans=False, mean=1 / 3, histogram=(1, 0, 0, 2), scale=((-45, 1), (44, 2))),
        "f": ColumnStatistics(1, 3, 0.25, 1.5, nans=True, mean=0.875, histogram=(1, 0, 0, 1), scale=((37, 1), (42, 1))),
        "s": ColumnStatistics(0, 3, size=4, longest=2, nans=False, words=0.75, vocabulary=2),
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
        bools=pa.array([True] * 100),
        texts=pa.array(["x" * 123, *map(str, range(99))]),
    )
    columns = profile(dataset, options=PUBLISHED).columns
    assert columns["few"].distinct is None
    assert (columns["ints"].minimum, columns["ints"].maximum, columns["ints"].distinct) == (-1300, 100, 100)
    assert (columns["floats"].minimum, columns["floats"].maximum, columns["floats"].nulls) == (0.0, 100.0, None)
    assert columns["floats"].histogram == (*[0] * 19, 95)
    assert columns["bools"] == ColumnStatistics(0, None, nans=False)
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


@pytest.mark.slow
@settings(deadline=None)
@example(values=[1.7e308] * 12, merge=0)
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


LIMITS = [
    st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200),
    st.floats(allow_nan=False)
    | st.sampled_from([0.0, -0.0, 0.1, 5.5, 7.0, 99.0, 100.0, 5e-324, 1.7976931348623157e308]),
    st.dates() | st.sampled_from([D(1, 1, 1), D(2020, 1, 1), D(2020, 2, 29), D(9999, 12, 31)]),
    st.datetimes() | st.sampled_from([T(1, 1, 1), T(2020, 1, 1), T(2020, 12, 31, 23, 59, 59, 999999), T.max]),
]


@given(ends=st.one_of(st.tuples(kind, kind) for kind in LIMITS), digits=st.integers(1, 4))
def test_limits_are_rounded_strictly_outwards(ends, digits):
    least, most = sorted(ends)
    low, high = rounded_limits(least, most, digits)
    for told, exact in ((low, least), (high, most)):
        assert told is None or type(told) is type(exact)
        assert not isinstance(told, float) or math.isfinite(told)
        assert type(told) is not int or -(2**63) <= told < 2**63
    assert low is None or low < least
    assert high is None or high > most
    if isinstance(least, int) and -(10**18) < least <= most < 10**18:
        # Ten numbers at least would have given the same, and no more is added than a digit's worth.
        step = max(10, 10 ** (len(str(max(abs(least), abs(most)))) - digits))
        assert step >= 10
        assert (low % step, high % step) == (0, 0)
        assert (least - low <= step, high - most <= step) == (True, True)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ((1, 7), (0, 10)),
        ((10, 98), (0, 100)),
        ((0, 100), (-10, 110)),
        ((0.0, 5.678), (-0.1, 5.7)),
        ((0.25, 5.5), (0.2, 5.6)),
        ((0.5, 5.5), (0.0, 6.0)),
        ((3.0, 80.0), (0.0, 90.0)),
        ((0.0, 0.0), (-10.0, 10.0)),
        ((-math.inf, 3.5), (None, 4.0)),
        ((False, True), (None, None)),
        ((D(2020, 3, 1), D(2020, 4, 30)), (D(2020, 2, 1), D(2020, 5, 31))),
        ((T(2020, 3, 1), T(2020, 4, 30)), (T(2020, 2, 1), T(2020, 4, 30, 23, 59, 59, 999999))),
        ((D(1, 1, 1), D(9999, 12, 31)), (None, None)),
        ((-(2**63), 2**63 - 1), (None, None)),
    ],
)
def test_what_is_told_of_limits(ends, told):
    assert rounded_limits(*ends, 2) == told


@given(length=st.integers(0, 1 << 40))
def test_the_longest_text_is_not_told_either(length):
    assert length < rounded_up(length, 2) <= max(length + 10, length * 1.1 + 1)


COLUMNS = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1) | st.integers(0, 99),
    pa.float64(): st.floats() | st.sampled_from([0.5, 1.0, 7.0]),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.string(): st.text(st.characters(codec="utf-8"), max_size=5),
}


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(COLUMNS, key=str)))
def test_no_cell_is_published(data, kind, tmp_path_factory):
    cells = data.draw(st.lists(COLUMNS[kind] | st.none(), max_size=12))
    path = tmp_path_factory.mktemp("cells") / "a.parquet"
    pq.write_table(pa.table({"x": pa.array(cells, kind)}), path)
    told = profile(open_dataset(path), options=PUBLISHED).columns["x"]
    values = [cell for cell in cells if cell is not None and not (isinstance(cell, float) and math.isnan(cell))]
    if kind == pa.string():
        sizes = [len(value.encode()) for value in values]
        assert told.minimum is told.maximum is told.mean is None
        assert told.longest is None or told.longest > max(sizes, default=-1)
        assert (told.size is None) == (0 < len(values) < 5)
    elif values:
        assert told.minimum is None or told.minimum < min(values)
        assert told.maximum is None or told.maximum > max(values)
    if 0 < len(values) < 5:
        assert told.minimum is told.maximum is told.mean is told.longest is None
        assert told.histogram == told.scale == ()
        assert told.words is told.vocabulary is None
    assert all(count >= 5 for _, count in told.scale)
    assert told.vocabulary not in (1, 2, 3, 4)
    if 0 < sum(cell is not None for cell in cells) < 5:
        assert (told.distinct, told.size, told.nulls) in ((None, None, None), (None, None, 0))


@settings(deadline=None)
@given(
    numbers=st.lists(st.floats(allow_nan=False) | st.integers(-9, 9).map(float)),
    texts=st.lists(st.text(st.sampled_from("ab \t\u2003"), max_size=9)),
)
def test_scales_and_words_are_those_of_python(numbers, texts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scales")
    pq.write_table(pa.table({"x": pa.array(numbers, pa.float64())}), folder / "a.parquet")
    pq.write_table(pa.table({"s": pa.array(texts, pa.string())}), folder / "b.parquet")
    told = profile(open_dataset(folder / "a.parquet")).columns["x"]
    assert dict(told.scale) == Counter(map(cell_of, numbers))
    told = profile(open_dataset(folder / "b.parquet")).columns["s"]
    words = [word for text in texts for word in text.split()]
    assert told.words == (pytest.approx(len(words) / len(texts)) if texts else None)
    assert told.vocabulary == (len(set(words)) if texts else None)


def test_a_file_of_one_row_publishes_no_cell(dataset_of):
    dataset = dataset_of(i=[42], f=[1.25], s=["secret"], b=[True], d=[D(2020, 5, 6)], t=[T(2020, 1, 2)])
    statistics = profile(dataset, options=PUBLISHED)
    assert statistics.to_json() == {
        "rows": 1,
        "fragments": [1],
        "columns": {name: {"nulls": 0, **({} if name == "f" else {"nans": False})} for name in "bdfist"},
    }


def test_limits_without_an_end_have_no_histogram(dataset_of):
    dataset = dataset_of(a=[1.0, math.inf, -math.inf], b=[1e308, -1e308, 0.0], c=[7, 7, 7])
    columns = profile(dataset).columns
    assert (columns["a"].minimum, columns["a"].maximum, columns["a"].mean) == (-math.inf, math.inf, None)
    assert [columns[name].histogram for name in "abc"] == [(), (), ()]


def test_text_files_have_the_length_of_their_lines(tmp_path):
    (tmp_path / "a.txt").write_text("ab\n\nab\nabc\n")
    column = profile(open_dataset(tmp_path / "a.txt")).columns["line"]
    assert (column.size, column.longest, column.distinct, column.nulls) == (7, 3, 3, 0)
