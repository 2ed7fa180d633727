"""First pass: the limits of the source, checked on its characters before ``ast`` sees it, then its syntax tree.

Everything here is linear in the source. ``ast`` gives columns in UTF-8 bytes; ``Source.at`` gives them in characters.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from totem_sdk.lang.fields import WrongFieldError
from totem_sdk.lang.findings import At, Findings
from totem_sdk.lang.fstrings import Texts, with_f_strings
from totem_sdk.lang.nodes import every_child
from totem_sdk.limits import SOURCE_BYTES

__all__ = ["MAX_DEPTH", "MAX_LINES", "MAX_NODES", "Source", "check_is_program", "nesting", "parse"]

MAX_LINES = 5_000
MAX_NODES = 12_000
"""Most statements and expressions."""

MAX_DEPTH = 64
"""Deepest nesting: of brackets in the text, and of nodes in the syntax tree."""

_PARSING = threading.Lock()
"""Held while Python's warnings are off: they are the whole process's."""

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*+)
    | (?P<text>
          \"\"\"(?:[^"\\]|\\.|"(?!""))*+(?:\"\"\"|\\?\Z)
        | '''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\\?\Z)
        | "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?:"|\\?\Z|(?=\n))
        | '[^'\\\n]*+(?:\\.[^'\\\n]*+)*+(?:'|\\?\Z|(?=\n))
      )
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<word>[0-9A-Za-z_\x80-\U0010ffff]++)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Source:
    """A source that is within the limits, and its syntax tree; ``names`` may hold letters beyond ASCII."""

    filename: str
    lines: tuple[str, ...]
    tree: ast.Module
    names: frozenset[str] = frozenset()

    def at(self, node: ast.AST) -> At:
        """Return the place where a node begins; of an attribute, that of its name."""
        if isinstance(node, ast.Attribute) and node.end_lineno is not None and node.end_col_offset is not None:
            end = self._at(node.end_lineno, node.end_col_offset)
            before = self.lines[end.line - 1][: end.column - 1]
            if before.isascii() or before.endswith(node.attr):
                return At(end.line, end.column - len(node.attr))
            # The tree has the name normalised, in which one letter may be four.
            return At(end.line, end.column - len(before[before.rfind(".") + 1 :].lstrip()))
        return self._at(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def _at(self, line: int, offset: int) -> At:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if not text.isascii():
            offset = len(text.encode()[:offset].decode(errors="replace"))
        return At(line, offset + 1)


_CODE = re.compile(r"^[ \t\ufeff]*(?:class|def|from|import|return|yield)\b", re.MULTILINE)
_RECORD = re.compile(r"[^,;\t|]*+([,;\t|]).*+")


def check_is_program(text: str) -> None:
    """Do nothing if the text may be a program.

    Raises:
        Refused: it is data: records, one a line, and not a line of a program among them.
    """
    lines = [line for line in text[:10_000].removeprefix("\ufeff").splitlines() if line.strip()][:20]
    separators = {match[1] if (match := _RECORD.fullmatch(line)) else None for line in lines}
    records = len(lines) > 1 and len(separators) == 1 and None not in separators
    objects = bool(lines) and all(line[0] in "[{" for line in lines)
    if not (records or objects) or _CODE.search(text):
        return
    findings = Findings()
    findings.add(At(1, 1), "syntax", "this is data and not a program", "give the job's file first, then the data")
    raise findings.refused()


def parse(text: str, filename: str, findings: Findings, names: frozenset[str] | None = frozenset()) -> Source:
    """Check the limits and parse; ``names`` are the columns' names (they may hold letters beyond ASCII).

    None: they are not known yet, so that any name may be a column's.

    What leaves a tree to go on with is added to ``findings``: f-strings that are not accepted, which stand in the tree
    as texts, and names that are not ASCII.

    Raises:
        Refused: the source is too large, nested too deeply, not Unicode, or not Python.
    """
    given = text
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(text.split("\n"))
    _check_size(given, lines, findings)
    findings.check()
    texts = _check_tokens(text, names, findings)
    if texts is None:
        raise findings.refused()
    wrong = Findings()
    tree = _parse(texts.without_f(), filename, wrong)
    if wrong:
        # What the tokens showed comes first: it may be all that is wrong.
        findings.check()
        raise wrong.refused()
    source = Source(filename, lines, tree, names or frozenset())
    _check_tree(source, wrong)
    if not wrong and _with_f_strings(source, texts, findings):
        _check_tree(source, wrong)
    if wrong:
        findings.extend(wrong)
        raise findings.refused()
    return source


def _with_f_strings(source: Source, texts: Texts, findings: Findings) -> bool:
    def refuse(node: ast.expr, message: str) -> None:
        findings.add(source.at(node), "f-string", message, "write an expression of Python 3.11")

    with _PARSING:
        return with_f_strings(source.tree, texts, refuse)


def _check_size(text: str, lines: tuple[str, ...], findings: Findings) -> None:
    for number, line in enumerate(lines[: MAX_LINES + 1], start=1):
        for position, character in enumerate(line) if not line.isascii() or "\0" in line else ():
            if character == "\0":
                return findings.add(At(number, position + 1), "null-byte", "the source holds a null byte")
            if "\ud800" <= character <= "\udfff":
                return findings.add(At(number, position + 1), "encoding", "half of a surrogate pair is no character")
    if len(lines) > MAX_LINES:
        return findings.add(At(MAX_LINES + 1, 1), "too-large", f"the source has more than {MAX_LINES} lines")
    if len(text) > SOURCE_BYTES or len(text.encode(errors="replace")) > SOURCE_BYTES:
        return findings.add(At(1, 1), "too-large", f"the source has more than {SOURCE_BYTES:,} bytes")
    return None


def _check_tokens(text: str, names: frozenset[str] | None, findings: Findings) -> Texts | None:
    """Return the texts of the source, f-strings among them. None if it is nested too deeply, or has too many fields."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(offset: int) -> At:
        line = bisect_right(starts, offset)
        return At(line, offset - starts[line - 1] + 1)

    def add(offset: int, code: str, message: str, hint: str | None = None) -> None:
        findings.add(place(offset), code, message, hint)

    texts = Texts(text)
    number = 0
    for token in _checked_tokens(text, (0, len(text)), names, add):
        try:
            for field in texts.token(token):
                number += 1
                if number > MAX_NODES:
                    add(field.start, "too-large", f"f-strings have more than {MAX_NODES} fields")
                    return None
                for _ in _checked_tokens(text, (field.start, field.end), names, add):
                    pass
        except WrongFieldError as error:
            add(error.offset, "f-string", error.message, error.hint)
    return None if "too-deep" in findings.codes else texts


def _checked_tokens(
    text: str, within: tuple[int, int], names: frozenset[str] | None, add: Callable[..., None]
) -> Iterator[re.Match[str]]:
    """Yield the tokens of a part of the source, and end with the first that is nested too deeply."""
    depth = names_in_a_row = 0
    done = within[0]
    for token in _TOKEN.finditer(text, *within):
        joined = token.lastgroup == "word" and text[done : token.start()].replace("\\\n", "").strip() == "."
        names_in_a_row, done = names_in_a_row + 1 if joined else 0, token.end()
        if names_in_a_row > MAX_DEPTH:
            # Refused before ast sees it: ast takes quadratic time for the name of a module.
            add(token.start(), "too-deep", f"more than {MAX_DEPTH} names are joined by dots")
            return
        if token.lastgroup == "open":
            depth += 1
            if depth > MAX_DEPTH:
                add(token.start(), "too-deep", f"brackets are nested more than {MAX_DEPTH} deep")
                return
        elif token.lastgroup == "close":
            depth = max(0, depth - 1)
        elif names is not None and token.lastgroup == "word" and not token[0].isascii() and token[0] not in names:
            position = next(index for index, character in enumerate(token[0]) if not character.isascii())
            character = token[0][position]
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            message = f"the character {shown} is not allowed outside texts and comments"
            add(token.start() + position, "identifier", message)
        yield token


def _parse(text: str, filename: str, findings: Findings) -> ast.Module:
    try:
        # Python warns of `1if x` and "\d". Settings of the process (PYTHONWARNINGS) would show that, with a line of
        # whatever file has this name here, or make it an error: then one ledger's node refused what another accepts.
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, filename)
    except SyntaxError as error:
        lines = text.split("\n")
        line = min(max(1, error.lineno or 1), len(lines))
        # Python counts some columns in bytes.
        column = min(max(1, error.offset or 1), len(lines[line - 1]) + 1)
        message = error.msg if "too many" not in error.msg else "too many levels of indentation"
        code = "too-deep" if "too many" in error.msg else "syntax"
        findings.add(At(line, column), code, f"not Python: {message}")
    except (RecursionError, MemoryError):
        findings.add(At(1, 1), "too-deep", "the source is nested too deeply to be parsed")
    except ValueError as error:
        findings.add(At(1, 1), "syntax", f"not Python: {error}")
    return ast.Module(body=[], type_ignores=[])


def _children(node: ast.AST, depth: int) -> list[tuple[ast.AST, int]]:
    """Return the child nodes, each with how deep the program nests there; ``node`` is nested ``depth`` deep."""
    match node:
        case ast.BoolOp(values=values):
            return [(value, depth + position) for position, value in enumerate(values, 1)]
        case ast.Compare(left=left, comparators=comparators):
            return [(value, depth + position) for position, value in enumerate([left, *comparators], 1)]
    depth += 1
    if isinstance(node, ast.Name):
        return [(node.ctx, depth)]  # the commonest node
    return [(child, depth) for child in every_child(node)]


def nesting(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Yield every node of a part of the program, with how deep it is nested there."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending += _children(node, depth)


def _check_tree(source: Source, findings: Findings) -> None:
    number = 0
    place: ast.AST = source.tree
    for node, depth in nesting(source.tree):
        number += isinstance(node, ast.expr | ast.stmt)
        place = node if hasattr(node, "lineno") else place
        if number > MAX_NODES:
            return findings.add(
                At(1, 1), "too-large", f"the program has more than {MAX_NODES} statements and expressions"
            )
        if depth > MAX_DEPTH:
            return findings.add(source.at(place), "too-deep", f"the program is nested more than {MAX_DEPTH} deep")
    return None
