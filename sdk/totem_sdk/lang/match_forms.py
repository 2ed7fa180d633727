"""What goes through all matches of a pattern and asks for their groups, as statements, for the rewriting of a method.

``findall`` with several groups, ``finditer``, ``subn``, ``sub`` with groups, a function or a count, and ``split`` with
groups or a limit go over the texts of all matches; three methods that no source can write (``all_matches``) give these
texts, the pieces between them, and the match that one of the texts is.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from totem_sdk.lang.constants import Constant, NotConstant, evaluate
from totem_sdk.lang.holes import Hole
from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.patterns import Patterns, read_flags
from totem_sdk.lang.rewriting import Rewriting
from totem_sdk.regex import BadPatternError, Pattern

__all__ = ["MatchForms", "PatternsAtHand"]

_PARAMETERS = {
    "findall": ("string",),
    "finditer": ("string",),
    "split": ("string", "maxsplit"),
    "sub": ("repl", "string", "count"),
    "subn": ("repl", "string", "count"),
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_TEMPLATE = re.compile(r"\\(?:g<([A-Za-z0-9_]+)>|([1-9][0-9]?)(?![0-9])|(.))", re.DOTALL)


@dataclass(frozen=True)
class PatternsAtHand:
    """The patterns that a method sees: ``patterns`` by name (those of the class as ``self.NAME``), ``job`` its class.

    ``constants`` are those that no variable hides, ``making`` makes patterns that are written where they are used,
    ``methods`` can be called.
    """

    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)
    making: Patterns = field(default_factory=lambda: Patterns(()))
    job: str = ""
    methods: Collection[str] = ()

    def beside(self, local: Collection[str]) -> PatternsAtHand:
        """Return what is left of them beside variables of these names."""
        return replace(
            self,
            patterns={name: pattern for name, pattern in self.patterns.items() if name not in local},
            constants={name: value for name, value in self.constants.items() if name not in local},
            job="" if self.job in local else self.job,
        )

    def of(self, node: ast.expr) -> Pattern | None:
        """Return the pattern that an expression is a constant for."""
        match node:
            case ast.Name(id=name):
                return self.patterns.get(name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in ("self", self.job):
                return self.patterns.get(f"self.{name}")
        return None

    def written(self, node: ast.expr, flags: ast.expr | None) -> Pattern | None:
        """Return the pattern that a text with flags is; None where there is none, which is refused later."""
        text, given = evaluate(node, self.constants), 0 if flags is None else read_flags(flags)
        if isinstance(text, NotConstant) or not isinstance(text, str) or given is None:
            return None
        try:
            return self.making.make(text, given)
        except BadPatternError:
            return None


@dataclass(frozen=True)
class _Use:
    """A call with a pattern: its method, what the calls in its place begin with, its arguments by name."""

    node: ast.Call
    method: str
    pattern: Pattern
    owner: ast.expr
    head: tuple[ast.expr, ...]
    flags: tuple[ast.keyword, ...]
    given: Mapping[str, ast.expr]


class MatchForms(Rewriting):
    """Rewrites what goes through all matches of a pattern."""

    at_hand: PatternsAtHand = PatternsAtHand()

    def use_of(self, node: ast.expr) -> _Use | None:
        """Return what a call does with a pattern that is known; None if it is another call or of another form."""
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _PARAMETERS:
                pass
            case _:
                return None
        names = _PARAMETERS[method]
        of_module = isinstance(owner, ast.Name) and owner.id == "re" and "re" not in self.hidden
        names = ("pattern", *names, "flags") if of_module else names
        if len(node.args) > len(names) or any(isinstance(argument, ast.Starred) for argument in node.args):
            return None
        given = dict(zip(names, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg not in names or keyword.arg in given:
                return None
            given[keyword.arg] = keyword.value
        if "string" not in given or ("repl" in names and "repl" not in given):
            return None
        if not of_module:
            pattern = self.at_hand.of(owner)
            return None if pattern is None else _Use(node, method, pattern, owner, (), (), given)
        if "pattern" not in given:
            return None
        flags = given.get("flags")
        pattern = self.at_hand.of(given["pattern"]) if flags is None else None
        pattern = pattern or self.at_hand.written(given["pattern"], flags)
        if pattern is None:
            return None
        named = () if flags is None else (ast.keyword("flags", flags),)
        return _Use(node, method, pattern, owner, (given["pattern"],), named, given)

    def of_matches(self, node: ast.Call) -> ast.expr | None:
        """Return the statements of a call that asks for the groups of all matches; None of another call."""
        use = self.use_of(node)
        if use is None or use.method == "finditer":
            return None
        groups = len(use.pattern.groups)
        if use.method == "findall":
            return self.listed(use) if groups > 1 else None
        put = None if use.method == "split" else self.put(use.given["repl"])
        if put is None and use.method != "split":
            return None
        limit = self.limit(use)
        if limit is None:
            return ast.copy_location(Hole(), node)
        if use.method == "split":
            return self.pieced(use, limit, put) if groups or limit or len(use.given) > 1 + len(use.head) else None
        plain = isinstance(put, str) and not any(found[3] is None for found in _TEMPLATE.finditer(put))
        if plain and use.method == "sub" and not limit and "count" not in use.given:
            return None
        return self.pieced(use, limit, put)

    def put(self, node: ast.expr) -> str | ast.expr | None:
        """Return what ``sub`` puts in the place of a match, a constant text or a function; None of something else."""
        text = evaluate(node, self.at_hand.constants)
        if not isinstance(text, NotConstant):
            return text if isinstance(text, str) else None
        match node:
            case ast.Lambda():
                return node
            case ast.Name(id=name) if name in self.functions:
                return node
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in self.at_hand.methods:
                return node
        return None

    def limit(self, use: _Use) -> int | None:
        """Return how often a call cuts or replaces, 0: everywhere; None (and a refusal) where that is not constant."""
        given = use.given.get("maxsplit", use.given.get("count"))
        if given is None:
            return 0
        found = evaluate(given, self.at_hand.constants)
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
        self.refuse(given, "argument", f"how often {use.method}() does it is no constant from 0 on", "write a number")
        return None

    def of_all(self, use: _Use, method: str, *args: ast.expr) -> ast.expr:
        """Return a call of one of the methods of ``all_matches``."""
        called = ast.Attribute(copy.deepcopy(use.owner), f"{method}'", ast.Load())
        head = [copy.deepcopy(part) for part in use.head]
        return ast.Call(called, [*head, *args], [copy.deepcopy(flag) for flag in use.flags])

    def listed(self, use: _Use) -> ast.expr:
        """Return ``findall`` of a pattern with several groups: tuples, in which a group without a match is empty."""
        found, whole, match = (self.fresh(name) for name in ("list", "whole", "match"))
        groups = [_group(match, number, sure=sure) for number, sure in enumerate(use.pattern.groups, start=1)]
        loop = ast.For(
            ast.Name(whole, ast.Store()),
            self.of_all(use, "wholes", self.visit(use.given["string"])),
            [
                _assigned(match, self.of_all(use, "inside", ast.Name(whole, ast.Load()))),
                _appended(found, ast.Tuple(groups, ast.Load())),
            ],
            [],
        )
        made = Statements()
        made.body = [_assigned(found, ast.List([], ast.Load())), loop]
        made.result = ast.Name(found, ast.Load())
        return self.placed(made, use.node)

    def placed(self, made: Statements, node: ast.Call) -> ast.expr:
        """Give statements the place of the call that they stand for."""
        for statement in made.body:
            self.at(statement, node)
        return self.at(made, node)

    def pieced(self, use: _Use, limit: int, put: str | ast.expr | None) -> ast.expr:
        """Return ``split``, ``sub`` or ``subn``: the pieces between matches, and between them what comes there."""
        asks = isinstance(put, ast.expr)  # a function may ask where the match is
        text, whole, number, found, match = (self.fresh(n) for n in ("text", "whole", "number", "list", "match"))
        wholes, pieces, place, start = (self.fresh(n) for n in ("wholes", "pieces", "place", "place"))
        groups = range(1, len(use.pattern.groups) + 1)
        between: list[ast.expr] | None = [_group(match, group, sure=True) for group in groups]
        if put is not None:
            between = self.replacements(use, put, match)
        if between is None:
            hint = "write groups as \\\\1 or \\\\g<name>, or lambda m: m.group(1) + '-'"
            self.refuse(use.given["repl"], "argument", f"what .{use.method}() puts there is of another form", hint)
            return ast.copy_location(Hole(), use.node)
        piece = ast.Subscript(ast.Name(pieces, ast.Load()), ast.Name(number, ast.Load()), ast.Load())
        round_: list[ast.stmt] = [_appended(found, piece)]
        if limit:
            test = ast.Compare(ast.Name(number, ast.Load()), [ast.GtE()], [ast.Constant(limit)])
            round_.insert(0, ast.If(test, [ast.Break()], []))
        if limit or asks:
            round_ += _placed(start, place, piece, whole)
        if any(isinstance(part, ast.Name) and part.id == match for value in between for part in ast.walk(value)):
            args: list[ast.expr] = [ast.Name(name, ast.Load()) for name in ((whole, start) if asks else (whole,))]
            round_.append(_assigned(match, self.of_all(use, "inside", *args)))
        round_ += [_appended(found, value) for value in between]
        round_.append(_assigned(number, ast.BinOp(ast.Name(number, ast.Load()), ast.Add(), ast.Constant(1))))
        last: ast.expr = copy.deepcopy(piece)
        if limit:
            last = ast.Subscript(ast.Name(text, ast.Load()), ast.Slice(ast.Name(place, ast.Load())), ast.Load())
        made = Statements()
        made.body = [
            _assigned(text, self.visit(use.given["string"])),
            _assigned(wholes, self.of_all(use, "wholes", ast.Name(text, ast.Load()))),
            _assigned(pieces, self.of_all(use, "pieces", ast.Name(text, ast.Load()))),
            _assigned(number, ast.Constant(0)),
            _assigned(place, ast.Constant(0)),
            _assigned(found, ast.List([], ast.Load())),
            ast.For(ast.Name(whole, ast.Store()), ast.Name(wholes, ast.Load()), round_, []),
            _appended(found, last),
        ]
        if put is not None:
            whole_text = ast.Attribute(ast.Constant(""), "join", ast.Load())
            joined: ast.expr = ast.Call(whole_text, [ast.Name(found, ast.Load())], [])
            if use.method == "subn":
                joined = ast.Tuple([joined, ast.Name(number, ast.Load())], ast.Load())
            found = self.fresh("text")
            made.body.append(_assigned(found, joined))
        made.result = ast.Name(found, ast.Load())
        return self.placed(made, use.node)

    def replacements(self, use: _Use, put: str | ast.expr, match: str) -> list[ast.expr] | None:
        """Return the texts that are put in the place of a match; None where that is of another form."""
        if isinstance(put, ast.expr):
            made = self.key_of(put, match)
            return None if made is None else [self.visit(made)]
        parts: list[ast.expr] = []
        end = 0
        for found in _TEMPLATE.finditer(put):
            parts.append(ast.Constant(put[end : found.start()]))
            end = found.end()
            if found[3] is not None:
                if found[3] not in _ESCAPES:
                    return None
                parts.append(ast.Constant(_ESCAPES[found[3]]))
                continue
            name = found[1] or found[2]
            number = int(name) if name.isdecimal() else dict(use.pattern.names).get(name)
            if number is None or number > len(use.pattern.groups):
                return None
            parts.append(_group(match, number, sure=not number or use.pattern.groups[number - 1]))
        if put.count("\\", end):
            return None
        parts.append(ast.Constant(put[end:]))
        return [part for part in parts if not isinstance(part, ast.Constant) or part.value]

    def over_matches(self, node: ast.For) -> list[ast.stmt] | None:
        """Return a loop over ``finditer``; None of another loop."""
        use = self.use_of(node.iter)
        if use is None or use.method != "finditer" or not isinstance(node.target, ast.Name):
            return None
        whole, wholes = self.fresh("whole"), self.fresh("wholes")
        args: list[ast.expr] = [ast.Name(whole, ast.Load())]
        before: list[ast.stmt] = []
        text = use.given["string"]
        asked: ast.expr = text
        taken: list[ast.stmt] = []
        if _asks_for_places(node.target.id, node.body):
            kept, pieces, number, place = (self.fresh(n) for n in ("text", "pieces", "number", "place"))
            asked = ast.Name(kept, ast.Load())
            before = [
                _assigned(kept, text),
                _assigned(pieces, self.of_all(use, "pieces", ast.Name(kept, ast.Load()))),
                _assigned(number, ast.Constant(0)),
                _assigned(place, ast.Constant(0)),
            ]
            start = self.fresh("place")
            piece = ast.Subscript(ast.Name(pieces, ast.Load()), ast.Name(number, ast.Load()), ast.Load())
            one = ast.BinOp(ast.Name(number, ast.Load()), ast.Add(), ast.Constant(1))
            taken = [*_placed(start, place, piece, whole), _assigned(number, one)]
            args.append(ast.Name(start, ast.Load()))
        taken.append(ast.Assign([node.target], self.of_all(use, "inside", *args)))
        before.append(_assigned(wholes, self.of_all(use, "wholes", asked)))
        node.target = ast.Name(whole, ast.Store())
        node.iter = ast.Name(wholes, ast.Load())
        for made in (*before, *taken, node.target, node.iter):
            self.at(made, use.node)
        node.body = [*taken, *node.body]
        return [*before, node]


def _assigned(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _appended(name: str, value: ast.expr) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Attribute(ast.Name(name, ast.Load()), "append", ast.Load()), [value], []))


def _length(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("len", ast.Load()), [value], [])


def _group(match: str, number: int, *, sure: bool) -> ast.expr:
    """Return the text of a group, empty where the group is not in the match."""
    text = ast.Call(ast.Attribute(ast.Name(match, ast.Load()), "group", ast.Load()), [ast.Constant(number)], [])
    return text if sure else ast.BoolOp(ast.Or(), [text, ast.Constant("")])


def _placed(start: str, place: str, piece: ast.expr, whole: str) -> list[ast.stmt]:
    """Return what sets ``start`` to where a match begins and ``place`` to where it ends, from the end of the last."""
    begins = ast.BinOp(ast.Name(place, ast.Load()), ast.Add(), _length(copy.deepcopy(piece)))
    ends = ast.BinOp(ast.Name(start, ast.Load()), ast.Add(), _length(ast.Name(whole, ast.Load())))
    return [_assigned(start, begins), _assigned(place, ends)]


def _asks_for_places(name: str, body: list[ast.stmt]) -> bool:
    """Return whether statements may ask where the match of this name is: they do more than to ask for its groups."""
    parts = [part for statement in body for part in ast.walk(statement)]
    used = sum(isinstance(part, ast.Name) and part.id == name for part in parts)
    asked = 0
    for part in parts:
        match part:
            case ast.Attribute(value=ast.Name(id=owner), attr="group" | "groups") if owner == name:
                asked += 1
            case ast.Subscript(value=ast.Name(id=owner)) if owner == name:
                asked += 1
    return used > asked
