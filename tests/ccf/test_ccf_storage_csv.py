"""CSV: headers, types inferred and given, and what is an empty cell."""

import datetime
import gzip
import lzma

import pyarrow as pa
import pytest

from totem_ccf.storage import CsvOptions, DataError, open_dataset, records, schema_and_options
from totem_sdk.errors import InvalidDocument
from totem_sdk.schema import Schema

D = datetime.date
T = datetime.datetime


def rows_of(dataset, columns=None):
    names = [column.name for column in dataset.schema.columns] if columns is None else columns
    return [tuple(row.values()) for batch in dataset.read(names) for row in batch.to_pylist()]


def types_of(dataset):
    return {column.name: str(column.type) for column in dataset.schema.columns}


@pytest.fixture
def write(tmp_path):
    def write(text, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


@pytest.fixture
def two_rows_a_fragment(monkeypatch):
    monkeypatch.setattr(records, "BLOCK_ROWS", 2)


def test_types_are_what_all_cells_are(write):
    path = write(
        "i,f,b,s,d,t,time\n"
        "1,1.5,true,x,2020-02-29,2020-01-02 03:04:05.000006,12:30:00\n"
        "-2,7,False,,2021-01-01,2020-01-02,00:00:00\n"
    )
    dataset = open_dataset(path)
    assert types_of(dataset) == {
        "i": "int",
        "f": "float",
        "b": "bool",
        "s": "str",
        "d": "date",
        "t": "datetime",
        "time": "str",
    }
    assert rows_of(dataset) == [
        (1, 1.5, True, "x", D(2020, 2, 29), T(2020, 1, 2, 3, 4, 5, 6), "12:30:00"),
        (-2, 7.0, False, "", D(2021, 1, 1), T(2020, 1, 2), "00:00:00"),
    ]


def test_an_empty_cell_makes_a_column_optional_but_not_a_text(write):
    dataset = open_dataset(write("a,b,c\n1,x,\n,,\n"))
    assert types_of(dataset) == {"a": "int?", "b": "str", "c": "str"}
    assert rows_of(dataset) == [(1, "x", ""), (None, "", "")]


def test_texts_that_mean_no_value(write):
    path = write("a,b\n?,?\n1.5,x\n")
    assert types_of(open_dataset(path)) == {"a": "str", "b": "str"}
    dataset = open_dataset(path, csv=CsvOptions(nulls=("?",)))
    assert types_of(dataset) == {"a": "float?", "b": "str"}
    assert rows_of(dataset) == [(None, "?"), (1.5, "x")]
    optional = open_dataset(path, Schema.of({"b": "str?"}), csv=CsvOptions(nulls=("?",)))
    assert rows_of(optional) == [(None,), ("x",)]


def test_types_widen_from_fragment_to_fragment(write, two_rows_a_fragment):
    path = write("n,d,late,flag\n1,2020-01-01,,true\n2,2020-01-02,,false\n3.5,2020-01-03 10:00:00,7,1\n")
    dataset = open_dataset(path)
    assert [fragment.rows for fragment in dataset.fragments] == [2, 1]
    assert types_of(dataset) == {"n": "float", "d": "datetime", "late": "int?", "flag": "bool"}
    assert rows_of(dataset)[2] == (3.5, T(2020, 1, 3, 10), 7, True)


def test_types_widen_from_file_to_file(write):
    write("kwh\n0\n", "a.csv")
    path = write("kwh\n0.5\n", "b.csv").parent
    dataset = open_dataset(path)
    assert types_of(dataset) == {"kwh": "float"}
    assert rows_of(dataset) == [(0.0,), (0.5,)]


@pytest.mark.parametrize("late", ["x", "true", "2020-01-01"])
def test_a_cell_that_does_not_fit_the_rows_before_is_named(write, two_rows_a_fragment, late):
    with pytest.raises(DataError, match=r"row 4, column a: the cell is no float; .*a schema can say") as caught:
        open_dataset(write(f"a\n1\n2\n3\n{late}\n5\n"))
    assert (caught.value.kind, caught.value.row, caught.value.column) == ("type", 4, "a")


def test_a_schema_chooses_and_types_columns(write):
    dataset = open_dataset(write("a,b,c\n1,2,3\n"), Schema.of({"c": "float", "a": "str"}))
    assert types_of(dataset) == {"c": "float", "a": "str"}
    assert rows_of(dataset) == [(3.0, "1")]


@pytest.mark.parametrize(
    ("cell", "date"), [("25/02/2019", D(2019, 2, 25)), ("2019-02-25", D(2019, 2, 25)), ("1/3/2007", D(2007, 3, 1))]
)
def test_dates_in_two_notations(write, cell, date):
    dataset = open_dataset(write(f"d,x\n{cell},1\n,2\n"), Schema.of({"d": "date?", "x": "int"}))
    assert rows_of(dataset) == [(date, 1), (None, 2)]


@pytest.mark.parametrize(
    "cell", ["25-02-2019", "2019/02/25", "30/02/2019", "13/13/2019", "2019-02-30", "secret", "25/02/19"]
)
def test_other_dates_are_none(write, cell):
    with pytest.raises(DataError) as caught:
        rows_of(open_dataset(write(f"d\n2019-02-25\n{cell}\n"), Schema.of({"d": "date"})))
    assert (caught.value.kind, caught.value.row) == ("type", 2)
    assert cell not in str(caught.value)


def test_a_timestamp_with_a_zone_is_utc(write):
    path = write("t\n2020-01-01T00:30:00+02:00\n2020-01-01T00:00:00Z\n")
    dataset = open_dataset(path)
    assert types_of(dataset) == {"t": "datetime"}
    assert rows_of(dataset) == [(T(2019, 12, 31, 22, 30),), (T(2020, 1, 1),)]
    mixed = write("t\n2020-01-01T00:00:00Z\n2020-01-01T00:00:00\n2020-01-01T00:00:00Z\n", "mixed.csv")
    with pytest.raises(DataError) as caught:
        rows_of(open_dataset(mixed, Schema.of({"t": "datetime"})))
    assert caught.value.row == 2


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(write):
    dataset = open_dataset(write('a,b\n"x, ""y""\nz",1\n"",2\n'))
    assert rows_of(dataset) == [('x, "y"\nz', 1), ("", 2)]
    assert dataset.rows == 2


def test_cuts_never_divide_a_quoted_cell(write, two_rows_a_fragment):
    cells = ['"a\n1"', '"b\n\n2"', '"c"', '"d\n"', '"e"']
    dataset = open_dataset(write("s\n" + "\n".join(cells)))
    assert [fragment.rows for fragment in dataset.fragments] == [2, 2, 1]
    assert rows_of(dataset) == [("a\n1",), ("b\n\n2",), ("c",), ("d\n",), ("e",)]


def test_crlf_blank_lines_and_byte_order_mark(write):
    dataset = open_dataset(write("\ufeffa,b\r\n\r\n1,2\r\n\r\n3,4\r\n\r\n"))
    assert types_of(dataset) == {"a": "int", "b": "int"}
    assert rows_of(dataset) == [(1, 2), (3, 4)]


def test_another_delimiter(write):
    dataset = open_dataset(write("a;b\n1,5;2\n"), csv=CsvOptions(delimiter=";"))
    assert rows_of(dataset) == [("1,5", 2)]


def test_a_header_alone_is_a_dataset_without_rows(write):
    dataset = open_dataset(write("a,b\n"))
    assert (dataset.rows, len(dataset.fragments), types_of(dataset)) == (0, 1, {"a": "str", "b": "str"})
    assert rows_of(dataset) == []
    assert rows_of(open_dataset(write("a,b\n"), Schema.of({"b": "date"}))) == []


def test_names_become_identifiers(write):
    header = '"Customer ID",2nd,class,_x,größe,kWh (total),,ﬁne'
    dataset = open_dataset(write(f"{header}\n1,2,3,4,5,6,7,8\n"))
    assert list(types_of(dataset)) == [
        "Customer_ID",
        "c2nd",
        "class_",
        "x",
        "größe",
        "kWh_total",
        "column_7",
        "fine",
    ]


def test_two_columns_of_one_name_are_refused(write):
    with pytest.raises(DataError, match="'a b' and 'a-b' both get the name a_b") as caught:
        open_dataset(write("a b,a-b\n1,2\n"))
    assert caught.value.kind == "schema"


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_compressed_files_are_one_fragment(write, tmp_path, two_rows_a_fragment, kind):
    text = b"a,b\n" + b"".join(b"%d,x\n" % i for i in range(7))
    path = tmp_path / f"data.csv.{kind}"
    path.write_bytes({"gz": gzip.compress, "xz": lzma.compress}[kind](text))
    dataset = open_dataset(path)
    assert [fragment.rows for fragment in dataset.fragments] == [7]
    assert rows_of(dataset) == [(i, "x") for i in range(7)]


def test_batches_are_as_large_as_asked_and_typed(write):
    dataset = open_dataset(write("a,b\n" + "1,x\n" * 10))
    batches = list(dataset.read(["b", "a"], 4))
    assert [batch.num_rows for batch in batches] == [4, 4, 2]
    assert batches[0].schema == pa.schema([("b", pa.string()), ("a", pa.int64())])


def test_rows_without_columns_are_counted(write):
    assert [batch.num_rows for batch in open_dataset(write("a\n1\n2\n3\n")).read([], 2)] == [2, 1]


def test_a_schema_document_may_say_how_the_file_is_written():
    schema, options = schema_and_options({"columns": {"a": "int"}, "csv": {"delimiter": ";", "nulls": ["?"]}})
    assert schema == Schema.of({"a": "int"})
    assert options == CsvOptions(";", ("?",))
    assert schema_and_options({"a": "int", "csv": "str"})[0] == Schema.of({"a": "int", "csv": "str"})
    assert schema_and_options([{"name": "a", "type": "int"}]) == (schema, CsvOptions())


@pytest.mark.parametrize(
    "options", [{"delimiter": ""}, {"delimiter": '"'}, {"nulls": "?"}, {"nulls": [1]}, {"quote": "'"}]
)
def test_other_options_are_refused(options):
    with pytest.raises(InvalidDocument, match="csv"):
        schema_and_options({"columns": {"a": "int"}, "csv": options})
