"""Broken sources: texts of accepted and refused programs, changed without regard to what they mean.

Characters, tokens, lines, brackets, literals and nestings are changed; most of what comes of it is no Python any more.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

__all__ = ["Breaker"]

_TOKENS = re.compile(r"\w+|[ \t]+|\n|[^\w\s]")
_BRACKETS = "()[]{}"
_ODD = (
    *"\0\t\n\r\f\v\x1a\x1b\x7f\\'\"`$?!@:;,.=*#~^|&%<>",
    *"\x85\xa0\xad\u0301\u200b\u200d\u202e\u2028\u2029\u2060\u3000\ufeff\ufffe\ufffd\ud800\udfff\ue000",
    *"éßµªǅİıſﬁ１٣²Ⅷ变の𝐱𝟘😀\U0010ffff",
)
_WORDS = (  # noqa: SIM905 - words
    "False None True and as assert async await break case class continue def del elif else except finally for from "
    "global if import in is lambda match nonlocal not or pass raise return try type while with yield print self sum "
    "__init__ __class__ mapper reducer combiner steps row := -> ** // >> << ... != <= == @ f'{' b'' r'\\' '''"
).split()
_LITERALS: tuple[Callable[[int], str], ...] = (
    lambda n: "9" * n,
    lambda n: "-" * n + "1",
    lambda n: "0x" + "f" * n,
    lambda n: "1e" + "9" * n,
    lambda n: "1" + "_0" * n,
    lambda n: "0." + "0" * n + "1j",
    lambda n: "'" + "\\u0041" * n + "'",
    lambda n: "b'" + "x" * n + "'",
    lambda n: "'\\N{BULLET}" + "\\x" * (n % 3) + "'",
    lambda n: "'%s'" % ("x\n" * (n % 3)),
    lambda n: "f'" + "{a}" * n + "'",
    lambda n: "f'{" * (n % 90) + "1" + "}'" * (n % 90),
    lambda n: "f'{a:{b:{c}}}{'" + "=!r" * (n % 5) + "'",
    lambda n: "'a' " * n,
    lambda n: "x" * n,
    lambda n: "0" * (n % 9) + "7",
)
_NESTINGS: tuple[Callable[[int, str], str], ...] = (
    lambda n, inner: "(" * n + inner + ")" * n,
    lambda n, inner: "[" * n + inner + "]" * (n - 1),
    lambda n, inner: "{" * n + inner + "}" * n,
    lambda n, inner: "f(" * n + inner + ")" * n,
    lambda n, inner: "-" * n + inner,
    lambda n, inner: "not " * n + inner,
    lambda n, inner: "lambda: " * n + inner,
    lambda n, inner: f"{inner} + " * n + inner,
    lambda n, inner: f"{inner} < " * n + inner,
    lambda n, inner: f"{inner} and not " * n + inner,
    lambda n, inner: f"{inner} if {inner} else " * n + inner,
    lambda n, inner: f"{inner} ** " * n + inner,
    lambda n, inner: inner + ".a" * n,
    lambda n, inner: inner + "[0]" * n,
    lambda n, inner: inner + "()" * n,
    lambda n, inner: f"{inner} = " * n + inner,
    lambda n, inner: f"{inner}, " * n,
    lambda n, inner: "await " * n + inner,
    lambda n, inner: "".join(f"[{inner} for i in " for _ in range(n)) + "x" + "]" * n,
)
_BLOCKS: tuple[Callable[[int], Sequence[str]], ...] = (
    lambda n: [f"{' ' * depth}if x:" for depth in range(n)],
    lambda n: [f"{' ' * depth}for i in x:" for depth in range(n)],
    lambda n: [f"{' ' * depth}def f(self):" for depth in range(n)],
    lambda n: [f"{' ' * depth}class A:" for depth in range(n)],
    lambda n: [f"{' ' * depth}try:" for depth in range(n)],
    lambda n: ["if x:", " pass", *["elif x:", " pass"] * n],
    lambda n: ["x = 1"] * n,
    lambda n: ["@f"] * n,
    lambda n: ["import a as b"] * n,
    lambda n: ["from a" + ".a" * n + " import b"],
    lambda n: ["try:", " pass", *["except a:", " pass"] * n],
    lambda n: ["yield 1, 1"] * n,
    lambda n: ["x = (" + "1, " * n] * (n % 7),
    lambda n: ["\\"] * n,
)


class Breaker:
    """Makes broken sources of whole ones, the same for a seed.

    Args:
        seed: where to begin.
        sources: programs, accepted and refused.
    """

    def __init__(self, seed: int, sources: Sequence[str]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - tests, not secrets
        self._sources = list(sources)
        self._changes: tuple[Callable[[str], str], ...] = (
            self._character,
            self._character,
            self._token,
            self._token,
            self._line,
            self._line,
            self._bracket,
            self._literal,
            self._nesting,
            self._block,
            self._cut,
            self._joined,
            self._ends,
        )

    def source(self) -> str:
        """Return the next one."""
        text = self._random.choice(self._sources)
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))):
            text = self._random.choice(self._changes)(text)
        return text

    def _many(self) -> int:
        return self._random.choice((1, 2, 5, 20, 62, 66, 99, 101, 300, 5_000, 30_000))

    def _span(self, length: int, longest: int) -> tuple[int, int]:
        start = self._random.randint(0, length)
        return start, min(length, start + self._random.randint(0, longest))

    def _character(self, text: str) -> str:
        start, stop = self._span(len(text), 2)
        count = self._random.choice((0, 1, 1, 1, 2, 40))
        return text[:start] + self._random.choice(_ODD) * count + text[stop:]

    def _token(self, text: str) -> str:
        tokens = _TOKENS.findall(text)
        start, stop = self._span(len(tokens), 3)
        found = tokens[start:stop]
        other = self._random.choice([*_WORDS, *_TOKENS.findall(self._random.choice(self._sources))])
        new: list[str] = self._random.choice(
            ([], found * 2, found[::-1], [other], [" ", other, " "], [*found, " ", other])
        )
        return "".join((*tokens[:start], *new, *tokens[stop:]))

    def _line(self, text: str) -> str:
        lines = text.split("\n")
        start, stop = self._span(len(lines), 3)
        found = lines[start:stop]
        other = self._random.choice(self._random.choice(self._sources).split("\n"))
        new = self._random.choice(
            (
                [],
                found * 2,
                found[::-1],
                [*found, other],
                [" " + line for line in found],
                ["\t" + line for line in found],
                [line[1:] for line in found],
                [line.lstrip() for line in found],
                ["; ".join(line.strip() for line in found)],
                [line + self._random.choice((":", "\\", "#", '"""', ";", ",")) for line in found],
            )
        )
        return "\n".join((*lines[:start], *new, *lines[stop:]))

    def _bracket(self, text: str) -> str:
        places = [place for place, character in enumerate(text) if character in _BRACKETS]
        place = self._random.choice(places) if places else 0
        new = self._random.choice(("", self._random.choice(_BRACKETS), text[place : place + 1] * 2))
        return text[:place] + new + text[place + 1 :]

    def _literal(self, text: str) -> str:
        return self._put(text, self._random.choice(_LITERALS)(self._many()))

    def _nesting(self, text: str) -> str:
        inner = self._random.choice(("1", "x", "self", "row", "'a'", "", "*x", "x := 1"))
        return self._put(text, self._random.choice(_NESTINGS)(self._many(), inner))

    def _put(self, text: str, new: str) -> str:
        """Return the text with something in the place of a word or a number."""
        places = [match.span() for match in re.finditer(r"\w+", text)]
        start, stop = self._random.choice(places) if places else (0, 0)
        return text[:start] + new + text[stop:]

    def _block(self, text: str) -> str:
        lines = text.split("\n")
        place = self._random.randint(0, len(lines))
        indent = re.match(r"[ \t]*", lines[place] if place < len(lines) else "")
        count = min(self._many(), 2_000)
        # Blocks within blocks are as many characters as the square of their number.
        block = self._random.choice(_BLOCKS)(min(count, 120) if self._random.random() < 0.5 else min(count, 600))
        return "\n".join((*lines[:place], *((indent[0] if indent else "") + line for line in block), *lines[place:]))

    def _cut(self, text: str) -> str:
        start, stop = self._span(len(text), len(text))
        return self._random.choice((text[:start], text[start:], text[start:stop], text[:start] + text[stop:]))

    def _joined(self, text: str) -> str:
        other = self._random.choice(self._sources)
        place = self._random.randint(0, len(text))
        return self._random.choice((text + other, text[:place] + other + text[place:], other[: len(other) // 2] + text))

    def _ends(self, text: str) -> str:
        return self._random.choice(
            (
                text.replace("\n", "\r"),
                text.replace("\n", "\r\n"),
                text.replace("\n", "\f\n"),
                text.replace("    ", "\t"),
                text.replace("    ", "\t", 3),
                text.rstrip("\n"),
                text + "\\",
                "\ufeff" + text,
                "# -*- coding: latin-1 -*-\n" + text,
                "",
            )
        )
