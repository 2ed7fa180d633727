"""Random patterns, and texts that they may match; where CPython's re has a form that an automaton has too."""

import random
import re

FLAGS = (0, 0, 0, re.MULTILINE, re.DOTALL, re.IGNORECASE, re.ASCII, re.MULTILINE | re.DOTALL | re.IGNORECASE)
_SETS = ("[ab]", "[^a]", r"\w", r"\d", r"\s", r"\W", r"[a-c\d]", "é", r"[^\W\d]", r"\S")
_PLACES = ("^", "$", r"\b", r"\B", r"\A", r"\Z", "a", "b")
_REPEATS = ("*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}")


def pattern(chance: random.Random, depth: int = 4) -> str:
    """Return a pattern, nested so deep at most."""
    form = chance.randrange(12) if depth > 0 else chance.randrange(5)
    if form < 3:
        return chance.choice(("a", "b", "c", "\\n", "."))
    if form < 5:
        return chance.choice(_SETS if form == 3 else _PLACES)
    if form < 7:
        return "".join(pattern(chance, depth - 1) for _ in range(chance.randrange(1, 4)))
    inner = pattern(chance, depth - 1)
    if form < 9:
        return f"(?:{inner}|{pattern(chance, depth - 1) if chance.random() < 0.9 else ''})"
    if form == 9:
        return f"({inner}|{pattern(chance, depth - 1)})"
    return f"({'?:' if chance.random() < 0.5 else ''}{inner}){chance.choice(_REPEATS)}"


def text(chance: random.Random) -> str:
    """Return a short text of few characters."""
    return "".join(chance.choice("aabbc1 \nAé_") for _ in range(chance.randrange(9)))
