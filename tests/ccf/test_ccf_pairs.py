"""Pairs in columns: every type there and back, exactly."""

import datetime
import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_sdk.errors import InternalError
from totem_sdk.type_texts import parse_type
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    NONE,
    NUM,
    STR,
    List,
    Option,
    Tuple,
    Type,
    after_shuffle,
)

SCALAR_VALUES = {
    INT: st.integers(-(2**63), 2**63 - 1),
    FLOAT: st.floats(),
    BOOL: st.booleans(),
    STR: st.text(),
    DATE: st.dates(),
    DATETIME: st.datetimes().map(lambda moment: moment.replace(fold=0)),
    NONE: st.none(),
    NUM: st.integers(-(2**63), 2**63 - 1) | st.floats(),
}


def values_of(type_: Type) -> st.SearchStrategy:
    match type_:
        case Option(item=item):
            return st.none() | values_of(item)
        case Tuple(items=items):
            return st.tuples(*[values_of(item) for item in items])
    return SCALAR_VALUES[type_]


def optional(type_: Type) -> st.SearchStrategy[Type]:
    return st.just(type_) if type_ == NONE or isinstance(type_, Option) else st.sampled_from([type_, Option(type_)])


TYPES = st.recursive(
    st.sampled_from(list(SCALAR_VALUES)),
    lambda inner: st.lists(inner.flatmap(optional), min_size=1, max_size=3).map(lambda items: Tuple(tuple(items))),
    max_leaves=5,
).flatmap(optional)


@settings(deadline=None)
@given(data=st.data(), key=TYPES, value=TYPES)
def test_pairs_come_back_as_they_went(data, key, value):
    pairs = data.draw(st.lists(st.tuples(values_of(key), values_of(value)), max_size=5))
    layout = PairLayout(key, value)
    batch = layout.from_python(pairs)
    assert batch.schema == layout.schema
    assert batch.num_rows == len(pairs)
    # repr tells 1 from 1.0 and True, 0.0 from -0.0, and NaN is itself.
    assert repr(layout.to_python(batch)) == repr(pairs)


@settings(deadline=None)
@given(data=st.data(), key=TYPES)
def test_a_slice_holds_its_rows(data, key):
    pairs = data.draw(st.lists(st.tuples(values_of(key), st.integers(0, 9)), min_size=3, max_size=6))
    layout = PairLayout(key, INT)
    assert repr(layout.to_python(layout.from_python(pairs).slice(1, 2))) == repr(pairs[1:3])


def test_fields_follow_the_leaves():
    layout = PairLayout(parse_type("(int,str?)"), parse_type("(num?,none,(date,bool)?)"))
    assert [(f.name, f.type, f.nullable) for f in layout.schema] == [
        ("k0", pa.int64(), False),
        ("k1", pa.string(), True),
        ("v0", pa.bool_(), True),
        ("v1", pa.int64(), True),
        ("v2", pa.null(), True),
        ("v3", pa.bool_(), False),
        ("v4", pa.date32(), True),
        ("v5", pa.bool_(), True),
    ]
    assert layout.key_width == 2


def test_a_tuple_after_a_shuffle_lies_as_before():
    key = parse_type("(int,(str,float)?)")
    assert PairLayout(after_shuffle(key), INT).schema == PairLayout(key, INT).schema


def test_num_keeps_the_bits_of_floats():
    layout = PairLayout(NUM, NUM)
    batch = layout.from_python([(1, 1.0), (-0.0, 2**63 - 1)])
    assert batch.column(0).to_pylist() == [False, True]
    assert batch.column(2).to_pylist() == [True, False]
    back = layout.to_python(batch)
    assert [type(item) for item in back[0]] == [int, float]
    assert math.copysign(1, back[1][0]) == -1


@pytest.mark.parametrize("pair", [("a", 1), (1, None), (2**63, 1), (None, 1), (1.5, 1), (datetime.date(2020, 1, 1), 1)])
def test_a_value_of_another_type_is_our_bug(pair):
    with pytest.raises(InternalError):
        PairLayout(INT, INT).from_python([pair])


def test_lists_have_no_layout():
    with pytest.raises(InternalError):
        _ = PairLayout(List(STR), INT).schema


@pytest.mark.parametrize(
    ("fold", "value", "fields"),
    [
        ("sum", INT, ["k0", "n", "size", "lo", "hi"]),
        ("sum", FLOAT, ["k0", "n", "size", "acc"]),
        ("min", FLOAT, ["k0", "n", "size", "nan", "v0"]),
        ("max", STR, ["k0", "n", "size", "v0"]),
        ("min", Tuple((INT, DATE)), ["k0", "n", "size", "v0", "v1"]),
    ],
)
def test_fold_layouts(fold, value, fields):
    layout = FoldLayout(STR, fold, value)
    assert layout.schema.names == fields
    assert layout.key_width == 1


@pytest.mark.parametrize(("fold", "value"), [("sum", STR), ("sum", NUM), ("min", NUM), ("max", Tuple((FLOAT, INT)))])
def test_what_can_not_be_folded_has_no_layout(fold, value):
    with pytest.raises(InternalError):
        _ = FoldLayout(STR, fold, value).schema
