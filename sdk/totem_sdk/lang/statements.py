"""Types of statements: from the syntax tree of a function to its typed tree, and what each path knows of None."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from totem_sdk.errors import InternalError
from totem_sdk.lang.annotations import accepts, read_annotation
from totem_sdk.lang.assignments import annotated, as_declared, assign, augmented, items, store
from totem_sdk.lang.boxes import emitted, flat, without_json
from totem_sdk.lang.conditions import condition
from totem_sdk.lang.container_types import Gathered, Listed, Mapped, Queued
from totem_sdk.lang.deques import check_loop
from totem_sdk.lang.dicts import viewed
from totem_sdk.lang.holes import Gap, Hole
from totem_sdk.lang.lists import characters, may_lengthen, of_pieces
from totem_sdk.lang.reports import ignored, is_ignored
from totem_sdk.lang.scope import Facts, Scope, meet, without
from totem_sdk.lang.tree import (
    Break,
    Const,
    Continue,
    Drop,
    Emit,
    Expr,
    For,
    If,
    Return,
    Stmt,
    Variable,
    While,
)
from totem_sdk.lang.trying import check_errors
from totem_sdk.lang.tuples import as_items
from totem_sdk.types import (
    DATE,
    DATETIME,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    Match,
    Option,
    Tuple,
    Type,
    Union,
    Values,
    after_shuffle,
    has_list,
    has_match,
    has_union,
    leaves,
    part_of_entry,
)

__all__ = ["check_body", "check_inner"]


def check_body(scope: Scope, in_helper: bool, statements: Iterable[ast.stmt]) -> tuple[Stmt, ...]:
    """Return the typed tree of a function's statements, those that can be reached.

    A helper whose end can be reached returns None there.
    """
    statements = list(statements)
    checker = _Statements(scope, in_helper)
    body, falls = checker.body(statements)
    scope.function.falls = falls
    if in_helper and falls and not scope.function.flow.gaps:
        checker.result(scope.function.method, NONE)
    return body


def check_inner(scope: Scope, statements: Iterable[ast.stmt]) -> tuple[Stmt, ...]:
    """Return the typed tree of statements that stand in an expression."""
    return _Statements(scope, in_helper=True).body(statements)[0]


class _Statements:
    def __init__(self, scope: Scope, in_helper: bool) -> None:
        self.scope = scope
        self.in_helper = in_helper
        self.breaks: list[list[Facts]] = []
        self.continues: list[list[Facts]] = []
        self.dead = False
        self.handling = 0

    def body(self, statements: Iterable[ast.stmt]) -> tuple[tuple[Stmt, ...], bool]:
        """Check statements up to where they stop; tell whether what follows them can be reached."""
        checked: list[Stmt] = []
        for statement in statements:
            self.scope.work.step()
            found = self.statement(statement)
            if found is not None:
                checked.append(found)
            if id(statement) in self.scope.function.flow.stops or self.dead:
                self.dead = False
                return tuple(checked), False
        return tuple(checked), True

    def statement(self, node: ast.stmt) -> Stmt | None:
        match node:
            case ast.Assign():
                return assign(self.scope, node)
            case ast.AnnAssign():
                return annotated(self.scope, node)
            case ast.AugAssign():
                return augmented(self.scope, node)
            case ast.Expr():
                return self.expression(node)
            case ast.If() | ast.While() | ast.For() | ast.Try() | ast.Raise() | ast.Assert():
                return self.compound(node)
            case ast.Break():
                self.breaks[-1].append(dict(self.scope.facts))
                return Break(self.scope.at(node))
            case ast.Continue():
                self.continues[-1].append(dict(self.scope.facts))
                return Continue(self.scope.at(node))
            case ast.Return():
                return self.returned(node)
            case ast.Pass() | Gap():
                return None
        raise InternalError(f"a statement of the form {type(node).__name__} passed the check of forms")

    # Statements that are one expression.

    def expression(self, node: ast.Expr) -> Stmt | None:
        match node.value:
            case ast.Constant():
                return None
            case ast.Yield(value=ast.expr() as emitted):
                return self.emitted(node.value, emitted)
        if isinstance(node.value, ast.Call) and is_ignored(node.value, self.scope.role.job.methods):
            return ignored(self.scope, node.value)
        value = self.scope.check(self.scope, node.value)
        return None if value is None else Drop(self.scope.at(node), value)

    def emitted(self, node: ast.Yield, value: ast.expr) -> Stmt | None:
        if self.in_helper:
            return None  # refused where the method is
        if isinstance(value, ast.Tuple):
            if len(value.elts) != 2:
                self.scope.refuse(node, "yield-form", f"{len(value.elts)} values are yielded, not a key and a value")
                return None
            pair = [self.scope.check(self.scope, part) for part in value.elts]
            key, emitted = pair[0], pair[1]
            if key is None or emitted is None or not self.may_be_emitted(node, key.type, emitted.type):
                return None
            return Emit(self.scope.at(node), key, emitted)
        both = self.scope.check(self.scope, value)
        if both is None:
            return None
        if not isinstance(both.type, Tuple) or isinstance(both.type, Match | Union) or len(both.type.items) != 2:
            self.scope.refuse(node, "yield-form", f"{both.type} is yielded, not a key and a value")
            return None
        if not self.may_be_emitted(node, *both.type.items):
            return None
        return Emit(self.scope.at(node), both, None)

    def may_be_emitted(self, node: ast.AST, key: Type, value: Type) -> bool:
        if has_union(key) or (has_list(value) and has_union(value)):
            what = "a key" if has_union(key) else "what is beside or in a list"
            message = f"{what} that is emitted may be of several types"
            self.scope.refuse(node, "emit-type", message, "compute with it first, or emit one type")
            return False
        for type_ in (key, value):
            if (wrong := without_json(type_)) is not None:
                self.scope.refuse(node, "emit-type", *_not_emitted(wrong))
                return False
            if type_ is key and not flat(type_):
                hint = "emit a tuple, or a text: ','.join(items)"
                self.scope.refuse(node, "emit-type", f"{type_} is emitted as a key", hint)
                return False
            self.scope.own(type_)
            if has_match(type_):
                self.scope.refuse(node, "emit-type", "a match can't be emitted", "emit its .group() or .groups()")
                return False
            if any(leaf in (DATE, DATETIME, TIMEDELTA) for leaf in leaves(type_)):
                hint = "emit its .isoformat(), parts such as .year, or .total_seconds() of a timedelta"
                self.scope.refuse(node, "emit-type", "a date can't be emitted: JSON has none", hint)
                return False
        self.scope.emit(node, after_shuffle(key), after_shuffle(emitted(value)))
        return True

    def returned(self, node: ast.Return) -> Stmt | None:
        if node.value is None:
            if self.in_helper:
                self.result(node, NONE)
            return Return(self.scope.at(node), None)
        if not self.in_helper:
            self.scope.refuse(node, "return-value", f"{self.scope.function.name} returns a value")
            return None
        value = self.scope.check(self.scope, node.value)
        if value is None:
            return None
        self.result(node, value.type)
        return Return(self.scope.at(node), value)

    def result(self, node: ast.AST, type_: Type) -> None:
        """Note a result of a helper, as the type that its annotation declares."""
        annotation = self.scope.function.method.returns
        declared = None if annotation is None else read_annotation(annotation)
        if declared is not None and not accepts(declared, type_):
            self.scope.refuse(node, "annotation", f"{type_} is returned where {declared} is declared")
        self.scope.result(node, type_ if declared is None else as_declared(self.scope, declared, type_))

    # Branches and loops.

    def compound(self, node: ast.If | ast.While | ast.For | ast.Try | ast.Raise | ast.Assert) -> Stmt | None:
        match node:
            case ast.If():
                return self.branches(node)
            case ast.While():
                return self.while_loop(node)
            case ast.For():
                return self.for_loop(node)
            case _:
                return check_errors(self, node)

    def branches(self, node: ast.If) -> Stmt | None:
        judged = condition(self.scope, node.test)
        before = self.scope.facts
        ends: list[Facts] = []
        arms: list[tuple[Stmt, ...]] = []
        sure = None if judged is None else judged.sure
        for arm, known, runs in (
            (node.body, judged and judged.true, sure is not False),
            (node.orelse, judged and judged.false, sure is not True),
        ):
            if not runs:
                arms.append(())
                continue
            self.scope.facts = dict(before)
            self.scope.know(known or ())
            checked, falls = self.body(arm)
            arms.append(checked)
            if falls:
                ends.append(self.scope.facts)
        self.scope.facts = meet(ends)
        self.dead = sure is not None and not ends
        return None if judged is None else If(self.scope.at(node), judged.expr, *arms)

    def while_loop(self, node: ast.While) -> Stmt | None:
        scope, flow = self.scope, self.scope.function.flow.loops[id(node)]
        head = scope.enter_loop(node)
        judged = condition(scope, node.test)
        tested = dict(scope.facts)
        scope.know(judged.true if judged else ())
        runs = judged is None or judged.sure is not False
        body, ends, breaks = self.rounds(node.body if runs else ())
        scope.facts = without(tested, scope.end_rounds(node, head, ends))
        scope.know(judged.false if judged else ())
        orelse, ended = self.otherwise(node, [scope.facts] if flow.ends else [])
        scope.facts = meet((*ended, *breaks))
        return None if judged is None else While(scope.at(node), judged.expr, body, flow.continues, orelse)

    def otherwise(self, node: ast.While | ast.For, ends: list[Facts]) -> tuple[tuple[Stmt, ...], list[Facts]]:
        """Check the else of a loop that ends with these facts; return with it what is known at its end."""
        if id(node) not in self.scope.function.flow.elses:
            return (), ends
        self.scope.facts = meet(ends)
        orelse, falls = self.body(node.orelse)
        return orelse, [self.scope.facts] if falls else []

    def rounds(self, statements: Iterable[ast.stmt]) -> tuple[tuple[Stmt, ...], list[Facts], list[Facts]]:
        """Check a loop's body; return with it what is known where its rounds end, and where they leave the loop."""
        self.breaks.append([])
        self.continues.append([])
        body, falls = self.body(statements)
        ends = [*self.continues.pop(), *((self.scope.facts,) if falls else ())]
        return body, ends, self.breaks.pop()

    def for_loop(self, node: ast.For) -> Stmt | None:
        scope, flow = self.scope, self.scope.function.flow.loops[id(node)]
        head = self.loop_head(node)
        before = scope.enter_loop(node)
        targets: tuple[Variable, ...] = ()
        if head is not None:
            names = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            types = self.loop_items(node, head[2], len(names))
            if types is None:
                head = None
            else:
                stored = [store(self.scope, name, type_) for name, type_ in zip(names, types, strict=True)]
                targets = tuple(target for target in stored if isinstance(target, Variable))
                line = scope.emitter_of_none if head[0] == "values" else None
                if line is not None:
                    scope.function.nones |= {scope.function.flow.variables[target.version]: line for target in targets}
        body, ends, breaks = self.rounds(node.body)
        missing = scope.end_rounds(node, before, ends)
        orelse, ended = self.otherwise(node, ends if flow.sure else [without(before, missing)])
        scope.facts = meet((*ended, *breaks))
        if head is None:
            return None
        kind, over, item = head
        check_loop(scope, node.iter, [value.type for value in over], body)
        if kind == "list" and isinstance(over[0].type, Listed) and over[0].type.owned and may_lengthen(scope, body):
            kind = "array"
        unpacks = isinstance(node.target, ast.Tuple)
        at = scope.at(node)
        return For(at, kind, over, item, targets, unpacks, body, flow.continues, flow.bounded, orelse)

    def loop_items(self, node: ast.For, item: Type, number: int) -> tuple[Type, ...] | None:
        names = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
        for name in names:
            if isinstance(name, Hole):
                return None
            if not isinstance(name, ast.Name):
                self.scope.refuse(name, "target", "a loop assigns to something else than a variable")
                return None
        return items(self.scope, node.target, item, number) if isinstance(node.target, ast.Tuple) else (item,)

    def loop_head(self, node: ast.For) -> tuple[str, tuple[Expr, ...], Type] | None:
        """Return the kind of the loop, what it runs over, and the type of what a round gets."""
        scope = self.scope
        match node.iter:
            case ast.Name(id=name) if name == scope.values:
                version = scope.function.flow.reads.get(id(node.iter))
                type_ = None if version is None else scope.function.types[scope.function.flow.variables[version]]
                return ("values", (), type_.item) if isinstance(type_, Values) else None
            case ast.Call(func=ast.Name(id="range") as function) if id(function) not in scope.function.flow.reads:
                bounds = self.range_bounds(node.iter)
                return None if bounds is None else ("range", bounds, INT)
        if (found := viewed(scope, node.iter)) is not None:
            return self.entries(*found)
        over = scope.check(scope, node.iter)
        if over is None:
            return None
        if isinstance(over.type, Mapped):
            return self.entries(over, "keys")
        if over.type == STR:
            over = of_pieces(scope, node.iter, characters(scope, node.iter, over))
        items_ = as_items(scope, node.iter, over)
        if items_ is None:
            return None
        over = items_
        if not isinstance(over.type, Listed):
            scope.refuse(node.iter, "loop-form", f"a loop over {over.type}")
            return None
        return ("list", (over,), over.type.item) if over.type.known else None

    def entries(self, over: Expr, what: str) -> tuple[str, tuple[Expr, ...], Type] | None:
        """Return the head of a loop over a dict."""
        if not isinstance(over.type, Mapped) or not over.type.known:
            return None
        return f"dict-{what}", (over,), part_of_entry(over.type.item, what)

    def range_bounds(self, node: ast.Call) -> tuple[Expr, ...] | None:
        """Return start, stop and step of a range."""
        scope, at = self.scope, self.scope.at(node)
        found = [scope.check(scope, argument) for argument in node.args]
        known = [bound for bound in found if bound is not None]
        if len(known) < len(found):
            return None
        if not 1 <= len(known) <= 3:
            scope.refuse(node, "argument", f"range() takes 1 to 3 arguments, {len(known)} are given")
            return None
        for argument, bound in zip(node.args, known, strict=True):
            if bound.type != INT:
                code = "maybe-none" if isinstance(bound.type, Option) else "type"
                scope.refuse(argument, code, f"an argument of range() is {bound.type}, not int")
                return None
        if len(known) == 1:
            known.insert(0, Const(INT, at, 0))
        if len(known) == 2:
            known.append(Const(INT, at, 1))
        return tuple(known)


def _not_emitted(type_: Type) -> tuple[str, str]:
    """Return why JSON has nothing for a container, and what to emit."""
    match type_:
        case Gathered():
            return "a set is emitted", "emit a list of its items: sorted(s)"
        case Queued():
            return "a deque is emitted", "emit a list of its items: list(d)"
    return f"{type_} is emitted: keys of JSON's objects are texts", "use str(key) as the keys, or list(d.items())"
