"""The inside of an f-string, read by the grammar of Python 3.11: texts, and fields with conversion and format."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["OPENING", "Field", "Part", "Reader", "WrongFieldError", "decoded"]

OPENING = re.compile(r"'''|\"\"\"|'|\"")
"""The quotes that begin a text."""
_PARTNERS = {")": "(", "]": "[", "}": "{"}
_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[\n\\'\"abfnrtv])|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<name>[^}]*)\})"
)
_PLAIN = dict(zip("\n\\'\"abfnrtv", ("", "\\", "'", '"', "\a", "\b", "\f", "\n", "\r", "\t", "\v"), strict=True))
_NESTED = "assign it to a variable above"


class WrongFieldError(Exception):
    """What stands in the braces of an f-string is not accepted: at which offset of the source, why, what helps."""

    def __init__(self, offset: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Field:
    """A replacement field: where its expression stands in the source, its conversion and its format.

    ``shown`` is the text of ``{x=}`` up to the value.
    """

    start: int
    end: int
    shown: str = ""
    conversion: str = ""
    spec: tuple[str | Field, ...] | None = None


Part = str | Field


def decoded(text: str, *, raw: bool) -> str:
    """Return what a piece of a text's source stands for; ``ast`` has found no fault in its escapes."""
    return text if raw or "\\" not in text else _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if match["plain"] is not None:
        return _PLAIN[match["plain"]]
    if match["octal"] is not None:
        return chr(int(match["octal"], 8))
    for kind in "xuU":
        if match[kind] is not None:
            code = int(match[kind], 16)
            return chr(code) if code <= 0x10FFFF else ""
    try:
        return str(ast.literal_eval(f'"{match[0]}"'))
    except (SyntaxError, ValueError):
        return ""  # ast refuses it as well, with its place


class Reader:
    """Reads the inside of one f-string, ``source[start:end]``."""

    def __init__(self, source: str, start: int, end: int, *, raw: bool) -> None:
        self.source = source
        self.place = start
        self.end = end
        self.raw = raw

    def parts(self) -> Iterator[Part]:
        """Yield texts and fields."""
        start = self.place
        while self.place < self.end:
            character = self.source[self.place]
            if character == "\\" and not self.raw:
                self._skip_escape()
            elif character not in "{}":
                self.place += 1
            elif self.source[self.place + 1 : min(self.place + 2, self.end)] == character:
                yield decoded(self.source[start : self.place + 1], raw=self.raw)
                self.place += 2
                start = self.place
            elif character == "}":
                raise WrongFieldError(self.place, "a single } in an f-string", "write }}")
            else:
                yield decoded(self.source[start : self.place], raw=self.raw)
                yield self._field(nested=False)
                start = self.place
        yield decoded(self.source[start : self.end], raw=self.raw)

    def _skip_escape(self) -> None:
        following = self.source[self.place + 1 : self.end]
        if following[:1] in ("{", "}"):
            raise WrongFieldError(self.place, "a backslash before a brace of an f-string", "write two backslashes")
        if following[:2] == "N{" and (length := self.source.find("}", self.place, self.end)) >= 0:
            self.place = length + 1
        else:
            self.place += 2

    def _field(self, *, nested: bool) -> Field:
        opening = self.place
        self.place += 1
        start = self.place
        self._skip_expression()
        end = self.place
        if not self.source[start:end].strip():
            raise WrongFieldError(opening, "the braces of an f-string are empty", "write {{ and }} for the characters")
        shown = conversion = ""
        spec: tuple[Part, ...] | None = None
        if self._at() == "=":
            self.place += 1
            while self._at() in (" ", "\t", "\f"):
                self.place += 1
            shown = self.source[start : self.place]
        if self._at() == "!":
            conversion = self.source[self.place + 1 : min(self.place + 2, self.end)]
            if conversion not in ("r", "s", "a"):
                raise WrongFieldError(self.place, "a conversion that Python does not have", "there are !s and !r")
            self.place += 2
        if self._at() == ":":
            self.place += 1
            spec = tuple(self._spec(nested=nested))
        if self._at() != "}":
            raise WrongFieldError(
                opening, "the braces of an f-string don't end in it", "quotes in the braces must be others than around"
            )
        self.place += 1
        return Field(start, end, shown, conversion, spec)

    def _at(self) -> str:
        return self.source[self.place] if self.place < self.end else ""

    def _spec(self, *, nested: bool) -> Iterator[Part]:
        start = self.place
        while (character := self._at()) not in ("", "}"):
            if character == "{":
                if nested:
                    raise WrongFieldError(self.place, "braces in a format in a format", _NESTED)
                yield self.source[start : self.place]
                yield self._field(nested=True)
                start = self.place
                continue
            if character in "\\\n":
                what = "a backslash" if character == "\\" else "the end of a line"
                raise WrongFieldError(self.place, f"{what} in the format of an f-string", "use format()")
            self.place += 1
        yield self.source[start : self.place]

    def _skip_expression(self) -> None:
        """Go to where the expression ends: CPython 3.11's ``fstring_find_expr``."""
        brackets: list[str] = []
        while (character := self._at()) != "":
            self._allowed(character)
            match character:
                case "'" | '"':
                    self._skip_text()
                    continue
                case "(" | "[" | "{":
                    brackets.append(character)
                case ")" | "]" | "}" if brackets:
                    if brackets.pop() != _PARTNERS[character]:
                        raise WrongFieldError(self.place, f"{character} closes another bracket")
                case ")" | "]":
                    raise WrongFieldError(self.place, f"{character} closes nothing")
                case "}" | ":" if not brackets:
                    return
                case "!" | "=" | "<" | ">" if not brackets:
                    if self.source[self.place + 1 : min(self.place + 2, self.end)] == "=":
                        self.place += 1
                    elif character in "!=":
                        return
            self.place += 1

    def _allowed(self, character: str) -> None:
        """Refuse what Python 3.11 has not in the braces, at this place."""
        what = {"\\": "a backslash", "\n": "the end of a line", "#": "a #"}.get(character)
        if what is not None:
            raise WrongFieldError(self.place, f"{what} in the braces of an f-string", _NESTED)

    def _skip_text(self) -> None:
        """Go behind a text in the braces; its quotes are not those around, so it ends where they come again."""
        opening = OPENING.match(self.source, self.place, self.end)
        quotes = self.source[self.place] if opening is None else opening[0]
        start = self.place + len(quotes)
        if self.source[self.place - 1] in "fF" or self.source[self.place - 2 : self.place].lower() == "fr":
            raise WrongFieldError(self.place, "an f-string in an f-string", _NESTED)
        found = self.source.find(quotes, start, self.end)
        if found < 0:
            raise WrongFieldError(self.place, "a text in the braces of an f-string does not end in it")
        while self.place < found:
            self._allowed(self.source[self.place])
            self.place += 1
        self.place = found + len(quotes)
