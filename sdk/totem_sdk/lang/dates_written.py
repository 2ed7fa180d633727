"""``strftime`` and ``isocalendar``: parts of a date, computed with and written as texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from totem_sdk.lang.date_names import DAYS, MONTHS
from totem_sdk.lang.findings import At
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.types import DATE, DATETIME, INT, STR, TIMEDELTA, Tuple

__all__ = ["CALENDAR", "isocalendar", "strftime"]

CALENDAR = ("year", "week", "weekday")
"""What the three numbers of ``isocalendar()`` are called."""

_TWO = {"m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second"}
_TIME = ("hour", "minute", "second", "microsecond")
_HINT = "there are %Y %y %m %b %B %d %j %H %I %p %M %S %f %a %A %u %w %T and %%"


class _Date:
    """A date or datetime that is kept, and what is computed from its parts."""

    def __init__(self, scope: Scope, node: ast.AST, value: Expr) -> None:
        self.at: At = scope.at(node)
        self.keeper = Keeper(self.at)
        self.kept = self.keeper.keep(value)

    def number(self, value: int) -> Expr:
        return Const(INT, self.at, value)

    def of(self, code: str, left: Expr, right: Expr | int) -> Expr:
        return Apply(INT, self.at, code, INT, (left, self.number(right) if isinstance(right, int) else right))

    def part(self, name: str, when: Expr | None = None) -> Expr:
        when = self.kept if when is None else when
        if when.type == DATE and name in _TIME:
            return self.number(0)
        return Apply(INT, self.at, "date_part", when.type, (when,), (name,))

    def digits(self, value: Expr, width: int) -> Expr:
        """Return a number with zeros in front."""
        return Apply(STR, self.at, "format", INT, (value,), ("0", "=", "", False, width, "", -1, "d"))

    def named(self, names: Sequence[str], place: Expr, width: int) -> Expr:
        """Return one of some names, of so many characters at most."""
        table = Const(STR, self.at, "".join(name[:width].ljust(width) for name in names))
        start = self.of("mul", place, width)
        name = Apply(STR, self.at, "slice", STR, (table, start, self.of("add", start, width)), (1,))
        return Apply(STR, self.at, "strip", STR, (name,), ("rstrip",)) if width == 9 else name

    def day_of_year(self) -> Expr:
        first = Apply(DATE, self.at, "make_date", DATE, (self.part("year"), self.number(1), self.number(1)))
        return self.of("add", self.of("sub", self.part("toordinal"), self.part("toordinal", first)), 1)

    def written(self, directive: str) -> Expr | None:
        """Return what a directive of strftime stands for."""
        if directive in _TWO:
            return self.digits(self.part(_TWO[directive]), 2)
        numbers: dict[str, Callable[[], tuple[Expr, int]]] = {
            "y": lambda: (self.of("mod", self.part("year"), 100), 2),
            "j": lambda: (self.day_of_year(), 3),
            "f": lambda: (self.part("microsecond"), 6),
            "I": lambda: (self.of("add", self.of("mod", self.of("add", self.part("hour"), 11), 12), 1), 2),
            "u": lambda: (self.part("isoweekday"), 1),
            "w": lambda: (self.of("mod", self.part("isoweekday"), 7), 1),
        }
        names: dict[str, Callable[[], tuple[Sequence[str], Expr, int]]] = {
            "b": lambda: (MONTHS, self.of("sub", self.part("month"), 1), 3),
            "B": lambda: (MONTHS, self.of("sub", self.part("month"), 1), 9),
            "a": lambda: (DAYS, self.part("weekday"), 3),
            "A": lambda: (DAYS, self.part("weekday"), 9),
            "p": lambda: (("AM", "PM"), self.of("floordiv", self.part("hour"), 12), 2),
        }
        if directive in numbers:
            return self.digits(*numbers[directive]())
        if directive in names:
            return self.named(*names[directive]())
        if directive == "Y":
            return Apply(STR, self.at, "to_str", INT, (self.part("year"),))
        return None


def strftime(scope: Scope, node: ast.AST, value: Expr, form: str) -> Expr | None:
    """Return a date or datetime by a constant format, with the names of the locale C."""
    date = _Date(scope, node, value)
    parts: list[Expr] = []
    for position, piece in enumerate(re.split("%(.?)", form.replace("%T", "%H:%M:%S"), flags=re.DOTALL)):
        if position % 2 == 0 or piece == "%":
            if piece:
                parts.append(Const(STR, date.at, piece))
            continue
        made = date.written(piece)
        if made is None:
            scope.refuse(node, "format", f"%{piece} in the format of a date", _HINT)
            return None
        parts.append(made)
    if len(parts) > 64:
        scope.refuse(node, "too-large", f"a text of {len(parts)} parts, 64 is the most", "add several texts")
        return None
    whole = Apply(STR, date.at, "build", Tuple((STR,) * len(parts)), tuple(parts)) if len(parts) > 1 else None
    result = whole or (parts[0] if parts else Const(STR, date.at, ""))
    return date.keeper.let(result)


def isocalendar(scope: Scope, node: ast.AST, value: Expr) -> Expr:
    """Return year, week and day of a date: the year and week are those of the Thursday of its week."""
    date = _Date(scope, node, value)
    at = date.at
    day = date.keeper.keep(date.part("isoweekday"))
    none = date.number(0)
    move = (date.of("sub", date.number(4), day), *([none] * 6))
    span = Apply(TIMEDELTA, at, "make_span", TIMEDELTA, move)
    only = date.kept if value.type == DATE else Apply(DATE, at, "date_part", DATETIME, (date.kept,), ("date",))
    thursday = date.keeper.keep(Apply(DATE, at, "add", DATE, (only, span)))
    year = date.keeper.keep(date.part("year", thursday))
    first = Apply(DATE, at, "make_date", DATE, (year, date.number(1), date.number(1)))
    days = date.of("sub", date.part("toordinal", thursday), date.part("toordinal", first))
    week = date.of("add", date.of("floordiv", days, 7), 1)
    type_ = Tuple((INT, INT, INT))
    return date.keeper.let(Apply(type_, at, "tuple", type_, (year, week, day)))
