"""Patterns of regular expressions: constants made by re.compile(), and the calls of re that take one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence

from totem_sdk.lang.constants import Constant, NotConstant, evaluate
from totem_sdk.regex import MAX_STEPS, MAX_WORK, BadPatternError, Pattern, automaton

__all__ = ["MAX_PATTERN_WORK", "Patterns", "compiled_call", "read_flags"]

MAX_PATTERN_WORK = 2 * MAX_WORK
"""Most work that making the automata of a job's patterns may take."""

Add = Callable[[ast.AST, str, str, str | None], None]
"""Adds a finding: the node, the code, what is wrong, a hint (None: the code's own)."""

_FLAGS = {
    **dict.fromkeys(("A", "ASCII"), re.ASCII),
    **dict.fromkeys(("I", "IGNORECASE"), re.IGNORECASE),
    **dict.fromkeys(("M", "MULTILINE"), re.MULTILINE),
    **dict.fromkeys(("S", "DOTALL"), re.DOTALL),
    **dict.fromkeys(("U", "UNICODE"), re.UNICODE),
    **dict.fromkeys(("X", "VERBOSE"), re.VERBOSE),
}
_OPENING = re.compile(r"([rR]?)('''|\"\"\"|'|\")")


def compiled_call(node: ast.expr) -> ast.Call | None:
    """Return the node if it is a call of re.compile()."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile")):
            return node
    return None


def read_flags(node: ast.expr) -> int | None:
    """Return the flags that an expression such as ``re.I | re.M`` says; None if it says something else."""
    match node:
        case ast.Constant(value=0):
            return 0
        case ast.Attribute(value=ast.Name(id="re"), attr=name) if name in _FLAGS:
            return int(_FLAGS[name])
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            flags = read_flags(left), read_flags(right)
            return None if flags[0] is None or flags[1] is None else flags[0] | flags[1]
    return None


class Patterns:
    """Makes the patterns of a job, each once; ``lines`` are those of the source."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._work = 0
        self._made: dict[tuple[str, int], Pattern | BadPatternError] = {}

    def make(self, text: str, flags: int) -> Pattern:
        """Return a pattern.

        Raises:
            BadPatternError: it is not accepted, or all patterns together take too much work.
        """
        if (text, flags) not in self._made:
            self._made[text, flags] = self._make(text, flags)
        found = self._made[text, flags]
        if isinstance(found, BadPatternError):
            raise found
        return found

    def _make(self, text: str, flags: int) -> Pattern | BadPatternError:
        if self._work > MAX_PATTERN_WORK:
            return BadPatternError("the patterns of the job take too much work together", large=True)
        try:
            found, whole = automaton(text, flags), automaton(text, flags, whole=True)
        except BadPatternError as error:
            self._work += error.work + MAX_STEPS
            return error
        self._work += found.work + whole.work
        return found.pattern

    def read(self, call: ast.Call, names: Mapping[str, Constant], add: Add) -> Pattern | None:
        """Return the pattern of a call of re.compile(), or of one of re's functions without its text.

        What is wrong is added to the findings.
        """
        given = _given(call, names, add)
        if given is None:
            return None
        node, text, flags = given
        try:
            return self.make(text, flags)
        except BadPatternError as error:
            place = _inside(node, text, error.place, self.lines)
            where = "" if error.place is None else f" (character {error.place} of the pattern)"
            add(place, "too-large" if error.large else "pattern", f"{error.message}{where}", error.hint)
            return None


def _given(call: ast.Call, names: Mapping[str, Constant], add: Add) -> tuple[ast.expr, str, int] | None:
    """Return the pattern's node, its text and its flags."""
    arguments = list(call.args)
    for keyword in call.keywords:
        if keyword.arg != ("pattern", "flags")[len(arguments)] if len(arguments) < 2 else True:
            add(keyword, "keyword", f"re.compile() takes no {keyword.arg or '**'} like this", None)
            return None
        arguments.append(keyword.value)
    if not 1 <= len(arguments) <= 2:
        add(call, "argument", f"re.compile() takes a pattern and flags, {len(arguments)} arguments are given", None)
        return None
    text = evaluate(arguments[0], names)
    if isinstance(text, NotConstant) or not isinstance(text, str):
        add(arguments[0], "pattern", "the pattern is no constant text", "write it out: r'...'")
        return None
    flags = read_flags(arguments[1]) if len(arguments) == 2 else 0
    if flags is None:
        hint = "there are re.A, re.I, re.M, re.S and re.X, joined by |"
        add(arguments[1], "pattern", "the flags are no constant that the language has", hint)
        return None
    return arguments[0], text, flags


def _inside(node: ast.expr, text: str, place: int | None, lines: Sequence[str]) -> ast.AST:
    """Return a node at a character of a pattern, where its place in the source is certain; else the pattern's."""
    if place is None or not isinstance(node, ast.Constant) or "\n" in text or node.lineno != node.end_lineno:
        return node
    source = lines[node.lineno - 1].encode()[node.col_offset : node.end_col_offset].decode()
    opening = _OPENING.match(source)
    if opening is None or source != opening[0] + text + opening[2]:
        return node
    spot = ast.copy_location(ast.Constant(text), node)
    spot.col_offset = node.col_offset + len((opening[0] + text[: place - 1]).encode())
    return spot
