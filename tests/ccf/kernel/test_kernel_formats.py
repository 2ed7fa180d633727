"""The runtime library's texts of numbers against CPython: the shortest one, and every format."""

import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from totem_sdk.interpreter.text_effects import TEXT_SIZES

INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-1000, 1000)
BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
POWERS = st.integers(-1074, 1023).map(lambda exponent: math.ldexp(1.0, exponent))
FLOATS = (
    BITS
    | POWERS
    | POWERS.map(lambda power: math.nextafter(power, 0.0))
    | st.builds(lambda digits, exponent: float(f"{digits}e{exponent}"), st.integers(-999, 999), st.integers(-330, 308))
    | st.integers(-(10**7), 10**7).map(lambda n: n / 1000)
    | st.integers(-(10**6), 10**6).map(lambda n: n / 8)
    | st.sampled_from(
        [0.0, -0.0, math.inf, -math.inf, math.nan, 9.5, 99.5, 999999.5, 1e16, 1e15, 9.995, 1e-4, 9.9999e-5]
    )
)
FILLS, SIGNS = st.sampled_from(["*", "é", " ", "0"]), st.sampled_from(["", "+", " "])
WIDTHS, PRECISIONS = st.sampled_from([0, 1, 7, 30]), st.sampled_from([-1, 0, 1, 2, 6, 17, 60, 100])


def written(width, precision, type_, *, align, sign="", group="", prefix=False):
    """Return a format as one number (``runtime/format.c``)."""
    spec = width | prefix << 15 | (precision + 1) << 16
    for place, character in ((32, type_), (40, align), (48, sign), (56, group)):
        spec |= ord(character) << place if character else 0
    return spec


@given(FLOATS)
@example(5e-324)
@example(2.0**-44)
@example(9007199254740993.0)
@example(1.7976931348623157e308)
def test_the_shortest_text_of_a_float(runtime, value):
    expected = repr(value)
    assert runtime.read(runtime.made("float_text", value)) == expected
    assert runtime.made("float_text", value, room=len(expected) - 1) is None


@given(FLOATS, st.sampled_from(["", *"eEfFgG%"]), st.sampled_from("<>^="), st.data())
def test_formats_of_floats(runtime, value, type_, align, data):
    width, precision, fill, sign = (data.draw(part) for part in (WIDTHS, PRECISIONS, FILLS, SIGNS))
    group = data.draw(st.sampled_from(["", ",", "_"])) if (fill, align) != ("0", "=") else ""
    digits = "" if precision < 0 else f".{precision}"
    expected = format(value, f"{fill}{align}{sign}{width or ''}{group}{digits}{type_}")
    spec = written(width, precision, type_, align=align, sign=sign, group=group)
    assert runtime.read(runtime.made("format_float", value, spec, fill)) == expected
    assert runtime.made("format_float", value, spec, fill, room=len(expected.encode()) - 1) is None


@pytest.mark.parametrize("precision", [0, 1, 2, 5, 16])
def test_halves_are_rounded_to_even(runtime, precision):
    for number in range(200):
        value = (number + 0.5) / 2.0 ** min(precision, 10)
        for type_ in "ef":
            spec = written(0, precision, type_, align=">")
            assert runtime.read(runtime.made("format_float", value, spec, " ")) == format(value, f".{precision}{type_}")


@given(INTS, st.sampled_from(["", *"dboxX"]), st.sampled_from("<>^="), st.data())
def test_formats_of_ints(runtime, value, type_, align, data):
    width, fill, sign, prefix = (data.draw(part) for part in (WIDTHS, FILLS, SIGNS, st.booleans()))
    group = data.draw(st.sampled_from(["", "_"])) if (fill, align) != ("0", "=") else ""
    expected = format(value, f"{fill}{align}{sign}{'#' if prefix else ''}{width or ''}{group}{type_}")
    spec = written(width, -1, type_, align=align, sign=sign, group=group, prefix=prefix)
    assert runtime.read(runtime.made("format_int", value, spec, fill)) == expected


@given(st.text("aä€😀", max_size=9), st.sampled_from("<>^"), st.data())
def test_formats_of_texts(runtime, text, align, data):
    width, precision, fill = (data.draw(part) for part in (WIDTHS, PRECISIONS, FILLS))
    expected = format(text, f"{fill}{align}{width or ''}{'' if precision < 0 else f'.{precision}'}")
    spec = written(width, precision, "", align=align)
    assert runtime.read(runtime.made("format_text", text, spec, fill)) == expected


@given(FLOATS)
@example(2.2250738585072014e-308)
def test_far_numbers_are_charged_alike(runtime, value):
    assert runtime.call("far_exponent", value) == TEXT_SIZES["wanted"]((value, 0))


@pytest.mark.parametrize("type_", "efg")
def test_a_format_takes_time_in_proportion_to_what_is_charged(counted_runtime, type_):
    for value in (1.5, 1e15, 1.2345e100, 1.7e308, 1.2345e-100, 5e-324, 1.2345678901234567e-308):
        for precision in (0, 6, 20, 100):
            counted_runtime.made("format_float", value, written(0, precision, type_, align=">"), " ")
            charged = 8 + TEXT_SIZES["wanted"]((value, precision))
            assert counted_runtime.instructions < 500 * charged, (value, precision)
