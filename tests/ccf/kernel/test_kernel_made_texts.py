"""The runtime library's searching, cutting and making of texts against CPython: equal, and linear."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from totem_ccf.kernel.charsets import charset, others
from totem_ccf.kernel.rules.made_texts import _CASES, _CUTS, _PADS, _TESTS
from totem_sdk import unicode_table
from totem_sdk.interpreter import texts
from totem_sdk.interpreter.text_effects import TEXT_SIZES
from totem_sdk.interpreter.unicode_texts import TEXT_TESTS, belongs, recased
from totem_sdk.limits import MEMORY_BYTES

pinned = pytest.mark.skipif(
    unicodedata.unidata_version != unicode_table.UNICODE_VERSION, reason="this Python has another Unicode"
)
WORDS = st.text(alphabet="ab \t\n\x1c\x85\u2003AÄß\u03a3\u03c3\u017fİ😀,;_ǅŉ1²½Ⅷ\r\u2028\x0b\u0345ªʰ'-+", max_size=14)
FEW = st.text(alphabet="abä€", max_size=9)
PAIRS = st.tuples(WORDS, WORDS) | st.tuples(FEW, FEW) | st.tuples(st.text("ab", max_size=30), st.text("ab", max_size=6))
POSITIONS = st.integers(-9, 9) | st.sampled_from([2**63 - 1, -(2**63)])
LIMITS = st.integers(-1, 3)


@given(PAIRS)
@example(("aabaabaaab", "aabaaab"))
@example(("abababab", "abab"))
@example(("", ""))
@example(("a" * 9, "aa"))
def test_searching(runtime, pair):
    text, wanted = pair
    assert runtime.call("text_contains", text, wanted) == (wanted in text)
    found = [runtime.call("text_find", text, wanted, how) for how in range(3)]
    assert found == [text.find(wanted), text.rfind(wanted), text.count(wanted)]
    assert runtime.read(runtime.call("text_remove", text, wanted, 0)) == text.removeprefix(wanted)
    assert runtime.read(runtime.call("text_remove", text, wanted, 1)) == text.removesuffix(wanted)
    if wanted:
        for side, name in ((1, "lstrip"), (2, "rstrip"), (3, "strip")):
            found = runtime.call("text_strip_of", text, others(wanted), *charset(wanted), side)
            assert runtime.read(found) == getattr(text, name)(wanted)


@given(PAIRS, FEW, st.integers(0, 3) | st.just(99))
def test_replacing(runtime, pair, new, most):
    text, old = pair
    count = min(text.count(old), most)
    expected = text.replace(old, new, count)
    size = len(expected.encode())
    assert runtime.call("replaced_bytes", text, old, new, count) == TEXT_SIZES["replaced"]((text, old, new, count))
    assert runtime.call("replaced_bytes", text, old, new, count) == size
    assert runtime.read(runtime.made("text_replace", text, old, new, count, room=size)) == expected
    assert size == 0 or runtime.made("text_replace", text, old, new, count, room=size - 1) is None


@given(WORDS | FEW, POSITIONS, POSITIONS, POSITIONS.filter(bool))
@example("abc", 9, -(2**63), -1)
@example("äöü", 0, 2**63 - 1, 2**63 - 1)
def test_parts(runtime, text, start, stop, step):
    expected = text[start:stop:step]
    room = 0 if step == 1 else len(expected.encode())
    assert runtime.read(runtime.made("text_slice", text, start, stop, step, room=room)) == expected
    assert room == 0 or runtime.made("text_slice", text, start, stop, step, room=room - 1) is None
    found = runtime.call("text_at", text, start)
    if -len(text) <= start < len(text):
        assert runtime.read(found) == text[start]
    else:
        assert found == -1
    assert runtime.call("text_code", text) == (ord(text) if len(text) == 1 else -1)


@given(PAIRS, LIMITS)
def test_cutting_with_a_limit(runtime, pair, limit):
    text, separator = pair
    for how in ("split", "rsplit"):
        for wanted in (separator, "") if separator else ("",):
            expected = list(getattr(text, how)(wanted or None, limit))
            assert list(texts.pieces(text, how, wanted or None, limit)) == expected
            made = runtime.made("text_cut", text, wanted, limit, _CUTS[how], room=8 * len(expected))
            assert runtime.read_list(made) == expected
            if expected:
                assert runtime.made("text_cut", text, wanted, limit, _CUTS[how], room=8 * len(expected) - 1) is None
    for how, expected in (("splitlines", text.splitlines()), ("list", list(text))):
        assert list(texts.pieces(text, how, None, -1)) == expected
        assert runtime.read_list(runtime.made("text_cut", text, "", -1, _CUTS[how])) == expected


@given(WORDS, st.integers(-2, 20), st.sampled_from(["x", "é", "😀"]))
def test_filling_up_and_repeating(runtime, text, width, fill):
    for how, number in _PADS.items():
        given_fill = "0" if how == "zfill" else fill
        expected = text.zfill(width) if how == "zfill" else getattr(text, how)(width, given_fill)
        size = len(expected.encode())
        assert runtime.call("padded_bytes", text, width, given_fill, len(text)) == size
        made = runtime.made("text_pad", text, width, given_fill, len(text), number, room=size)
        assert runtime.read(made) == expected
    assert runtime.call("repeated_bytes", text, width) == len((text * width).encode())
    assert runtime.read(runtime.made("text_repeat", text, width)) == text * width


@pytest.mark.parametrize("times", [1 << 26, (1 << 26) + 1, 2**63 - 1])
def test_what_is_larger_than_all_memory_is_charged_like_all_memory(runtime, times):
    assert runtime.call("repeated_bytes", "ab", times) == TEXT_SIZES["repeated"](("ab", times)) == MEMORY_BYTES
    assert runtime.call("padded_bytes", "ab", times, "x", 2) == TEXT_SIZES["padded"](("ab", times, "x", 2))
    assert runtime.made("text_repeat", "ab", times) is None
    assert runtime.made("text_pad", "ab", times, "x", 2, 0) is None


@given(st.lists(WORDS, max_size=6).map(" ".join), FEW)
def test_joining(runtime, text, separator):
    parts = list(texts.cut(text, None))
    pieces = runtime.made("text_split", text)
    # The separator lies behind the text in memory.
    packed = runtime.text(separator)
    size = runtime.exports["joined_bytes"](runtime.store, packed, pieces)
    expected = separator.join(parts)
    assert size == len(expected.encode()) + 8 * len(parts) == TEXT_SIZES["joined"]((separator, parts))
    where = runtime.WHERE + (1 << 20)
    made = runtime.exports["text_join"](runtime.store, packed, pieces, where, len(expected.encode()))
    assert runtime.read(made) == expected


@given(WORDS | st.text(max_size=8))
def test_kinds_and_case(runtime, text):
    for test, number in _TESTS.items():
        assert runtime.call("text_is", text, number) == belongs(text, test), test
    for how, number in _CASES.items():
        assert runtime.read(runtime.made("text_recase", text, number)) == recased(text, how), how


@pinned
@given(WORDS)
def test_kinds_and_case_are_those_of_cpython(text):
    assert [belongs(text, test) for test in TEXT_TESTS] == [getattr(text, test)() for test in TEXT_TESTS]
    assert [recased(text, how) for how in _CASES] == [getattr(text, how)() for how in _CASES]


@pinned
@pytest.mark.slow
def test_many_characters_have_their_kinds_and_their_case(runtime):
    everything = [chr(code) for code in (*range(0x3000), *range(0x3000, sys.maxunicode + 1, 41))]
    everything = [character for character in everything if not "\ud800" <= character <= "\udfff"]
    for how, number in _CASES.items():
        for start in range(0, len(everything), 5000):
            text = ".".join(everything[start : start + 5000])
            assert runtime.read(runtime.made("text_recase", text, number)) == getattr(text, how)()
    for character in everything[::9]:
        for test, number in _TESTS.items():
            assert runtime.call("text_is", character, number) == getattr(character, test)(), (test, character)


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ("a", "b"),
        ("a", "a" * 5000 + "b"),
        ("a", "b" + "a" * 5000),
        ("ab", "ab" * 2000 + "aa"),
        ("a" * 99 + "b", "a" * 50 + "b" + "a" * 99),
        ("aab", "aab" * 1000 + "b"),
        ("a", "a" * 30_000),
        ("ab", "ba" * 15_000),
    ],
    ids=lambda text: f"{text[:3]}{len(text)}",
)
def test_searching_takes_time_in_proportion_to_both_texts(counted_runtime, unit, wanted):
    text = (unit * 100_000)[:100_000]
    for how, expected in enumerate((text.find(wanted), text.rfind(wanted), text.count(wanted))):
        assert counted_runtime.call("text_find", text, wanted, how) == expected
        assert counted_runtime.instructions < 100 * (len(text) + len(wanted))
    count = text.count(wanted)
    replaced = counted_runtime.made("text_replace", text, wanted, "c", count)
    assert counted_runtime.read(replaced) == text.replace(wanted, "c")
    assert counted_runtime.instructions < 100 * (len(text) + len(wanted))


def test_slices_take_time_in_proportion_to_the_text(counted_runtime):
    text = "aä" * 50_000
    for step in (1, 2, 3, 49_999, -1, -2, -49_999):
        made = counted_runtime.made(
            "text_slice", text, 0 if step > 0 else 2**63 - 1, -(2**63) if step < 0 else 2**62, step
        )
        assert counted_runtime.read(made) == text[::step]
        assert counted_runtime.instructions < 200 * len(text.encode())


def test_stripping_takes_time_by_the_text_and_not_by_the_set(counted_runtime):
    far = "".join(chr(0x100 + i) for i in range(32))
    small = [others(far[-1]), *charset(far[-1]), 3]
    text = far[-1] * 1000
    counted_runtime.call("text_strip_of", text, *small)
    once = counted_runtime.instructions
    assert counted_runtime.read(counted_runtime.call("text_strip_of", text, others(far), *charset(far), 3)) == ""
    assert counted_runtime.instructions < 6 * once
    ascii_ = "".join(chr(code) for code in range(64, 128))
    counted_runtime.call("text_strip_of", ascii_[-1] * 2000, others(ascii_), *charset(ascii_), 3)
    assert counted_runtime.instructions < 2 * once
