"""The methods of patterns behind what goes through all matches (``match_forms``): no source can write them.

``wholes'(text)`` are the texts of all matches, ``pieces'(text)`` what stands between them; ``inside'(whole, start)`` is
the match that one of these texts is, which begins there (0 where nobody asks).
"""

from __future__ import annotations

import ast

from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.lists import of_pieces
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Choice, Const, Expr, Kept
from totem_sdk.regex import BadPatternError, Pattern, stands_alone, ungrouped
from totem_sdk.types import BOOL, INT, STR, List, Match, Option, Tuple

__all__ = ["METHODS", "call_for_all"]

METHODS = ("inside'", "pieces'", "wholes'")

_PLACE = Tuple((INT, INT))


def call_for_all(
    scope: Scope, node: ast.Call, name: str, pattern: tuple[Pattern, Match], args: list[Expr]
) -> Expr | None:
    """Return a call of one of the methods; with the pattern stands the type of its matches."""
    found, type_ = pattern
    if args[0].type != STR:
        code = "maybe-none" if isinstance(args[0].type, Option) else "type"
        scope.refuse(node, code, f"a pattern looks into {args[0].type}, not a text")
        return None
    if name == "inside'":
        return _inside(scope, node, found, type_, args)
    text = ungrouped(found)
    if text is None:
        _refused(scope, node)
        return None
    try:
        scope.role.job.making.make(text, found.flags)
    except BadPatternError as error:
        scope.refuse(node, "too-large" if error.large else "pattern", error.message, error.hint)
        return None
    code_ = "re_findall" if name == "wholes'" else "re_split"
    return of_pieces(scope, node, Apply(List(STR), scope.at(node), code_, STR, (args[0],), (text, found.flags)))


def _refused(scope: Scope, node: ast.Call) -> None:
    message = "the groups of this pattern can't be found in the text of a match"
    hint = "ask for places (^ $ \\b) at its two ends only, \\b beside a letter; or write (?:...) around alternatives"
    scope.refuse(node, "pattern", message, hint)


def _inside(scope: Scope, node: ast.Call, pattern: Pattern, type_: Match, args: list[Expr]) -> Expr | None:
    if not stands_alone(pattern):
        _refused(scope, node)
        return None
    at = scope.at(node)
    how = (pattern.text, pattern.flags, "fullmatch")
    asked = Apply(Option(type_), at, "re_match", STR, (args[0],), how)
    match = Apply(type_, at, "unwrap", Option(type_), (asked,))
    if len(args) == 1:
        return match
    keeper = Keeper(at)
    kept, start = keeper.keep(match), keeper.keep(args[1])
    items: list[Expr] = []
    for number, item in enumerate(type_.items):
        part = Apply(item, at, "item", type_, (kept,), (number,))
        items.append(_moved(part, start, sure=_is_sure(pattern, type_, number)) if item == _PLACE else part)
    return keeper.let(Apply(type_, at, "tuple", type_, tuple(items)))


def _is_sure(pattern: Pattern, type_: Match, number: int) -> bool:
    group = number - (len(type_.items) - len(pattern.groups))
    return group < 0 or pattern.groups[group]


def _moved(place: Expr, start: Kept, *, sure: bool) -> Expr:
    """Return a place in the whole text; that of a group that is not in the match stays (-1, -1)."""
    keeper = Keeper(place.at)
    kept = keeper.keep(place)
    ends = [Apply(INT, place.at, "item", _PLACE, (kept,), (number,)) for number in range(2)]
    moved = Apply(
        _PLACE, place.at, "tuple", _PLACE, tuple(Apply(INT, place.at, "add", INT, (end, start)) for end in ends)
    )
    if sure:
        return keeper.let(moved)
    there = Apply(BOOL, place.at, "ge", INT, (ends[0], Const(INT, place.at, 0)))
    return keeper.let(Choice(_PLACE, place.at, there, moved, kept))
