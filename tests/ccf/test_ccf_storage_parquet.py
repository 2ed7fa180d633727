"""Parquet: types, columns, row groups as fragments."""

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from totem_ccf.storage import DataError, open_dataset, parquet
from totem_sdk.schema import Schema

D, T = datetime.date, datetime.datetime


def write(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)
    return path


def rows_of(dataset):
    names = [column.name for column in dataset.schema.columns]
    return [tuple(row.values()) for batch in dataset.read(names) for row in batch.to_pylist()]


def types_of(dataset):
    return {column.name: str(column.type) for column in dataset.schema.columns}


@pytest.mark.parametrize(
    ("array", "type_", "values"),
    [
        (pa.array([1, 2], pa.int8()), "int", [1, 2]),
        (pa.array([1, 2**32 - 1], pa.uint32()), "int", [1, 2**32 - 1]),
        (pa.array([1.5, None], pa.float32()), "float?", [1.5, None]),
        (pa.array([np.float16(0.5)], pa.float16()), "float", [0.5]),
        (pa.array([True, None]), "bool?", [True, None]),
        (pa.array(["a", "é"], pa.large_string()), "str", ["a", "é"]),
        (pa.array(["a", None, "a"]).dictionary_encode(), "str?", ["a", None, "a"]),
        (pa.array([7, 7]).dictionary_encode(), "int", [7, 7]),
        (pa.array([None, None], pa.null()), "str?", [None, None]),
        (pa.array([D(1, 1, 1), D(9999, 12, 31)], pa.date32()), "date", [D(1, 1, 1), D(9999, 12, 31)]),
        (pa.array([T(2020, 1, 2)], pa.date64()), "date", [D(2020, 1, 2)]),
        (pa.array([1], pa.timestamp("s")), "datetime", [T(1970, 1, 1, 0, 0, 1)]),
        (pa.array([5_000], pa.timestamp("ns")), "datetime", [T(1970, 1, 1, 0, 0, 0, 5)]),
        (pa.array([0], pa.timestamp("us", "Asia/Tokyo")), "datetime", [T(1970, 1, 1)]),
    ],
)
def test_types(tmp_path, array, type_, values):
    dataset = open_dataset(write(tmp_path / "a.parquet", {"x": array}))
    assert types_of(dataset) == {"x": type_}
    assert rows_of(dataset) == [(value,) for value in values]


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (pa.array([1], pa.uint64()), "unsigned"),
        (pa.array([decimal.Decimal("1.5")]), "decimals"),
        (pa.array([[1]]), "lists"),
        (pa.array([{"a": 1}]), "structs"),
        (pa.array([b"x"]), "binary"),
        (pa.array([1], pa.duration("s")), "duration"),
        (pa.array([1], pa.time64("us")), "time64"),
    ],
)
def test_other_columns_are_left_out_with_the_reason(tmp_path, array, word):
    path = write(tmp_path / "a.parquet", {"x": array, "y": [1]})
    dataset = open_dataset(path)
    assert types_of(dataset) == {"y": "int"}
    ((name, reason),) = dataset.omitted
    assert name == "x"
    assert word in reason
    with pytest.raises(DataError, match=r"column x: .*store") as caught:
        open_dataset(path, Schema.of({"x": "int"}))
    assert caught.value.kind == "schema"
    with pytest.raises(DataError, match="no column has a type"):
        open_dataset(write(tmp_path / "b.parquet", {"x": array}))


@pytest.mark.parametrize(
    ("array", "row"),
    [
        (pa.array([0, 1000, 1001], pa.timestamp("ns")), 3),
        (pa.array([0, 10**9], pa.timestamp("s")), None),
        (pa.array([0, 253402300800], pa.timestamp("s")), 2),
        (pa.array([0, 0, 2932897], pa.date32()), 3),
        (pa.array([None, -719163], pa.date32()), 2),
    ],
)
def test_values_that_can_not_be_held_are_named_by_row(tmp_path, array, row):
    dataset = open_dataset(write(tmp_path / "a.parquet", {"x": array}))
    if row is None:
        assert len(rows_of(dataset)) == 2
        return
    with pytest.raises(DataError) as caught:
        rows_of(dataset)
    assert (caught.value.kind, caught.value.row, caught.value.column) == ("type", row, "x")


def test_integers_as_floats_only_if_exact(tmp_path):
    path = write(tmp_path / "a.parquet", {"x": [1, 2**53], "y": [1, 2**53 + 1]})
    assert rows_of(open_dataset(path, Schema.of({"x": "float"}))) == [(1.0,), (2.0**53,)]
    with pytest.raises(DataError) as caught:
        rows_of(open_dataset(path, Schema.of({"y": "float"})))
    assert (caught.value.kind, caught.value.row) == ("type", 2)


def test_a_schema_that_does_not_fit(tmp_path):
    path = write(tmp_path / "a.parquet", {"x": ["a", None], "n": [1, 2]})
    with pytest.raises(DataError, match="the type is str, the schema says int"):
        open_dataset(path, Schema.of({"x": "int"}))
    with pytest.raises(DataError, match="no such column"):
        open_dataset(path, Schema.of({"z": "int"}))
    with pytest.raises(DataError, match="row 2, column x: there is no value; the column is str, not str") as caught:
        rows_of(open_dataset(path, Schema.of({"x": "str"})))
    assert caught.value.kind == "type"
    assert rows_of(open_dataset(path, Schema.of({"n": "int?"}))) == [(1,), (2,)]


def test_optional_is_what_has_nulls_with_and_without_statistics(tmp_path):
    columns = {"a": pa.array([1, 2]), "b": pa.array([None, 1]), "c": pa.array(["x", "y"])}
    for statistics in (True, False):
        path = write(tmp_path / f"{statistics}.parquet", columns, write_statistics=statistics, row_group_size=1)
        assert types_of(open_dataset(path)) == {"a": "int", "b": "int?", "c": "str"}


def test_row_groups_are_joined_up_to_a_size(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "BLOCK_ROWS", 100)
    path = write(tmp_path / "a.parquet", {"x": range(510)}, row_group_size=40)
    dataset = open_dataset(path)
    assert [(f.start, f.stop, f.first_row, f.rows) for f in dataset.fragments] == [
        (0, 3, 0, 120),
        (3, 6, 120, 120),
        (6, 9, 240, 120),
        (9, 12, 360, 120),
        (12, 13, 480, 30),
    ]
    assert rows_of(dataset) == [(i,) for i in range(510)]


def test_rows_of_errors_count_over_row_groups_and_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_LARGE_GROUP", 50)
    monkeypatch.setattr(parquet, "_PART_ROWS", 16)
    values = [0] * 200
    values[177] = None
    path = write(tmp_path / "a.parquet", {"x": pa.array(values)}, row_group_size=60)
    dataset = open_dataset(path, Schema.of({"x": "int"}))
    with pytest.raises(DataError) as caught:
        rows_of(dataset)
    assert caught.value.row == 178


def test_a_file_without_rows_is_one_empty_fragment(tmp_path):
    dataset = open_dataset(write(tmp_path / "a.parquet", {"x": pa.array([], pa.int64())}))
    assert (dataset.rows, len(dataset.fragments)) == (0, 1)
    assert rows_of(dataset) == []


def test_only_the_columns_asked_for_are_verified_and_read(tmp_path):
    path = write(
        tmp_path / "a.parquet", {"x": list(range(1000)), "y": [f"text{i}" for i in range(1000)]}, compression="none"
    )
    dataset = open_dataset(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"text500")] ^= 1
    path.write_bytes(data)
    assert sum(batch.num_rows for batch in dataset.read(["x"])) == 1000
    assert sum(batch.num_rows for batch in dataset.read([])) == 1000
    with pytest.raises(DataError) as caught:
        list(dataset.read(["y"]))
    assert caught.value.kind == "changed"


def test_several_files_have_one_schema(tmp_path):
    write(tmp_path / "a.parquet", {"x": [1], "y": ["a"]})
    write(tmp_path / "b.parquet", {"y": ["b", None], "x": [2, 3]})
    dataset = open_dataset(tmp_path)
    assert types_of(dataset) == {"x": "int", "y": "str?"}
    assert rows_of(dataset) == [(1, "a"), (2, "b"), (3, None)]
    write(tmp_path / "c.parquet", {"x": [1.5], "y": ["a"]})
    with pytest.raises(DataError, match=r"c\.parquet, column x: the type is float here and int in .*a\.parquet"):
        open_dataset(tmp_path)
    write(tmp_path / "c.parquet", {"x": [1]})
    with pytest.raises(DataError, match=r"c\.parquet, column y: there is no such column"):
        open_dataset(tmp_path)


def test_names_become_identifiers_and_are_read_by_their_own(tmp_path):
    dataset = open_dataset(write(tmp_path / "a.parquet", {"Energy [kWh]": [1.5], "a.b": [2]}))
    assert types_of(dataset) == {"Energy_kWh": "float", "a_b": "int"}
    assert rows_of(dataset) == [(1.5, 2)]


def test_a_column_costs_the_same_however_many_there_are(tmp_path, monkeypatch):
    made = []

    class Counted(pq.ParquetFile):
        """Arrow makes the schema anew, for all columns, whenever it is asked."""

        @property
        def schema_arrow(self):
            made.append("schema_arrow")
            return super().schema_arrow

        @property
        def schema(self):
            made.append("schema")
            return super().schema

    def made_for(columns):
        path = write(tmp_path / f"{columns}.parquet", {f"c{i}": [i, None] for i in range(columns)})
        made.clear()
        dataset = open_dataset(path)
        assert rows_of(dataset) == [tuple(range(columns)), (None,) * columns]
        return len(made)

    monkeypatch.setattr(parquet.pq, "ParquetFile", Counted)
    assert made_for(300) == made_for(2)
