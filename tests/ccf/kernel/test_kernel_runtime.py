"""The runtime library against Python: numbers exactly, texts for every character."""

import datetime
import itertools
import math
import struct
import sys
from fractions import Fraction

import numpy as np
import pytest
import wasmtime
from hypothesis import example, given
from hypothesis import strategies as st

from totem_ccf.kernel.areas import RUNTIME_BYTES
from totem_sdk.interpreter import texts
from totem_sdk.interpreter.arithmetic import exact_float_sum, floor_divide, modulo, round_to

INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-100, 100) | st.sampled_from([2**53, 2**53 + 1, -(2**63), 10**18])
FLOATS = st.floats() | st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6).map(lambda n: n / 100)
FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1e6, 1e6)
WORDS = st.text() | st.text(alphabet="ab \t\n\x1c\x85\u2003AÄß\u03a3\u03c3\u017fİ😀,;_", max_size=20)


def bits(value):
    return struct.pack("<d", value) if not math.isnan(value) else "nan"


@given(INTS, INTS.filter(bool))
@example(0, -5)
@example(-(2**63), -1)
@example(2**63 - 1, 3)
def test_the_quotient_of_ints_is_correctly_rounded(runtime, a, b):
    assert bits(runtime.call("int_div", a, b)) == bits(a / b)


@given(FLOATS, FLOATS.filter(bool))
@example(5e-324, 1.7e308)
@example(1.7e308, 5e-324)
@example(-0.0, 3.0)
@example(1e300, -7e-300)
@example(math.inf, 2.0)
@example(2.0, -math.inf)
def test_floor_division_and_remainder_are_those_of_cpython(runtime, a, b):
    assert bits(runtime.call("float_mod", a, b)) == bits(modulo(a, b))
    assert bits(runtime.call("float_floordiv", a, b)) == bits(floor_divide(a, b))


MANTISSAS = st.integers(1, 2**53 - 1) | st.integers(0, 52).map(lambda place: 1 << place)


@given(MANTISSAS, st.integers(60, 971), MANTISSAS, st.integers(-1074, 60))
@example(1, 1023, 1, -1074)
@example(2**53 - 1, 971, 3, -1074)
@example(2**53 - 1, 129, 2**53 - 1, 0)
def test_the_remainder_of_far_exponents_is_that_of_cpython(runtime, a, far, b, near):
    """Powers of two are squared there, where nearer exponents divide step by step."""
    large, small = math.ldexp(a, far), math.ldexp(b, near)
    assert bits(runtime.call("math_fmod", large, small)) == bits(math.fmod(large, small))


def test_the_remainder_takes_the_same_time_for_far_exponents(counted_runtime):
    counted_runtime.call("math_fmod", 1e40, 3.0)
    near = counted_runtime.instructions
    counted_runtime.call("math_fmod", 1.7e308, 1.5e-320)
    assert counted_runtime.instructions < 12 * near


@given(FLOATS, st.integers(0, 22))
@example(2.675, 2)
@example(0.5, 0)
@example(1.5, 0)
@example(-0.4, 0)
@example(4503599627370495.5, 0)
@example(1e22 + 0.0, 3)
@example(5e-324, 22)
@example(0.1234567890123456, 22)
def test_rounding_goes_by_the_exact_decimal_value(runtime, value, digits):
    assert bits(runtime.call("float_round", value, digits)) == bits(round_to(value, digits))


@given(FLOATS | st.integers(-(2**63), 2**63).map(float), st.integers(-22, -1))
@example(2.5e22, -22)
@example(5e21, -22)
@example(1.5e22, -22)
@example(float(2**127), -22)
@example(math.nextafter(2.0**127, 0.0), -22)
@example(25.0, -1)
@example(math.nextafter(25.0, 0.0), -1)
@example(math.nextafter(25.0, 30.0), -1)
@example(5e-324, -1)
@example(-5.0, -1)
@example(9007199254740993.0 * 5, -1)
def test_rounding_before_the_point_goes_by_the_exact_decimal_value(runtime, value, digits):
    assert bits(runtime.call("float_round_tens", value, digits)) == bits(round_to(value, digits))


@given(INTS, st.integers(-22, -1))
@example(2**63 - 1, -19)
@example(-(2**63), -1)
@example(2**63 - 1, -22)
def test_ints_are_rounded_before_the_point(runtime, value, digits):
    expected = round(value, digits)
    status = runtime.call("int_round", value, digits, runtime.START)
    assert status == (not -(2**63) <= expected < 2**63)
    if not status:
        assert runtime.memory.array(runtime.START, np.int64, 1)[0] == expected


@given(st.lists(st.integers(1, 10**6).map(lambda n: n / 1000), max_size=30), st.integers(0, 6))
def test_rounding_halves(runtime, values, digits):
    for value in values:
        half = float(Fraction(int(value * 10**digits)) / 10**digits + Fraction(5, 10 ** (digits + 1)))
        assert bits(runtime.call("float_round", half, digits)) == bits(round(half, digits))


def float_sum(runtime, values, split=None):
    address = runtime.START
    runtime.memory.array(address, np.float64, len(values))[:] = values
    runtime.exports["sum_begin"](runtime.store)
    split = len(values) if split is None else split % (len(values) + 1)
    runtime.exports["sum_floats"](runtime.store, address, split)
    runtime.exports["sum_floats"](runtime.store, address + 8 * split, len(values) - split)
    return runtime.exports["sum_float_result"](runtime.store)


@given(st.lists(FLOATS, max_size=40), st.integers(0, 40))
@example([1e308, 1e308, -1e308], 1)
@example([1e308] * 3, 0)
@example([5e-324] * 3 + [1.0], 0)
@example([1e16, 1.0, 1e-16], 0)
@example([-0.0, -0.0], 0)
@example([], 0)
@example([2.0**46, 2.0**46, 2.0**-80], 0)
@example([math.inf, -math.inf], 0)
@example([math.inf, 1.0], 0)
def test_sums_of_floats_are_exact_and_rounded_once(runtime, values, split):
    assert bits(float_sum(runtime, values, split)) == bits(exact_float_sum(values))


@pytest.mark.slow
@given(st.lists(FINITE.filter(lambda x: abs(x) < 1e300), min_size=1, max_size=200))
def test_sums_of_floats_are_those_of_fsum(runtime, values):
    expected = math.fsum(values)
    assert bits(float_sum(runtime, values) + 0.0) == bits(expected + 0.0)


def test_a_sum_stays_exact_over_many_values_that_leave_the_window(runtime):
    values = np.tile(np.array([1e200, 1e-200, -1e200, 3e14, 0.1]), 20_000)
    expected = 20_000 * sum(map(Fraction, (1e200, 1e-200, -1e200, 3e14, 0.1)))
    assert float_sum(runtime, values[:100_000]) == float(expected)


@given(st.lists(INTS, max_size=40))
@example([2**63 - 1, 2**63 - 1, -(2**63)])
def test_sums_of_ints_only_have_to_fit_at_the_end(runtime, values):
    address = runtime.START
    runtime.memory.array(address, np.int64, len(values))[:] = values
    runtime.exports["sum_begin"](runtime.store)
    runtime.exports["sum_ints"](runtime.store, address, len(values))
    overflow = runtime.exports["sum_int_result"](runtime.store, runtime.WHERE)
    fits = -(2**63) <= sum(values) < 2**63
    assert overflow == (not fits)
    if fits:
        assert runtime.memory.number(runtime.WHERE, np.int64) == sum(values)


@given(st.lists(INTS | FLOATS, max_size=30))
@example([2**63 - 1, 2**63 - 1, 0.5])
@example([2**53 + 1, 0.0])
def test_sums_of_ints_and_floats_are_rounded_once(runtime, values):
    tags = [isinstance(value, float) for value in values]
    words = [struct.unpack("<q", struct.pack("<d", v))[0] if isinstance(v, float) else v for v in values]
    runtime.memory.array(runtime.START, np.bool_, len(values))[:] = tags
    runtime.memory.array(runtime.START + 4096, np.int64, len(values))[:] = words
    runtime.exports["sum_begin"](runtime.store)
    runtime.exports["sum_nums"](runtime.store, runtime.START, runtime.START + 4096, len(values))
    tag = runtime.exports["sum_num_result"](runtime.store, runtime.WHERE)
    if any(tags):
        assert tag == 1
        result = float(runtime.memory.array(runtime.WHERE, np.float64, 1)[0])
        assert bits(result) == bits(exact_float_sum(values))
    else:
        assert tag == (0 if -(2**63) <= sum(values) < 2**63 else 2)


def parse_float(runtime, text):
    if runtime.call("parse_float", text, runtime.WHERE):
        return None
    return float(runtime.memory.array(runtime.WHERE, np.float64, 1)[0])


NUMERALS = st.from_regex(r"[ \x1c]?[+-]?[0-9_]{0,25}\.?[0-9_]{0,25}(e[+-]?[0-9_]{1,4})?[\x85 ]?", fullmatch=True)


@pytest.mark.slow
@given(
    NUMERALS
    | FLOATS.map(repr)
    | st.sampled_from(["inf", "-Infinity", "nan", "NAN", "+nan", "", ".", "1.", ".5", "1e", "1_000.0_1", "1__0", "_1"])
    | st.text(max_size=6)
)
@example("9007199254740993")
@example("1.00000000000000011102230246251565404236316680908203125")
@example("1.00000000000000011102230246251565404236316680908203124")
@example("1.00000000000000011102230246251565404236316680908203126")
@example("2.4703282292062327208299439634110764626e-324")
@example("2.4703282292062328e-324")
@example("1.7976931348623158e308")
@example("1.7976931348623159e308")
@example("4.9e-324")
@example("0e999999999999999999999")
@example("1e-99999999999999999999")
@example("0.000000000000000000000000000000000001e36")
@example("123456789012345678901234567890e-29")
@example("\x1c1.0")
@example("\u20031.0\u3000")
def test_reading_floats_is_exact(runtime, text):
    expected = texts.parse_float(text)
    found = parse_float(runtime, text)
    assert (found is None) == (expected is None)
    assert expected is None or bits(found) == bits(expected)


@pytest.mark.parametrize("exponent", range(-330, 312, 7))
def test_reading_floats_is_exact_halfway(runtime, exponent):
    """Decimal numbers exactly between two floats, just below and just above."""
    below = float(f"1.2345678901234567e{exponent}")
    above = math.nextafter(below, math.inf)
    if math.isinf(above) or below == 0:
        return
    middle = (Fraction(below) + Fraction(above)) / 2
    digits = _exact_decimal(middle)
    if middle.denominator == 1:
        just_below = f"{int(middle) - 1}." + "9" * 900
    else:
        just_below = digits[:-1] + "4" + "9" * 900
    for text in (digits, digits + "0" * 900 + "1", just_below):
        assert bits(parse_float(runtime, text)) == bits(float(text)), exponent


def _exact_decimal(value):
    """Write a fraction whose denominator is a power of two, with all its digits."""
    places = value.denominator.bit_length() - 1
    digits = str(value.numerator * 5**places).rjust(places + 1, "0")
    return f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else f"{digits}.0"


@pytest.mark.slow
@given(
    INTS.map(str)
    | st.from_regex(r"\s?[+-]?[0-9_]{0,22}\s?", fullmatch=True)
    | st.sampled_from(["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"])
    | st.text(max_size=4)
)
@example("0" * 1000 + "1")
@example("1" * 1000)
@example("٣")
def test_reading_ints(runtime, text):
    status = runtime.call("parse_int", text, runtime.WHERE)
    expected = texts.parse_int(text)
    if expected is None:
        assert status == 1
    elif not -(2**63) <= expected < 2**63:
        assert status == 2
    else:
        assert status == 0
        assert runtime.memory.number(runtime.WHERE, np.int64) == expected


@given(INTS)
@example(-(2**63))
@example(0)
def test_writing_ints(runtime, value):
    assert runtime.read(runtime.made("int_text", value)) == str(value)
    assert runtime.made("int_text", value, room=len(str(value)) - 1) is None


DAYS = st.dates().map(lambda d: d.toordinal() - 719163)


@given(DAYS)
@example(-719162)
@example(2932896)
def test_dates(runtime, days):
    date = datetime.date.fromordinal(days + 719163)
    assert [runtime.call(f"date_{part}", days) for part in ("year", "month", "day")] == [
        date.year,
        date.month,
        date.day,
    ]
    assert runtime.read(runtime.made("date_text", days)) == date.isoformat()


@given(st.datetimes())
def test_writing_datetimes(runtime, at):
    micros = (at - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
    assert runtime.read(runtime.made("datetime_text", micros)) == at.isoformat()


CODES = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


@pytest.mark.slow
@pytest.mark.parametrize("function", ["lower", "upper"])
def test_case_of_every_character(runtime, function):
    # A dot between the characters, so that no sigma is final.
    for start in range(0, len(CODES), 10_000):
        text = ".".join(map(chr, CODES[start : start + 10_000]))
        assert runtime.read(runtime.made(f"text_{function}", text)) == getattr(texts, function)(text)


@pytest.mark.slow
def test_white_space_of_every_character(runtime):
    for start in range(0, len(CODES), 10_000):
        text = "x".join(map(chr, CODES[start : start + 10_000]))
        assert runtime.read_list(runtime.made("text_split", text)) == list(texts.cut(text, None))


@given(WORDS)
@example("ΑΣ ΑΣΑ Σ 'ΑΣ' ΑΣ·")
@example("İΣ\u0307")
def test_case_of_texts(runtime, text):
    for function in ("lower", "upper"):
        expected = getattr(texts, function)(text)
        assert runtime.read(runtime.made(f"text_{function}", text)) == expected
        size = len(expected.encode())
        assert runtime.read(runtime.made(f"text_{function}", text, room=size)) == expected
        if size:
            assert runtime.made(f"text_{function}", text, room=size - 1) is None


@given(WORDS, WORDS)
def test_two_texts(runtime, a, b):
    assert runtime.call("text_equal", a, b) == (a == b)
    order = runtime.call("text_order", a, b)
    assert (order < 0, order == 0, order > 0) == (a < b, a == b, a > b)
    assert runtime.call("text_startswith", a, b) == a.startswith(b)
    assert runtime.call("text_endswith", a, b) == a.endswith(b)
    assert runtime.call("text_startswith", a + b, a) == 1
    assert runtime.call("text_endswith", a + b, b) == 1
    assert runtime.read(runtime.made("text_concat", a, b)) == a + b
    size = len((a + b).encode())
    assert size == 0 or runtime.made("text_concat", a, b, room=size - 1) is None


@given(WORDS)
def test_one_text(runtime, text):
    assert runtime.call("text_length", text) == len(text)
    for side, name in ((1, "lstrip"), (2, "rstrip"), (3, "strip")):
        assert runtime.read(runtime.call("text_strip", text, side)) == texts.strip(text, name)


@given(WORDS, st.sampled_from([",", "ab", " ", "Ä", "aa", "😀"]))
def test_cutting_texts(runtime, text, separator):
    assert runtime.read_list(runtime.made("text_split", text)) == list(texts.cut(text, None))
    assert runtime.read_list(runtime.made("text_split_at", text, separator)) == list(texts.cut(text, separator))
    pieces = len(texts.cut(text, separator))
    assert runtime.made("text_split_at", text, separator, room=8 * pieces - 1) is None
    assert runtime.made("text_split_at", text, separator, room=8 * pieces) is not None


PARTS = ["a", "b", "aab", "abab", "ä", "ä€", "€", "😀", "ab"]
"""What overlaps with itself, and characters that begin or go on with the same bytes."""
SEPARATORS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=64).map("".join) | st.builds(
    lambda part, times, end: part * times + end, st.sampled_from(PARTS), st.integers(1, 64), st.sampled_from(PARTS)
)


def short(text):
    return "".join(f"{letter}{len(list(run))}" for letter, run in itertools.groupby(text))


@st.composite
def cuts(draw):
    """Draw a separator of 1 to 64 bytes, and a text of it, of what it begins and ends with, and of its parts."""
    separator = draw(SEPARATORS.filter(lambda text: len(text.encode()) <= 64))
    places = st.integers(0, len(separator))
    piece = places.map(lambda n: separator[:n]) | places.map(lambda n: separator[n:]) | st.sampled_from(PARTS)
    return separator, "".join(draw(st.lists(piece | st.just(separator), max_size=20)))


@given(cuts())
@example(("aab", "aaab" + "aaaab"))
@example(("abab", "ababab" + "abababab"))
@example(("aa", "aaaaa"))
@example(("a" * 64, "a" * 129))
@example(("a" * 63 + "b", "a" * 64 + "b"))
@example(("a" * 64, "a" * 63))
@example(("€", "₭€€"))
def test_cutting_at_separators_that_overlap_with_themselves(runtime, cut):
    separator, text = cut
    assert runtime.read_list(runtime.made("text_split_at", text, separator)) == text.split(separator)


@pytest.mark.parametrize(
    "separator", ["b", "a" * 63 + "b", "a" * 64, "a" * 62 + "bb", "a" * 31 + "b" + "a" * 32], ids=short
)
@pytest.mark.parametrize("unit", ["a", "a" * 63 + "c", "a" * 31 + "b" + "a" * 31], ids=short)
def test_cutting_takes_time_in_proportion_to_the_text(counted_runtime, unit, separator):
    text = (unit * 100_000)[:100_000]
    assert counted_runtime.read_list(counted_runtime.made("text_split_at", text, separator)) == text.split(separator)
    # At most 61 a byte; comparing the separator at every place takes up to 1,349.
    assert counted_runtime.instructions < 100 * len(text)


def test_a_separator_that_the_compiler_does_not_let_through_is_a_trap(runtime):
    with pytest.raises(wasmtime.Trap):
        runtime.made("text_split_at", "a" * 100, "a" * 65)


def test_long_texts_are_compared_to_the_end(runtime):
    text = "x" * 1000
    assert runtime.call("text_order", text + "a", text + "b") < 0
    assert runtime.call("text_equal", text + "a", text + "b") == 0
    assert runtime.read(runtime.made("text_concat", text, text)) == text + text


def test_stack_and_data_of_the_library_end_below_the_steps_own_memory(runtime):
    assert runtime.exports["__heap_base"].value(runtime.store) <= RUNTIME_BYTES
