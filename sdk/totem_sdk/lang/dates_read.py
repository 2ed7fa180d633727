"""``strptime`` and ``fromisoformat``: dates read from texts, by a regular expression and numbers of its groups.

The expressions of ``strptime`` are those of CPython's ``_strptime`` (locale C), so what matches is the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from totem_sdk.lang.date_names import DAYS, MONTHS
from totem_sdk.lang.findings import At
from totem_sdk.lang.functions import has_arguments, is_known
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.pattern_calls import end_of, group_at, match_type
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Choice, Const, Expr, Logic
from totem_sdk.types import BOOL, DATE, DATETIME, INT, STR, Option

__all__ = ["READERS", "read_date"]

_NUMBERS = {
    "d": r"(?P<d>3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9])",
    "f": r"(?P<f>[0-9]{1,6})",
    "H": r"(?P<H>2[0-3]|[0-1]\d|\d)",
    "I": r"(?P<I>1[0-2]|0[1-9]|[1-9])",
    "m": r"(?P<m>1[0-2]|0[1-9]|[1-9])",
    "M": r"(?P<M>[0-5]\d|\d)",
    "S": r"(?P<S>6[0-1]|[0-5]\d|\d)",
    "y": r"(?P<y>\d\d)",
    "Y": r"(?P<Y>\d\d\d\d)",
    "p": "(?P<p>am|pm)",
    "b": f"(?P<b>{'|'.join(name[:3] for name in MONTHS)})",
    "B": f"(?P<B>{'|'.join(sorted(MONTHS, key=len, reverse=True))})",
    "a": f"(?:{'|'.join(name[:3] for name in DAYS)})",
    "A": f"(?:{'|'.join(sorted(DAYS, key=len, reverse=True))})",
    "%": "%",
}
_SPECIAL = re.compile(r"([\\.^$*+?\(\){}\[\]|])")
_CLASHES = ("Yy", "mb", "mB", "bB", "HI")

_DAY = r"(?:(\d\d\d\d)-(\d\d)-(\d\d)|(\d\d\d\d)(\d\d)(\d\d))"
_TIME = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?|(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?"

READERS = {
    "datetime.datetime.strptime": DATETIME,
    "datetime.datetime.fromisoformat": DATETIME,
    "datetime.date.fromisoformat": DATE,
}
"""What is called, under the names that ``modules`` gives it, and the type that it makes."""


def read_date(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    """Return a call of one of the READERS."""
    args = [scope.check(scope, argument) for argument in node.args]
    found = [argument for argument in args if argument is not None]
    called = f"{name.partition('.')[2]}()"
    wanted = 2 if name.endswith("strptime") else 1
    if len(found) < len(args) or not has_arguments(scope, node, called, wanted, wanted):
        return None
    if node.keywords:
        scope.refuse(node.keywords[0], "keyword", f"an argument of {called} is given by name")
        return None
    if not is_known(scope, node.args[0], found[0], called):
        return None
    if found[0].type != STR:
        scope.refuse(node.args[0], "type", f"{called} of {found[0].type}", "it takes a text")
        return None
    if wanted == 1:
        return _iso(scope, node, found[0], whole=READERS[name] == DATETIME)
    match found[1]:
        case Const(value=str() as form):
            return _by_format(scope, node, found[0], form)
    scope.refuse(node.args[1], "argument", "the format of strptime() is no constant text")
    return None


class _Reading:
    """A match of a text, kept, and the numbers of its groups."""

    def __init__(self, scope: Scope, at: At, text: Expr, pattern: str, flags: int) -> None:
        made = scope.role.job.making.make(pattern, flags)
        self.at = at
        self.names = dict(made.names)
        self.type = match_type(made)
        keeper = Keeper(at)
        self.let = keeper.let
        self.text = keeper.keep(text)
        maybe = Option(self.type)
        self.match = keeper.keep(Apply(maybe, at, "re_match", STR, (self.text,), (pattern, flags, "match")))
        self.found = Apply(self.type, at, "unwrap", maybe, (self.match,))
        length = Apply(INT, at, "len", STR, (self.text,))
        short = Apply(BOOL, at, "ne", INT, (end_of(self.found, self.type), length))
        wrong = Logic(at, "or", Apply(BOOL, at, "is_none", maybe, (self.match,)), short)
        # A text that does not match ends in what int() of no digits ends in; what comes after it has a match.
        digits = Choice(STR, at, wrong, Const(STR, at, ""), Const(STR, at, "0"))
        keeper.keep(self.of("to_int", digits))

    def number(self, value: int) -> Expr:
        return Const(INT, self.at, value)

    def of(self, code: str, first: Expr, *rest: Expr) -> Expr:
        on = STR if code in ("find", "to_int", "lower", "slice") else INT
        return Apply(STR if code in ("lower", "slice") else INT, self.at, code, on, (first, *rest))

    def text_of(self, group: int | str, *others: int) -> Expr:
        """Return the text of a group, or of the first of several that is in the match; the last one has to be."""
        number = self.names[group] if isinstance(group, str) else group
        text = group_at(self.at, self.found, self.type, number)
        if isinstance(text.type, Option):
            inner = Apply(STR, self.at, "unwrap", text.type, (text,))
            if not others:
                return inner
            rest = self.text_of(*others)
            missing = Apply(BOOL, self.at, "is_none", text.type, (text,))
            return Choice(STR, self.at, missing, rest, inner)
        return text

    def whole(self, group: int | str, *others: int) -> Expr:
        return self.of("to_int", self.text_of(group, *others))

    def optional(self, *groups: int, fraction: bool = False) -> Expr:
        """Return the number of the first of some groups that is in the match, 0 if none is."""
        result: Expr = self.number(0)
        for group in reversed(groups):
            text = group_at(self.at, self.found, self.type, group)
            missing = Apply(BOOL, self.at, "is_none", text.type, (text,))
            inner = Apply(STR, self.at, "unwrap", text.type, (text,))
            found = self.microseconds(inner) if fraction else self.of("to_int", inner)
            result = Choice(INT, self.at, missing, result, found)
        return result

    def microseconds(self, digits: Expr) -> Expr:
        """Return the number that the first six digits of a fraction say."""
        six = Apply(STR, self.at, "pad", STR, (digits, self.number(6), Const(STR, self.at, "0")), ("ljust",))
        return self.of("to_int", Apply(STR, self.at, "slice", STR, (six, self.number(0), self.number(6)), (1,)))

    def name(self, group: str, names: Sequence[str], width: int) -> Expr:
        """Return which of some names (from 1) a group is; 0 if it only looks like one without case."""
        table = Const(STR, self.at, "".join(name[:width].lower().ljust(width) for name in names))
        where = Apply(INT, self.at, "find", STR, (table, self.of("lower", self.text_of(group))), ("find",))
        return self.of("add", self.of("floordiv", where, self.number(width)), self.number(1))

    def made(self, parts: list[Expr]) -> Expr:
        type_, code = (DATE, "make_date") if len(parts) == 3 else (DATETIME, "make_datetime")
        return self.let(Apply(type_, self.at, code, type_, tuple(parts)))


def _iso(scope: Scope, node: ast.Call, text: Expr, *, whole: bool) -> Expr:
    pattern = f"{_DAY}(?:.{_TIME})?" if whole else _DAY
    read = _Reading(scope, scope.at(node), text, pattern, int(re.ASCII | re.DOTALL))
    parts = [read.whole(1, 4), read.whole(2, 5), read.whole(3, 6)]
    if whole:
        parts += [read.optional(7), read.optional(8, 11), read.optional(9, 12), read.optional(10, 13, fraction=True)]
    return read.made(parts)


def _by_format(scope: Scope, node: ast.Call, text: Expr, form: str) -> Expr | None:
    pattern = re.sub(r"\s+", r"\\s+", _SPECIAL.sub(r"\\\1", form))
    used: list[str] = []
    parts: list[str] = []
    for position, piece in enumerate(re.split("%(.?)", pattern, flags=re.DOTALL)):
        if position % 2 == 0:
            parts.append(piece)
        elif piece not in _NUMBERS:
            hint = "there are %Y %y %m %b %B %d %H %I %p %M %S %f %a %A and %%"
            scope.refuse(node.args[1], "format", f"%{piece} in the format of strptime()", hint)
            return None
        else:
            used += [piece] if piece != "%" else []
            parts.append(_NUMBERS[piece])
    if len(set(used)) < len(used) or any(set(clash) <= set(used) for clash in _CLASHES):
        scope.refuse(node.args[1], "format", "the format of strptime() asks for a part of a date twice")
        return None
    read = _Reading(scope, scope.at(node), text, "".join(parts), int(re.IGNORECASE))
    return read.made([_year(read, used), _month(read, used), *_rest(read, used)])


def _year(read: _Reading, used: list[str]) -> Expr:
    if "Y" in used:
        return read.whole("Y")
    if "y" not in used:
        return read.number(1900)
    # 69 to 99 are of the century before: what is 31 or more after 1969 moves by a hundred years.
    return read.of(
        "add", read.of("mod", read.of("add", read.whole("y"), read.number(31)), read.number(100)), read.number(1969)
    )


def _month(read: _Reading, used: list[str]) -> Expr:
    if "m" in used:
        return read.whole("m")
    if "b" in used:
        return read.name("b", MONTHS, 3)
    return read.name("B", MONTHS, 9) if "B" in used else read.number(1)


def _rest(read: _Reading, used: list[str]) -> list[Expr]:
    day = read.whole("d") if "d" in used else read.number(1)
    hour = read.whole("H") if "H" in used else read.number(0)
    if "I" in used:
        hour = read.of("mod", read.whole("I"), read.number(12))
        if "p" in used:
            half = Apply(
                INT, read.at, "find", STR, (Const(STR, read.at, "ampm"), read.of("lower", read.text_of("p"))), ("find",)
            )
            hour = read.of("add", hour, read.of("mul", half, read.number(6)))
    minute, second = (read.whole(one) if one in used else read.number(0) for one in "MS")
    micro = read.microseconds(read.text_of("f")) if "f" in used else read.number(0)
    return [day, hour, minute, second, micro]
