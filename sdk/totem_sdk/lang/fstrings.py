"""F-strings: found among the tokens, read by the grammar of Python 3.11, put into the tree as nodes with their places.

``ast`` reads them in its own way in each version of Python, with other places, and in time that grows with the square
of their fields. So it gets the source with every f-string as a plain text of the same length (``u"…"``), and what the
texts of its tree were is put in their place afterwards: a program is the same, or refused at the same place, wherever
it is compiled. What newer versions of Python take beyond 3.11 is refused.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from totem_sdk.lang.fields import OPENING, Field, Part, Reader, WrongFieldError, decoded
from totem_sdk.lang.holes import Hole

__all__ = ["Texts", "with_f_strings"]

_PREFIXES = frozenset({"f", "fr", "rf", "r", "u"})


@dataclass(frozen=True, slots=True)
class _Text:
    """One text among the tokens: the place of its quotes in the tree (line, byte), its parts, None if no f-string."""

    place: tuple[int, int]
    parts: tuple[Part, ...] | None
    source: str
    raw: bool


class Texts:
    """Gathers the texts of a source, token by token."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[_Text] = []
        self.fields: dict[int, tuple[int, int]] = {}
        self._prefixes: list[tuple[int, int]] = []
        self._word = (0, 0)
        self._seen = (0, 1, 0)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and byte of a place; places are asked for in their order, so that all take linear time."""
        seen, line, column = self._seen
        ends = self.source.count("\n", seen, offset)
        if ends:
            line += ends
            seen, column = self.source.rindex("\n", seen, offset) + 1, 0
        column += len(self.source[seen:offset].encode())
        self._seen = (offset, line, column)
        return line, column

    def token(self, token: re.Match[str]) -> Iterator[Field]:
        """Take the next token; yield the fields of a text that is an f-string.

        Raises:
            WrongFieldError: it is one that is not accepted.
        """
        if token.lastgroup == "word":
            self._word = token.span()
        if token.lastgroup != "text":
            return
        start, end = token.span()
        prefix = self.source[self._word[0] : start].lower() if self._word[1] == start else ""
        prefix = prefix if prefix in _PREFIXES else ""
        opening = OPENING.match(token[0])
        width = 1 if opening is None else len(opening[0])
        raw, place = "r" in prefix, self.place(start)
        if "f" not in prefix:
            self.found.append(_Text(place, None, token[0][width:-width], raw))
            return
        self._prefixes.append((start - len(prefix), start))
        try:
            parts = tuple(Reader(self.source, start + width, end - width, raw=raw).parts())
        except WrongFieldError:
            # It stays in the tree as a text.
            self.found.append(_Text(place, None, "", raw=True))
            raise
        self.found.append(_Text(place, parts, "", raw))
        for part in parts:
            if isinstance(part, Field):
                yield from self._known(part)

    def _known(self, field: Field) -> Iterator[Field]:
        """Note the place of a field, and of those in its format."""
        self.fields[field.start] = self.place(field.start)
        yield field
        for part in field.spec or ():
            if isinstance(part, Field):
                yield from self._known(part)

    def without_f(self) -> str:
        """Return the source with each f-string as a plain text of the same length."""
        parts: list[str] = []
        done = 0
        for start, end in self._prefixes:
            parts += (self.source[done:start], " r" if end - start == 2 else "u")
            done = end
        return "".join((*parts, self.source[done:]))


def with_f_strings(tree: ast.Module, texts: Texts, refuse: Callable[[ast.expr, str], None]) -> bool:
    """Put f-strings into the tree in place of the texts that stand for them; return whether there are any.

    ``refuse`` is told of fields that hold no expression.
    """
    if all(text.parts is None for text in texts.found):
        return False
    places = [text.place for text in texts.found]
    pending: list[ast.AST] = [tree]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while pending:
            node = pending.pop()
            for name, value in ast.iter_fields(node):
                for position, child in enumerate(value if isinstance(value, list) else [value]):
                    made = _joined(child, texts, places, refuse) if _is_text(child) else None
                    if made is None:
                        pending += [child] if isinstance(child, ast.AST) else []
                    elif isinstance(value, list):
                        value[position] = made
                    else:
                        setattr(node, name, made)
    return True


def _is_text(node: object) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _joined(
    node: ast.Constant, texts: Texts, places: list[tuple[int, int]], refuse: Callable[[ast.expr, str], None]
) -> ast.JoinedStr | None:
    """Return a text as an f-string, if it, or a text that stands beside it, is one."""
    end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
    first = bisect_left(places, (node.lineno, node.col_offset))
    found = texts.found[first : bisect_left(places, end)]
    if all(text.parts is None for text in found):
        return None
    parts: list[Part] = []
    for text in found:
        parts += [decoded(text.source, raw=text.raw)] if text.parts is None else text.parts
    made = _tree(texts, parts, node, refuse)
    # The f of a raw text is a space in what ast has read.
    line, column = places[first]
    made.lineno, made.col_offset = line, min(node.col_offset, column)
    if found[0].parts is not None and found[0].raw:
        made.col_offset = column - 2
    return made


def _tree(texts: Texts, parts: list[Part], at: ast.expr, refuse: Callable[[ast.expr, str], None]) -> ast.JoinedStr:
    values: list[ast.expr] = []
    said: list[str] = []

    def say() -> None:
        if text := "".join(said):
            values.append(ast.copy_location(ast.Constant(text), at))
        said.clear()

    for part in parts:
        if isinstance(part, str):
            said.append(part)
            continue
        said.append(part.shown)
        say()
        value = _expression(texts, part, at, refuse)
        spec = None if part.spec is None else _tree(texts, list(part.spec), value, refuse)
        bare = bool(part.shown) and part.spec is None and not part.conversion
        conversion = ord(part.conversion or "r") if part.conversion or bare else -1
        values.append(ast.copy_location(ast.FormattedValue(value, conversion, spec), value))
    say()
    return ast.copy_location(ast.JoinedStr(values), at)


def _expression(texts: Texts, field: Field, at: ast.expr, refuse: Callable[[ast.expr, str], None]) -> ast.expr:
    """Return the expression of a field, with its places in the source."""
    line, column = texts.fields[field.start]
    text = texts.source[field.start : field.end]
    place = ast.copy_location(Hole(), at)
    place.lineno = place.end_lineno = line
    place.col_offset = place.end_col_offset = column + len(text) - len(text.lstrip())
    try:
        parsed = ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, ValueError):
        refuse(place, "what stands in the braces of an f-string is no expression")
        return place
    except (RecursionError, MemoryError):
        refuse(place, "what stands in the braces of an f-string is nested too deeply")
        return place
    for part in ast.walk(parsed):
        if isinstance(part, ast.expr | ast.keyword | ast.arg):
            # One character is the bracket's.
            part.lineno = part.end_lineno = line
            part.col_offset += column - 1
            part.end_col_offset = (part.end_col_offset or 0) + column - 1
    return parsed
