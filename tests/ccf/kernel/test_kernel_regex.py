"""The runtime library's regular expressions against the reference's: equal on any text, however long, and linear."""

import random
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from totem_sdk.regex import automaton, find_all, find_first, split_at

BLOCK = 32768
"""Bytes of which the runtime keeps the states at once."""

TABLES, RESULT = 12 << 20, 14 << 20
PATTERNS = ("(a)|(b+?)c", r"\b\w", "x*", r"(?P<n>\d+)[.,]?(é)?", "(?:a|b)*c$", r"(?m)^[ab]*$", r"\B", "a.*b|a", "é|😀")
TEXTS = st.text(alphabet="aabbc1x ,\né😀", max_size=20)


def put(runtime, source, *, whole=False):
    runtime.memory.set_bytes(TABLES, automaton(source, 0, whole=whole).tables)


def find(runtime, source, text, *, anywhere, whole=False):
    """Return spans as the reference gives them, after checking that the texts are those at the spans."""
    put(runtime, source, whole=whole)
    if not runtime.call("regex_find", text, TABLES, int(anywhere), RESULT):
        return None
    groups = len(automaton(source, 0).pattern.groups) + 1
    words = struct.unpack(f"<{3 * groups}q", runtime.memory.array(RESULT, "u1", 24 * groups).tobytes())
    spans = tuple(zip(words[1::3], words[2::3], strict=True))
    assert [runtime.read(word) for word in words[::3]] == [
        text[first:last] if first >= 0 else "" for first, last in spans
    ]
    return spans


@given(st.sampled_from(PATTERNS), TEXTS)
@example("x*", "")
@example(r"\B", "")
def test_matches_are_the_references(runtime, source, text):
    machine = automaton(source, 0)
    for anywhere in (True, False):
        assert find(runtime, source, text, anywhere=anywhere) == find_first(machine, text, anywhere=anywhere)
    whole = automaton(source, 0, whole=True)
    assert find(runtime, source, text, anywhere=False, whole=True) == find_first(whole, text, anywhere=False)
    put(runtime, source)
    if len(machine.pattern.groups) < 2:
        expected = [text[slice(*spans[-1])] if spans[-1][0] >= 0 else "" for spans in find_all(machine, text)]
        assert runtime.read_list(runtime.made("regex_all", text, TABLES)) == expected
        assert not expected or runtime.made("regex_all", text, TABLES, room=8 * len(expected) - 1) is None
    pieces = list(split_at(machine, text))
    assert runtime.read_list(runtime.made("regex_split", text, TABLES)) == pieces
    assert runtime.made("regex_split", text, TABLES, room=8 * len(pieces) - 1) is None


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
@pytest.mark.parametrize("letters", ["ab c", "é😀 ", "a"])
def test_texts_of_several_blocks(runtime, size, letters):
    chance = random.Random(size)  # noqa: S311 - test data, no secret
    text = "".join(chance.choice(letters) for _ in range(size // len(letters.encode()[:2])))
    text = text.encode()[:size].decode(errors="ignore") + "é"
    for source in (r"[\wé]+", "a.*é", "(?s)(.*)(😀| )", "b$"):
        machine = automaton(source, 0)
        assert find(runtime, source, text, anywhere=True) == find_first(machine, text, anywhere=True)
    put(runtime, " ")
    assert runtime.read_list(runtime.made("regex_split", text, TABLES, room=4 << 20)) == text.split(" ")


@pytest.mark.parametrize("source", ["(a*)*b", "a.*b|a", r"(\w+\s?)*$", "(a|aa)+$", "a{1,9}.*c"])
def test_searching_takes_time_in_proportion_to_the_text(counted_runtime, source):
    taken = []
    for size in (100_000, 200_000, 400_000):
        put(counted_runtime, source)
        counted_runtime.made("regex_split", "a" * size, TABLES, room=4 << 20)
        taken.append(counted_runtime.instructions / size)
    assert max(taken) < 1.2 * min(taken)
    assert max(taken) < 400
