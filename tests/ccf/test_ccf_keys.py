"""Order and partitions of keys in columns against the definition in totem_sdk.values."""

import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.mapreduce.key_partitions import partition_numbers
from totem_ccf.mapreduce.keys import order_codes, stable_order
from totem_ccf.mapreduce.pairs import PairLayout
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NONE, NUM, STR, Option, Tuple
from totem_sdk.values import key_bytes, partition_of

# Few different values, so that keys meet; the awkward ones among them.
INTS = st.sampled_from([0, 1, -1, 255, 256, 2**63 - 1, -(2**63)])
NAN_BITS = ("7ff8000000000000", "fff8000000000000", "7ff0000000000001", "fff7ffffffffffff", "7fffffffffffffff")
NANS = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in NAN_BITS]
FLOATS = st.sampled_from([0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), 5e-324, -5e-324, 1e300, 2.0**63, *NANS])
SHORT = [
    "",
    "a",
    "a\0",
    "a\0b",
    "ab",
    "\0",
    "\0\0",
    "é",
    "\U0001f600",
    "\U0010ffff",
    "\uffff",
    "b" * 70,
    "b" * 69 + "c",
]
TEXTS = st.sampled_from([*SHORT, "x" * 5000, "x" * 4999 + "\0", "x" * 4999 + "\U0001f600"])
KEYS = {
    INT: INTS,
    FLOAT: FLOATS,
    BOOL: st.booleans(),
    STR: TEXTS,
    NONE: st.none(),
    NUM: INTS | FLOATS,
    DATE: st.dates(),
    DATETIME: st.datetimes().map(lambda moment: moment.replace(fold=0)),
}


def values_of(type_):
    match type_:
        case Option(item=item):
            return st.none() | values_of(item)
        case Tuple(items=items):
            return st.tuples(*[values_of(item) for item in items])
    return KEYS[type_]


def optional(type_):
    return st.just(type_) if type_ == NONE or isinstance(type_, Option) else st.sampled_from([type_, Option(type_)])


TYPES = st.recursive(
    st.sampled_from(list(KEYS)),
    lambda inner: st.lists(inner.flatmap(optional), min_size=1, max_size=4).map(lambda items: Tuple(tuple(items))),
    max_leaves=6,
).flatmap(optional)


def columns_of(type_, keys):
    layout = PairLayout(type_, NONE)
    return layout.from_python([(key, None) for key in keys]).columns[: layout.key_width]


@settings(deadline=None)
@given(data=st.data(), type_=TYPES)
def test_codes_are_equal_and_ordered_as_key_bytes(data, type_):
    keys = data.draw(st.lists(values_of(type_), min_size=1, max_size=12))
    codes, bits = order_codes(type_, columns_of(type_, keys))
    assert bits == 64 or int(codes.max()) < 1 << bits
    encoded = [key_bytes(key) for key in keys]
    ranks = {value: rank for rank, value in enumerate(sorted(set(encoded)))}
    code_ranks = {value: rank for rank, value in enumerate(sorted(set(codes.tolist())))}
    assert [code_ranks[code] for code in codes.tolist()] == [ranks[value] for value in encoded]


@settings(deadline=None)
@given(data=st.data(), type_=TYPES, partitions=st.sampled_from([1, 2, 16, 1000]))
def test_partitions_are_those_of_key_bytes(data, type_, partitions):
    keys = data.draw(st.lists(values_of(type_), max_size=12))
    numbers = partition_numbers(type_, columns_of(type_, keys), partitions)
    assert numbers.tolist() == [partition_of(key_bytes(key), partitions) for key in keys]


@pytest.mark.parametrize("type_", [FLOAT, NUM, Option(FLOAT), Tuple((STR, FLOAT))], ids=str)
def test_every_nan_is_one_key_and_the_two_zeros_are_two(type_):
    keys = [*NANS, 0.0, -0.0]
    keys = [("", key) for key in keys] if isinstance(type_, Tuple) else keys
    columns = columns_of(type_, keys)
    codes, _ = order_codes(type_, columns)
    assert len(set(codes.tolist())) == 3
    assert len(set(codes[: len(NANS)].tolist())) == 1
    # -0.0 before 0.0 before NaN
    assert codes[-1] < codes[-2] < codes[0]
    numbers = partition_numbers(type_, columns, 1 << 20)
    assert len(set(numbers[: len(NANS)].tolist())) == 1
    assert numbers[-1] != numbers[-2]


@settings(deadline=None)
@given(keys=st.lists(st.text(), min_size=1, max_size=30))
def test_texts_are_ordered_by_their_bytes(keys):
    codes, _ = order_codes(STR, [pa.array(keys, pa.string())])
    order = sorted(range(len(keys)), key=lambda i: (keys[i].encode(), i))
    assert np.argsort(codes, kind="stable").tolist() == order


def test_a_slice_of_a_column_has_its_own_codes_and_partitions():
    column = pa.array(["zz", "b\0", "a", "b", "yy"]).slice(1, 3)
    codes, _ = order_codes(STR, [column])
    assert np.argsort(codes).tolist() == [1, 2, 0]
    assert partition_numbers(STR, [column], 16).tolist() == [partition_of(key_bytes(k), 16) for k in ("b\0", "a", "b")]


@pytest.mark.parametrize("length", [7, 8, 9, 31, 32, 33, 500])
def test_texts_of_any_length_are_ordered_and_hashed(length):
    keys = [f"{'x' * (length - 2)}{i:02d}" for i in (42, 7, 7, 99, 0)] + ["", "x"]
    codes, _ = order_codes(STR, [pa.array(keys)])
    assert [keys[i] for i in np.argsort(codes, kind="stable")] == sorted(keys)
    assert partition_numbers(STR, [pa.array(keys)], 16).tolist() == [partition_of(key_bytes(key)) for key in keys]


def test_more_rows_than_are_hashed_at_once():
    keys = np.arange(20_000) * 7919 - 10**6
    numbers = partition_numbers(INT, [pa.array(keys)], 16)
    assert numbers.tolist() == [partition_of(key_bytes(key)) for key in keys.tolist()]


@settings(deadline=None)
@given(
    codes=st.lists(st.sampled_from([0, 1, 5, 2**40, 2**64 - 1]) | st.integers(0, 2**64 - 1), max_size=40),
)
def test_stable_order_is_sorted_and_stable(codes):
    array = np.array(codes, dtype=np.uint64)
    order, ordered = stable_order(array, max((code.bit_length() for code in codes), default=0))
    assert order.tolist() == sorted(range(len(codes)), key=lambda i: (codes[i], i))
    assert ordered.tolist() == sorted(codes)
