"""Typed rows out of CSV: the types that are found, the values of cells, the row objects."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_sdk.errors import InvalidDocument
from totem_sdk.rows import infer_schema, parse_cell, parse_record, row_class, split_record
from totem_sdk.schema import Schema
from totem_sdk.type_texts import parse_type


def inferred(*cells: str) -> str:
    return str(infer_schema(["x"], [[cell] for cell in cells]).columns[0].type)


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (("1", "-2", " 3", "007"), "int"),
        (("+3",), "float"),
        (("1", ""), "int?"),
        (("9223372036854775807", "-9223372036854775808"), "int"),
        (("9223372036854775808",), "float"),
        (("1", "2.5"), "float"),
        ((".5", "1e3", "1.", "nan", "-inf"), "float"),
        (("true", "FALSE", "False"), "bool"),
        (("true", "1"), "bool"),
        (("2019-02-28", "2020-02-29"), "date"),
        (("2019-02-29",), "str"),
        (("2019-02-28T01:30", "2019-02-28 01:30:05.123"), "datetime"),
        (("2019-02-28", "2019-02-28T01:30"), "datetime"),
        (("1", "true"), "bool"),
        (("1", "yes"), "str"),
        (("1.5", "true"), "str"),
        (("12/03/2019",), "str"),
        (("tRUE",), "str"),
        (("2019-02-28T01:30+01:00", "2019-02-28T01:30Z"), "datetime"),
        (("1_000",), "str"),
        (("", "a"), "str"),
        (("", ""), "str"),
        ((), "str"),
    ],
)
def test_a_column_has_the_first_type_that_fits_all(cells, type_):
    assert inferred(*cells) == type_


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("", "float?", None),
        ("100", "float", 100.0),
        ("-inf", "float", -math.inf),
        ("0012", "int", 12),
        ("TRUE", "bool", True),
        ("0", "bool", False),
        ("", "str", ""),
        ("", "str?", None),
        ("3/12/2019", "date", datetime.date(2019, 12, 3)),
        ("2019-02-28T01:30:00+01:00", "datetime", datetime.datetime(2019, 2, 28, 0, 30)),
        ("2019-02-28", "datetime", datetime.datetime(2019, 2, 28)),
        ("2019-02-28T01", "datetime", datetime.datetime(2019, 2, 28, 1)),
        ("2019-02-28T01:30:05.123456000", "datetime", datetime.datetime(2019, 2, 28, 1, 30, 5, 123_456)),
        ("a,b", "str", "a,b"),
        ("2019-02-28", "date", datetime.date(2019, 2, 28)),
        ("2019-02-28 01:30", "datetime", datetime.datetime(2019, 2, 28, 1, 30)),
        ("2019-02-28T01:30:05.1", "datetime", datetime.datetime(2019, 2, 28, 1, 30, 5, 100_000)),
    ],
)
def test_the_value_of_a_cell(text, type_, value):
    assert parse_cell(text, parse_type(type_)) == value


@pytest.mark.parametrize(("text", "type_"), [("", "int"), ("1.5", "int"), ("x", "float"), ("secret", "date")])
def test_an_error_names_the_type_and_not_the_value(text, type_):
    with pytest.raises(ValueError, match=f"expected {type_}") as caught:
        parse_cell(text, parse_type(type_))
    assert "secret" not in str(caught.value)


def test_a_record_of_the_wrong_length_or_type_names_its_column():
    schema = Schema.of({"home": "int", "kwh": "float?"})
    assert parse_record(["1", ""], schema) == (1, None)
    with pytest.raises(InvalidDocument, match="column 'kwh': expected float"):
        parse_record(["1", "much"], schema)
    with pytest.raises(InvalidDocument, match="1 cells; the schema has 2 columns"):
        parse_record(["1"], schema)
    with pytest.raises(InvalidDocument, match="row 2 has 1 cells; the header has 2"):
        infer_schema(["a", "b"], [["1", "2"], ["3"]])


def test_other_texts_that_mean_none_and_names_of_columns():
    schema = infer_schema(["Customer ID", "2nd", "class"], [["1", "?", "?"], ["?", "2.5", "x"]], ["?"])
    assert schema == Schema.of({"Customer_ID": "int?", "c2nd": "float?", "class_": "str"})
    assert parse_record(["?", "1", "?"], schema, ["?"]) == (None, 1.0, "?")
    with pytest.raises(InvalidDocument, match="two columns get the name a_b"):
        infer_schema(["a b", "a.b"], [])


def test_quotes_of_csv():
    assert split_record('1,"a ""b"", c",') == ["1", 'a "b", c', ""]
    with pytest.raises(InvalidDocument, match="not a record of CSV"):
        split_record('1,"begins')


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False), min_size=1))
def test_what_was_written_is_read(values):
    type_ = parse_type("int" if all(isinstance(value, int) for value in values) else "float")
    assert inferred(*map(repr, values)) == str(type_)
    assert [parse_cell(repr(value), type_) for value in values] == [
        float(value) if str(type_) == "float" else value for value in values
    ]


def test_rows_have_their_columns_and_nothing_else():
    row = row_class(Schema.of({"count": "int", "index": "str?"}))(3, None)
    assert (row.count, row.index) == (3, None)
    with pytest.raises(AttributeError, match="can't be changed"):
        row.count = 4
    with pytest.raises(AttributeError, match="can't be changed"):
        row.other = 4
    with pytest.raises(AttributeError):
        _ = row.kwh
    assert not hasattr(row, "__dict__")
