"""Methods of texts that search, cut, change and join: what they take and which opcodes they are."""

from __future__ import annotations

import ast
from collections.abc import Callable

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_types import Listed
from totem_sdk.lang.formats import method_format
from totem_sdk.lang.functions import has_arguments, is_known
from totem_sdk.lang.lists import as_pieces, characters, letters_of
from totem_sdk.lang.lists import sliced as sliced_list
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.sizes import MAX_SEPARATOR_BYTES
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.lang.tuples import as_items
from totem_sdk.lang.windows import found_within
from totem_sdk.limits import INT_MAX, INT_MIN
from totem_sdk.types import BOOL, INT, STR, List, Tuple

__all__ = ["SEARCH_METHODS", "character_of", "characters", "constant_text", "part_of", "sliced"]

_Method = Callable[[Scope, ast.Call, Expr, list[Expr]], Expr | None]
_NO_LIMIT = -1


def _named(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _takes(scope: Scope, node: ast.Call, args: list[Expr], *types: object, least: int | None = None) -> bool:
    """Return whether a method gets values of these types, at least the first ``least`` of them."""
    name = f".{_named(node)}()"
    if not has_arguments(scope, node, name, len(types) if least is None else least, len(types)):
        return False
    good = True
    for part, argument, type_ in zip(node.args, args, types, strict=False):
        if not is_known(scope, part, argument, name):
            good = False
        elif argument.type != type_:
            scope.refuse(part, "type", f"{name} of {argument.type}, not {type_}")
            good = False
    return good


def constant_text(scope: Scope, node: ast.AST, expr: Expr, what: str) -> str | None:
    """Return a constant text of at most MAX_SEPARATOR_BYTES; None (and a refusal) if it is something else."""
    match expr:
        case Const(value=str() as text):
            if (size := len(text.encode())) <= MAX_SEPARATOR_BYTES:
                return text
            message = f"{what} of {size:,} bytes, {MAX_SEPARATOR_BYTES} is the most"
            scope.refuse(node, "too-large", message, "split at a shorter text that is in each separator")
        case _:
            scope.refuse(node, "argument", f"{what} is no constant text")
    return None


def character_of(scope: Scope, node: ast.Subscript, text: Expr, index: Expr) -> Expr | None:
    """Return ``text[index]``."""
    if index.type != INT:
        code = "maybe-none" if str(index.type).endswith("?") else "type"
        scope.refuse(node.slice, code, f"the index is {index.type}, not int")
        return None
    return Apply(STR, scope.at(node), "char_at", STR, (text, index))


def sliced(scope: Scope, node: ast.Subscript, slice_: ast.Slice, text: Expr) -> Expr | None:
    """Return ``text[start:stop:step]``; bounds that are left out are ints that lie outside of every text."""
    bounds: list[Expr | None] = []
    for part in (slice_.lower, slice_.upper, slice_.step):
        bound = None if part is None else scope.check(scope, part)
        if part is not None and bound is None:
            return None
        if bound is not None and part is not None and bound.type != INT:
            code = "maybe-none" if str(bound.type).endswith("?") else "type"
            scope.refuse(part, code, f"a bound of a slice is {bound.type}, not int")
            return None
        bounds.append(bound)
    match bounds[2]:
        case None:
            step = 1
        case Const(value=int() as step) if step != 0:
            pass
        case Const():
            scope.refuse(slice_.step or node, "slice", "the step of a slice is 0")
            return None
        case _:
            return _stepped(scope, node, slice_, text)
    at = scope.at(node)
    first, last = (0, INT_MAX) if step > 0 else (INT_MAX, INT_MIN)
    start = bounds[0] or Const(INT, at, first)
    stop = bounds[1] or Const(INT, at, last)
    return Apply(STR, at, "slice", STR, (text, start, stop), (step,))


def _stepped(scope: Scope, node: ast.Subscript, slice_: ast.Slice, text: Expr) -> Expr | None:
    """Return a slice by a step that varies: that of the characters, joined again."""
    letters = letters_of(scope, node.value, text)
    if not isinstance(letters.type, Listed):
        raise InternalError("the characters of a text are no list")
    taken = sliced_list(scope, node, letters, letters.type, (slice_.lower, slice_.upper, slice_.step))
    if taken is None:
        return None
    return Apply(STR, scope.at(node), "join", STR, (Const(STR, scope.at(node), ""), as_pieces(taken)))


def part_of(scope: Scope, node: ast.Subscript, text: Expr) -> Expr | None:
    """Return an item or a slice of a text."""
    if isinstance(node.slice, ast.Slice):
        return sliced(scope, node, node.slice, text)
    index = scope.check(scope, node.slice)
    return None if index is None else character_of(scope, node, text, index)


def _find(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    name = _named(node)
    if not has_arguments(scope, node, f".{name}()", 1, 3) or not is_known(scope, node.args[0], args[0], f".{name}()"):
        return None
    if args[0].type != STR:
        scope.refuse(node.args[0], "type", f".{name}() of {args[0].type}, not str")
        return None
    if len(args) > 1:
        return found_within(scope, node, name, owner, args)
    return Apply(INT, scope.at(node), "find", STR, (owner, args[0]), (name,))


def _test(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    if not _takes(scope, node, args):
        return None
    return Apply(BOOL, scope.at(node), "text_is", STR, (owner,), (_named(node),))


def _recase(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    return Apply(STR, scope.at(node), "recase", STR, (owner,), (_named(node),)) if _takes(scope, node, args) else None


def _remove(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    if not _takes(scope, node, args, STR):
        return None
    return Apply(STR, scope.at(node), "remove", STR, (owner, args[0]), (_named(node),))


def _replace(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    if not _takes(scope, node, args, STR, STR, INT, least=2):
        return None
    at = scope.at(node)
    limit: tuple[int, ...] = ()
    if len(args) == 3:
        match args[2]:
            case Const(value=int() as most) if most >= 0:
                limit = (most,)
            case Const(value=-1):
                pass
            case _:
                scope.refuse(node.args[2], "argument", "how often .replace() replaces is no constant from -1 on")
                return None
    return Apply(STR, at, "replace", STR, (owner, args[0], args[1]), limit)


def _pad(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    name = _named(node)
    if not _takes(scope, node, args, *((INT,) if name == "zfill" else (INT, STR)), least=1):
        return None
    fill: Expr = Const(STR, scope.at(node), "0" if name == "zfill" else " ")
    if len(args) == 2:
        fill = args[1]
        if not (isinstance(fill, Const) and isinstance(fill.value, str) and len(fill.value) == 1):
            scope.refuse(
                node.args[1], "argument", f".{name}() fills up with something else than one constant character"
            )
            return None
    return Apply(STR, scope.at(node), "pad", STR, (owner, args[0], fill), (name,))


def _join(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    if not has_arguments(scope, node, ".join()", 1, 1) or not is_known(scope, node.args[0], args[0], ".join()"):
        return None
    parts = characters(scope, node.args[0], args[0]) if args[0].type == STR else as_items(scope, node.args[0], args[0])
    if parts is None:
        return None
    if isinstance(parts.type, Listed) and not parts.type.known:
        scope.put(parts.type, STR)
    if not isinstance(parts.type, List) or parts.type.item != STR:
        scope.refuse(node.args[0], "type", f".join() of {args[0].type}", "it joins a list of texts")
        return None
    return Apply(STR, scope.at(node), "join", STR, (owner, as_pieces(parts)))


def _split(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    """``split`` and ``rsplit``: without a limit both are the opcode ``split``."""
    name, at = _named(node), scope.at(node)
    if not has_arguments(scope, node, f".{name}()", 0, 2):
        return None
    separator: str | None = None
    if args and not (isinstance(args[0], Const) and args[0].value is None):
        separator = constant_text(scope, node.args[0], args[0], f"the separator of .{name}()")
        if separator is None:
            return None
        if not separator:
            scope.refuse(node.args[0], "argument", f".{name}() at an empty text")
            return None
    limit = _NO_LIMIT
    if len(args) == 2:
        match args[1]:
            case Const(type=type_, value=int() as limit) if type_ == INT:
                limit = max(_NO_LIMIT, limit)
            case _:
                scope.refuse(node.args[1], "argument", f"how often .{name}() cuts is no constant int")
                return None
    if limit == _NO_LIMIT and (name == "split" or separator is None):
        return Apply(List(STR), at, "split", STR, (owner,), () if separator is None else (separator,))
    return Apply(List(STR), at, "cut", STR, (owner,), (name, separator, limit))


def _lines(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    if not _takes(scope, node, args):
        return None
    return Apply(List(STR), scope.at(node), "cut", STR, (owner,), ("splitlines", None, _NO_LIMIT))


def _partition(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    if not _takes(scope, node, args, STR):
        return None
    type_ = Tuple((STR, STR, STR))
    return Apply(type_, scope.at(node), "partition", STR, (owner, args[0]), (_named(node),))


def _strip(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    name = _named(node)
    if not has_arguments(scope, node, f".{name}()", 0, 1):
        return None
    if not args or (isinstance(args[0], Const) and args[0].value is None):
        return Apply(STR, scope.at(node), "strip", STR, (owner,), (name,))
    characters_ = constant_text(scope, node.args[0], args[0], f"what .{name}() takes off")
    return None if characters_ is None else Apply(STR, scope.at(node), "strip", STR, (owner,), (name, characters_))


SEARCH_METHODS: dict[str, _Method] = {
    **dict.fromkeys(("find", "rfind", "index", "rindex", "count"), _find),
    **dict.fromkeys(
        ("isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "isupper"), _test
    ),
    **dict.fromkeys(("capitalize", "swapcase", "title"), _recase),
    **dict.fromkeys(("removeprefix", "removesuffix"), _remove),
    "replace": _replace,
    **dict.fromkeys(("center", "ljust", "rjust", "zfill"), _pad),
    "format": method_format,
    "join": _join,
    **dict.fromkeys(("split", "rsplit"), _split),
    "splitlines": _lines,
    **dict.fromkeys(("partition", "rpartition"), _partition),
    **dict.fromkeys(("strip", "lstrip", "rstrip"), _strip),
}
"""By name."""
