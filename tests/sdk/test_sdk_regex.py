"""Regular expressions by automata against CPython's re: the same matches, the same groups, in linear time."""

import random
import re
import unicodedata

import pytest
from generated_patterns import FLAGS, pattern, text

from totem_sdk.regex import (
    MAX_GROUPS,
    MAX_PATTERN,
    BadPatternError,
    automaton,
    find_all,
    find_first,
    read_pattern,
    split_at,
    stands_alone,
    ungrouped,
)
from totem_sdk.regex.automaton import MAX_ENTRIES, MAX_STATES
from totem_sdk.regex.steps import MAX_STEPS
from totem_sdk.unicode_table import UNICODE_VERSION

pinned = pytest.mark.skipif(unicodedata.unidata_version != UNICODE_VERSION, reason="this Python has another Unicode")


def spans(match):
    return None if match is None else tuple(match.span(group) for group in range(match.re.groups + 1))


def check(source, flags, subject):
    """Compare everything that is found in a text."""
    compiled = re.compile(source, flags)
    machine, whole = automaton(source, int(flags)), automaton(source, int(flags), whole=True)
    assert find_first(machine, subject, anywhere=True) == spans(compiled.search(subject))
    assert find_first(machine, subject, anywhere=False) == spans(compiled.match(subject))
    assert find_first(whole, subject, anywhere=False) == spans(compiled.fullmatch(subject))
    assert list(find_all(machine, subject)) == list(map(spans, compiled.finditer(subject)))
    if not compiled.groups:
        assert list(split_at(machine, subject)) == compiled.split(subject)
    check_alone(machine, whole, subject)
    always = (True, *machine.pattern.groups)
    for match in map(spans, compiled.finditer(subject)):
        assert all(span[0] >= 0 for span, certain in zip(match, always, strict=True) if certain)


def check_alone(machine, whole, subject):
    """Find the groups of every match in its own text, and all matches without groups."""
    found = list(find_all(machine, subject))
    text = ungrouped(machine.pattern)
    if text is not None and machine.pattern.groups:
        plain = automaton(text, machine.pattern.flags)
        assert list(find_all(plain, subject)) == [(spans[0],) for spans in found]
    if not stands_alone(machine.pattern):
        return
    for (first, last), *groups in found:
        again = find_first(whole, subject[first:last], anywhere=False)
        moved = [(start + first, end + first) if start >= 0 else (-1, -1) for start, end in again]
        assert moved == [(first, last), *groups]


def compare(seed, patterns):
    chance = random.Random(seed)  # noqa: S311 - test data, no secret
    while patterns:
        source, flags = pattern(chance), chance.choice(FLAGS)
        try:
            re.compile(source, flags)
            automaton(source, int(flags))
        except (re.error, BadPatternError):
            continue
        patterns -= 1
        for _ in range(10):
            check(source, flags, text(chance))


def test_generated_patterns_find_what_cpython_finds():
    compare("few", 150)


@pytest.mark.parametrize(
    ("source", "alone"),
    [
        (r"(\w)(\d)", True), (r"^(\w+): (.*)$", True), (r"\b(\w+)=(\d+)\b", True), (r"(\bx|y)", False),
        (r"\b-(\d)", False), (r"(\w+)\b(.?)", False), (r"(^|,)(\w)", False), (r"\B(\w)", False), (r"$(x)?", False),
        (r"\b(a|\d)?", False), (r"(\b(?:é|z)+)(x)", True), (r"(a)|(b)", True), (r"(?a:\b)(\d|b+)", False),
    ],
)  # fmt: skip
def test_which_matches_are_found_again_in_their_own_text(source, alone):
    found = read_pattern(source, 0)
    assert stands_alone(found) == alone
    assert ungrouped(found) is not None


@pytest.mark.slow
def test_many_generated_patterns_find_what_cpython_finds():
    compare("many", 4_000)


@pytest.mark.parametrize(
    "source",
    [
        "(a*)*", "(a*)+", "(?:|a)*c", "(a|b*)*?c", "(?:(a)|b)*", "((a)|(b))*?$", r"\B", r"(?:\b|a)*", "x*",
        "(a+|b+?)+?(?:c|$)", r"^(\w+)\s*=\s*(\S*)$", "(?i:A)b", "(?s:.)(?-s:.)", "a{0}b", "(?:a?){3}a{3}", "a{,2}b",
        "[]a]+", "", "()",
        r"(\d{1,3})\.(\d{1,3})", "(?:(a{1,2}){1,2}){1,2}", "(?x) a  # a comment", r"(?a)\w+", r"[^\d\W]+|\d",
    ],
)  # fmt: skip
def test_the_forms_that_are_easily_got_wrong(source):
    chance = random.Random(source)  # noqa: S311 - test data, no secret
    for subject in ("", "a", "aab", "b\n", "a.1", "x = é", "\n\n", *(text(chance) for _ in range(40))):
        check(source, 0, subject)


@pinned
@pytest.mark.parametrize(
    "source",
    [r"\w", r"\d", r"\s", "[k-m]", "\u017f", "[^s]", "ß", "[à-þ]", "µ", "[\u0391-\u03a9]", "ẞ", "ﬅ", "İ"],
)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.ASCII, re.IGNORECASE | re.ASCII])
def test_classes_and_case_are_those_of_cpython(source, flags):
    compiled, machine = re.compile(source, flags), automaton(source, int(flags))
    sample = {chr(code) for code in [*range(0x600), *range(0x1C80, 0x2200), *range(0x600, 0x20000, 37)]}
    for character in sorted(sample - set(map(chr, range(0xD800, 0xE000)))):
        found = find_first(machine, character, anywhere=False) is not None
        assert found == (compiled.match(character) is not None), character


def test_what_backtracking_takes_for_ever_is_found_at_once():
    long = "a" * 5_000
    assert find_first(automaton("(a*)*b", 0), long, anywhere=True) is None
    assert find_first(automaton("(a|a)*$", 0), long + "b", anywhere=False) is None
    assert find_first(automaton(r"^(\w+\s?)*$", 0), long + "!", anywhere=True) is None
    # Each match is found by looking to the end of the text, but the text is gone through once.
    assert sum(1 for _ in find_all(automaton("a.*b|a", 0), long)) == 5_000


@pytest.mark.parametrize(
    ("source", "words", "place"),
    [
        ("a(?=b)", "looks ahead", 2),
        ("(?<!a)b", "looks ahead", 1),
        ("(?!)", "looks ahead", 1),
        (r"(a)\1", "refers back", 4),
        ("a(?>b)", "atomic", 2),
        ("a*+", "possessive", 2),
        ("(a)?(?(1)b|c)", "asks whether", 5),
        ("a(b", "unterminated", 2),
        ("a" * (MAX_PATTERN + 1), "1,000 is the most", None),
        ("()" * (MAX_GROUPS + 1), "20 is the most", None),
        ("(?:" * 61 + ")" * 61, "opening brackets", None),
        (f"a{{{MAX_STEPS}}}", "steps", None),
        ("a{4294967295}", "too large", None),
        ("(?:" * 20 + "a" + "){9}" * 20, "steps", None),
        ("(?:a|b)*?(?:a.{30}|b.{20}a)(?:x|y.{30}){3}", f"{MAX_STATES:,} states or {MAX_ENTRIES:,}", None),
        ("(?L)a", "", None),
        ("(?t)a", "", None),
    ],
)
def test_what_is_refused_says_why_and_where(source, words, place):
    with pytest.raises(BadPatternError) as caught:
        automaton(source, 0)
    assert words in caught.value.message
    assert place is None or caught.value.place == place


def test_groups_that_are_in_every_match_are_known():
    assert read_pattern(r"(a)(b)?((c)|(d))(?:(e)){1,2}(f)*", 0).groups == (True, False, True, False, False, True, False)
