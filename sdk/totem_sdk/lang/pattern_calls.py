"""What programs do with patterns (search, match, fullmatch, findall, split) and matches (group, groups, span, …)."""

from __future__ import annotations

import ast
import re

from totem_sdk.errors import InternalError
from totem_sdk.lang.all_matches import METHODS, call_for_all
from totem_sdk.lang.constants import NotConstant, evaluate
from totem_sdk.lang.findings import At
from totem_sdk.lang.functions import has_arguments, is_known
from totem_sdk.lang.lists import of_pieces
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.regex import Pattern
from totem_sdk.types import INT, STR, List, Match, Option, Tuple, Type

__all__ = [
    "MATCH_METHODS",
    "PATTERN_METHODS",
    "call_match",
    "call_with_pattern",
    "group_of",
    "end_of",
    "group_at",
    "has_pattern",
    "match_type",
    "pattern_of",
]

PATTERN_METHODS = ("search", "match", "fullmatch", "findall", "split", "sub")
MATCH_METHODS = ("group", "groups", "start", "end", "span")

_PLACE = Tuple((INT, INT))


def pattern_of(scope: Scope, node: ast.expr) -> Pattern | None:
    """Return the pattern that a name, self.NAME or Class.NAME is a constant for."""
    job = scope.role.job
    match node:
        case ast.Name(id=name) if id(node) not in scope.function.flow.reads and name not in scope.rows:
            return job.patterns.get(name)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return job.patterns.get(f"self.{name}")
        case ast.Attribute(value=ast.Name(id=owner) as of, attr=name) if owner == job.name:
            return job.patterns.get(f"self.{name}") if id(of) not in scope.function.flow.reads else None
    return None


def has_pattern(scope: Scope, called: ast.Attribute) -> bool:
    """Return whether what is called is a method of a pattern or a function of re."""
    if pattern_of(scope, called.value) is not None:
        return True
    match called.value:
        case ast.Name(id=name) as module:
            return name in scope.role.job.modules and id(module) not in scope.function.flow.reads
    return False


def call_with_pattern(scope: Scope, node: ast.Call, called: ast.Attribute) -> Expr | None:
    """Return a call of a method of a pattern or of a function of re."""
    pattern = pattern_of(scope, called.value)
    if called.attr == "finditer":
        hint = "write for m in NAME.finditer(text), also in a comprehension"
        scope.refuse(called, "loop-form", "finditer() stands outside the head of a for loop", hint)
        return None
    if called.attr in METHODS:
        return _for_all(scope, node, called.attr, pattern)
    return _call_of_re(scope, node, called.attr) if pattern is None else _call_pattern(scope, node, called, pattern)


def _for_all(scope: Scope, node: ast.Call, name: str, pattern: Pattern | None) -> Expr | None:
    args = node.args
    if pattern is None:
        pattern, args = pattern_of(scope, args[0]), args[1:]
    if pattern is None:
        flags = [keyword.value for keyword in node.keywords]
        call = ast.copy_location(ast.Call(node.func, [node.args[0], *flags], []), node)
        pattern = scope.role.job.making.read(call, scope.constants, scope.refuse)
    found = [scope.check(scope, argument) for argument in args]
    checked = [argument for argument in found if argument is not None]
    if pattern is None or len(checked) < len(found):
        return None
    return call_for_all(scope, node, name, (pattern, match_type(pattern)), checked)


def _call_of_re(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    """Return a call of a function of re: its first argument is a pattern, or a constant that is one."""
    if name == "compile":
        hint = "compile it at the top of the file: NAME = re.compile(...)"
        scope.refuse(node, "pattern", "a pattern is compiled in a function", hint)
        return None
    if name not in PATTERN_METHODS:
        scope.refuse(node.func, "unknown-attribute", f"re.{name}() is not in the language", _known(PATTERN_METHODS))
        return None
    flags = [keyword.value for keyword in node.keywords if keyword.arg == "flags"]
    if len(flags) < len(node.keywords):
        scope.refuse(node.keywords[0], "keyword", f"an argument of re.{name}() is given by name")
        return None
    wanted = 3 if name == "sub" else 2
    # What follows of re.split() and re.sub() is no flag but a number.
    most = wanted if flags or name in ("split", "sub") else wanted + 1
    if not has_arguments(scope, node, f"re.{name}()", wanted, most):
        return None
    flags += node.args[wanted:]
    pattern = pattern_of(scope, node.args[0])
    if pattern is None:
        call = ast.copy_location(ast.Call(node.func, [node.args[0], *flags], []), node)
        pattern = scope.role.job.making.read(call, scope.constants, scope.refuse)
    elif flags:
        scope.refuse(flags[0], "argument", "a compiled pattern has its flags")
        return None
    return None if pattern is None else _of_text(scope, node, name, pattern, node.args[1:wanted])


def _call_pattern(scope: Scope, node: ast.Call, method: ast.Attribute, pattern: Pattern) -> Expr | None:
    """Return a call of a pattern's method."""
    name = method.attr
    if name not in PATTERN_METHODS:
        scope.refuse(method, "unknown-attribute", f"a pattern has no method {name}() here", _known(PATTERN_METHODS))
        return None
    if node.keywords:
        scope.refuse(node.keywords[0], "keyword", f"an argument of .{name}() is given by name")
        return None
    wanted = 2 if name == "sub" else 1
    if not has_arguments(scope, node, f".{name}()", wanted, wanted):
        return None
    return _of_text(scope, node, name, pattern, node.args)


def _of_text(scope: Scope, node: ast.Call, name: str, pattern: Pattern, args: list[ast.expr]) -> Expr | None:
    """Return what a pattern does with a text, the last of the arguments; of ``sub`` the first is what is put there."""
    checked = [scope.check(scope, argument) for argument in args]
    found = [argument for argument in checked if argument is not None]
    if len(found) < len(checked) or not _is_text(scope, args[-1], found[-1], name):
        return None
    if name != "sub":
        return _applied(scope, node, name, pattern, found[-1])
    put = _replacement(scope, args[0], found[0])
    if put is None:
        return None
    pieces = Apply(List(STR), scope.at(node), "re_split", STR, (found[-1],), (pattern.text, pattern.flags))
    return Apply(STR, scope.at(node), "join", STR, (put, pieces))


_PUT = {r"\n": "\n", r"\t": "\t", r"\r": "\r", "\\\\": "\\"}


def _replacement(scope: Scope, node: ast.expr, expr: Expr) -> Expr | None:
    """Return the text that ``sub`` puts in place of matches."""
    if not isinstance(expr, Const) or not isinstance(expr.value, str):
        scope.refuse(node, "argument", "what .sub() puts there is no constant text", "join the pieces of .split()")
        return None
    parts = re.split(r"(\\.?)", expr.value, flags=re.DOTALL)
    if any(part not in _PUT for part in parts[1::2]):
        hint = "take the groups of .search(): m.group(1)"
        scope.refuse(node, "pattern", "a group of the match in what .sub() puts there", hint)
        return None
    text = "".join(_PUT[part] if position % 2 else part for position, part in enumerate(parts))
    return Const(STR, expr.at, text)


def _known(names: tuple[str, ...]) -> str:
    return f"there are {', '.join(names)}"


def _is_text(scope: Scope, node: ast.AST, text: Expr, name: str) -> bool:
    if not is_known(scope, node, text, f".{name}()"):
        return False
    if text.type != STR:
        scope.refuse(node, "type", f".{name}() of {text.type}", "it takes a text")
    return text.type == STR


def _applied(scope: Scope, node: ast.Call, name: str, pattern: Pattern, text: Expr) -> Expr | None:
    how = pattern.text, pattern.flags
    if name == "findall":
        if len(pattern.groups) > 1:
            hint = "write groups that are not needed as (?:...), so that one is left"
            scope.refuse(node, "type", f".findall() of a pattern with {len(pattern.groups)} groups gives tuples", hint)
            return None
        return of_pieces(scope, node, Apply(List(STR), scope.at(node), "re_findall", STR, (text,), how))
    if name == "split":
        if pattern.groups:
            hint = "write its groups as (?:...)"
            scope.refuse(node, "type", ".split() of a pattern with groups mixes them with the pieces", hint)
            return None
        return of_pieces(scope, node, Apply(List(STR), scope.at(node), "re_split", STR, (text,), how))
    return Apply(Option(match_type(pattern)), scope.at(node), "re_match", STR, (text,), (*how, name))


def match_type(pattern: Pattern) -> Match:
    """Return the type of the matches of a pattern: text, groups if it has some, places of all."""
    texts: tuple[Type, ...] = tuple(STR if certain else Option(STR) for certain in pattern.groups)
    groups = (Tuple(texts),) if texts else ()
    return Match((STR, *groups, _PLACE, *(_PLACE for _ in texts)), names=pattern.names)


def _number_of_groups(type_: Match) -> int:
    # Without groups a match is its text and place; with them their texts and places come to it.
    return max(0, len(type_.items) - 3)


def _group_number(scope: Scope, node: ast.expr, type_: Match) -> int | None:
    """Return the group that a constant names."""
    found = evaluate(node, scope.constants)
    number: object = dict(type_.names).get(found) if isinstance(found, str) else found
    if isinstance(found, NotConstant) or isinstance(number, bool) or not isinstance(number, int):
        scope.refuse(node, "index", "the group is no constant number or name of one")
        return None
    if not 0 <= number <= _number_of_groups(type_):
        scope.refuse(node, "index", f"the pattern has {_number_of_groups(type_)} groups, there is none with {number}")
        return None
    return number


def group_of(scope: Scope, node: ast.expr, owner: Expr) -> Expr | None:
    """Return a group's text: ``match[1]``."""
    if not isinstance(owner.type, Match):
        raise InternalError("a group of what is no match")
    number = _group_number(scope, node, owner.type)
    return None if number is None else group_at(scope.at(node), owner, owner.type, number)


def group_at(at: At, owner: Expr, type_: Match, number: int) -> Expr:
    """Return the text of a group by its number."""
    if number == 0:
        return Apply(STR, at, "item", type_, (owner,), (0,))
    groups = type_.items[1]
    if not isinstance(groups, Tuple):
        raise InternalError("a match without groups")
    all_groups = Apply(groups, at, "item", type_, (owner,), (1,))
    return Apply(groups.items[number - 1], at, "item", groups, (all_groups,), (number - 1,))


def _place(at: At, owner: Expr, type_: Match, number: int) -> Expr:
    """Return where a group begins and ends."""
    position = len(type_.items) - 1 - _number_of_groups(type_) + number
    return Apply(_PLACE, at, "item", type_, (owner,), (position,))


def end_of(owner: Expr, type_: Match) -> Expr:
    """Return where a match ends."""
    return Apply(INT, owner.at, "item", _PLACE, (_place(owner.at, owner, type_, 0),), (1,))


def call_match(scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr) -> Expr | None:
    """Return a call of a match's method; its arguments are constants."""
    name, type_, at = method.attr, owner.type, scope.at(node)
    if not isinstance(type_, Match):
        raise InternalError("a method of what is no match")
    if name not in MATCH_METHODS:
        scope.refuse(method, "unknown-attribute", f"a match has no method {name}() here", _known(MATCH_METHODS))
        return None
    if name == "groups":
        if not has_arguments(scope, node, ".groups()", 0, 0):
            return None
        if not _number_of_groups(type_):
            scope.refuse(node, "type", "the pattern has no groups", "write .group()")
            return None
        return Apply(type_.items[1], at, "item", type_, (owner,), (1,))
    if not has_arguments(scope, node, f".{name}()", 0, 1):
        return None
    number = _group_number(scope, node.args[0], type_) if node.args else 0
    if number is None:
        return None
    if name == "group":
        return group_at(at, owner, type_, number)
    place = _place(at, owner, type_, number)
    if name == "span":
        return place
    return Apply(INT, at, "item", _PLACE, (place,), (int(name == "end"),))
