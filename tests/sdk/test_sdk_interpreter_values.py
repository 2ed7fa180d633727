"""Numbers and texts of the machine: exact, and equal to CPython's where the machine says so."""

from __future__ import annotations

import importlib.util
import math
import sys
import unicodedata
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_sdk import unicode_table
from totem_sdk.interpreter import effects, texts
from totem_sdk.interpreter.arithmetic import (
    INT_MAX,
    INT_MIN,
    Fault,
    checked,
    divide,
    exact_float_sum,
    exact_sum,
    float_to_int,
    floor_divide,
    modulo,
    range_rounds,
    round_half_even,
    round_to,
)
from totem_sdk.interpreter.handlers import HANDLERS
from totem_sdk.opcodes import OPCODES

ints = st.integers(INT_MIN, INT_MAX)
floats = st.floats()
numbers = ints | floats
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
pinned = pytest.mark.skipif(
    unicodedata.unidata_version != unicode_table.UNICODE_VERSION, reason="this Python has another Unicode"
)


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


def kind(function, *arguments):
    with pytest.raises(Fault) as caught:
        function(*arguments)
    return caught.value.kind


def test_every_opcode_has_a_handler_and_every_handler_an_opcode():
    assert list(HANDLERS) == list(OPCODES)


@given(st.lists(floats))
def test_the_sum_of_floats_is_that_of_fsum(values):
    try:
        expected = math.fsum(values)
    except (OverflowError, ValueError):
        return
    assert same(exact_float_sum(values), expected)


@given(st.lists(numbers.filter(math.isfinite), min_size=1))
def test_the_sum_is_the_nearest_of_the_exact_one(values):
    exact = sum(map(Fraction, values))
    if all(isinstance(value, int) for value in values):
        assert exact_sum(values) == exact if INT_MIN <= exact <= INT_MAX else kind(exact_sum, values) == "overflow"
        return
    try:
        expected = float(exact)
    except OverflowError:
        expected = math.inf if exact > 0 else -math.inf
    assert same(exact_sum(values), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.7e308, 1.7e308, -1.7e308], 1.7e308),
        ([1.7e308, 1.7e308], math.inf),
        ([-1.7e308, -1.7e308], -math.inf),
        ([math.inf, 1.0], math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, math.inf], math.nan),
        ([-0.0], 0.0),
        ([-0.0, -0.0], 0.0),
        ([2**53, 1.0, 1.0], float(2**53 + 2)),
        ([5e-324, 5e-324], 1e-323),
    ],
)
def test_sums_at_the_edges(values, expected):
    assert same(exact_float_sum(values), expected)


@given(numbers, numbers)
def test_division_is_pythons_within_64_bits(a, b):
    for ours, theirs in ((divide, lambda: a / b), (floor_divide, lambda: a // b), (modulo, lambda: a % b)):
        if b == 0:
            assert kind(ours, a, b) == "zero_division"
            continue
        expected = theirs()
        if isinstance(expected, int) and not INT_MIN <= expected <= INT_MAX:
            assert kind(ours, a, b) == "overflow"
        else:
            assert same(ours(a, b), expected)
            assert type(ours(a, b)) is type(expected)


def test_the_one_quotient_that_overflows():
    assert kind(floor_divide, INT_MIN, -1) == "overflow"
    assert modulo(INT_MIN, -1) == 0


@given(numbers)
def test_conversions_to_int(value):
    for ours, theirs in ((float_to_int, int), (round_half_even, round)):
        if math.isnan(value):
            assert kind(ours, value) == "value"
        elif math.isinf(value) or not INT_MIN <= theirs(value) <= INT_MAX:
            assert kind(ours, value) == "overflow"
        else:
            assert ours(value) == theirs(value)


def test_round_to_leaves_ints_alone_and_goes_by_the_exact_decimal_value():
    assert round_to(7, 2) == 7
    assert type(round_to(7, 2)) is int
    assert (round_to(2.675, 2), round_to(0.5, 0), round_to(1.5, 0), round_to(2.5, 0)) == (2.67, 0.0, 2.0, 2.0)
    assert math.isnan(round_to(math.nan, 3))


@given(ints, ints, ints.filter(bool) | st.integers(-5, 5).filter(bool))
def test_rounds_of_a_range(start, stop, step):
    # len() itself has a limit of 64 bits, so the length is asked of two halves.
    theirs = range(start, stop, step)
    assert range_rounds(start, stop, step) == min(INT_MAX, int(bool(theirs)) and (theirs[-1] - theirs[0]) // step + 1)


def test_a_range_without_a_step():
    assert kind(range_rounds, 1, 2, 0) == "value"


@given(ints, ints)
def test_ints_stay_in_64_bits(a, b):
    for value in (a + b, a - b, a * b, -a, abs(a)):
        if INT_MIN <= value <= INT_MAX:
            assert checked(value) == value
        else:
            assert kind(checked, value) == "overflow"


@given(st.tuples(floats, words), st.tuples(floats, words))
def test_comparison_of_tuples_is_pythons(a, b):
    # Copies, because CPython takes an object for equal to itself before it compares.
    assert effects.equal(a, b) == (a[0] == b[0] and a[1] == b[1])
    if not (math.isnan(a[0]) or math.isnan(b[0])):
        assert (effects.less(a, b), effects.at_most(a, b)) == (a < b, a <= b)


def test_nan_compares_false_inside_of_tuples():
    nan = (math.nan, 1)
    assert not effects.equal(nan, nan)
    assert not effects.less(nan, (0.0, 1))
    assert not effects.at_most((0.0, 1), nan)


def test_min_and_max_keep_the_first_of_equal_values():
    assert math.copysign(1, effects.smaller(0.0, -0.0)) == 1
    assert math.copysign(1, effects.larger(-0.0, 0.0)) == -1
    assert math.isnan(effects.smallest(math.nan, 1.0))
    assert effects.largest(1.0, math.nan) == 1.0


@pytest.mark.slow
@pinned
def test_the_table_is_what_the_generator_writes():
    path = Path(__file__).parents[2] / "scripts" / "make_unicode_table.py"
    spec = importlib.util.spec_from_file_location("make_unicode_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert Path(unicode_table.__file__).read_text(encoding="utf-8") == module.render()


@pytest.mark.slow
@pinned
def test_case_and_white_space_of_every_character():
    everything = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    assert [c for c in everything if texts.lower(c) != c.lower()] == []
    assert [c for c in everything if texts.upper(c) != c.upper()] == []
    assert [c for c in everything if (texts.strip(c, "strip") == "") != c.isspace()] == []


@pinned
@given(
    st.lists(st.sampled_from("\u03a3\u03c3\u03c2a'\u2019.A\u02b0 \u0301\u0391\u00df\u0130K-1") | words, max_size=8).map(
        "".join
    )
)
def test_lower_with_the_final_sigma(text):
    assert texts.lower(text) == text.lower()


@pinned
@given(st.lists(st.sampled_from(" \t\n\x1c\x85\u00a0\u3000ab") | words, max_size=10).map("".join))
def test_cutting(text):
    assert texts.cut(text, None) == tuple(text.split())
    assert texts.strip(text, "strip") == text.strip()
    assert texts.strip(text, "lstrip") == text.lstrip()
    assert texts.strip(text, "rstrip") == text.rstrip()
    assert texts.cut(text, "a") == tuple(text.split("a"))


numerals = st.lists(st.sampled_from("0123456789_+-.eE infINFnaNtyTY\u00a0\t\x1c"), max_size=10).map("".join)


@pinned
@given(numerals)
def test_texts_that_say_numbers(text):
    for ours, theirs in ((texts.parse_int, int), (texts.parse_float, float)):
        try:
            expected = theirs(text)
        except ValueError:
            assert ours(text) is None
        else:
            assert same(ours(text), expected)


def test_digits_that_are_not_ascii_say_no_number():
    assert texts.parse_int("\u0665") is None
    assert texts.parse_float("\u0665") is None


def test_a_very_long_number_is_out_of_range():
    assert kind(effects.to_int, "9" * 10_000) == "overflow"
    assert effects.to_int("-" + "0" * 10_000 + "7") == -7
    assert effects.to_float("9" * 10_000) == math.inf
