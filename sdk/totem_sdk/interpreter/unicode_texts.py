"""What kinds of characters a text is made of, and title case, by the pinned Unicode table (abstract machine, §8)."""

from __future__ import annotations

import bisect
from collections.abc import Callable

from totem_sdk import unicode_classes as table
from totem_sdk.interpreter.texts import expand, lower_at, strip, upper

__all__ = ["TEXT_TESTS", "belongs", "recased"]

_TITLE = expand(table.TITLE_RUNS, table.TITLE_SPECIAL)
_STARTS = {name: [first for first, _ in runs] for name, runs in table.CLASS_RUNS.items()}


def _is(name: str, character: str) -> bool:
    """Return whether a character is in a class of ``unicode_classes.CLASS_RUNS``."""
    position = bisect.bisect_right(_STARTS[name], ord(character)) - 1
    return position >= 0 and ord(character) <= table.CLASS_RUNS[name][position][1]


def _all_in(*classes: str) -> Callable[[str], bool]:
    return lambda text: text != "" and all(any(_is(name, character) for name in classes) for character in text)


def _in_one_case(case: str, other: str) -> Callable[[str], bool]:
    """Return whether there is a letter in one case and none in another: what has no case is passed over."""

    def test(text: str) -> bool:
        strange = any(_is(other, character) or _is("title", character) for character in text)
        return not strange and any(_is(case, character) for character in text)

    return test


_TESTS: dict[str, Callable[[str], bool]] = {
    "isalnum": _all_in("alpha", "decimal", "digit", "numeric"),
    "isalpha": _all_in("alpha"),
    "isascii": str.isascii,
    "isdecimal": _all_in("decimal"),
    "isdigit": _all_in("digit"),
    "islower": _in_one_case("lower", "upper"),
    "isnumeric": _all_in("numeric"),
    "isspace": lambda text: text != "" and strip(text, "strip") == "",
    "isupper": _in_one_case("upper", "lower"),
}

TEXT_TESTS: tuple[str, ...] = tuple(_TESTS)
"""What a text can be asked (``text_is``)."""


def belongs(text: str, test: str) -> bool:
    """Return what ``text.isalpha()`` and its like are."""
    return _TESTS[test](text)


def recased(text: str, how: str) -> str:
    """Return ``text.title()``, ``.capitalize()`` or ``.swapcase()``."""
    made: list[str] = []
    inside = False
    for position, character in enumerate(text):
        if how == "swapcase":
            change = lower_at(text, position) if _is("upper", character) else character
            made.append(upper(character) if _is("lower", character) else change)
        elif inside:
            made.append(lower_at(text, position))
        else:
            made.append(_TITLE.get(ord(character), character))
        inside = how == "capitalize" or _is("cased", character)
    return "".join(made)
