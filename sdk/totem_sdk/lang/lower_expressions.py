"""Sixth pass, first half: expressions of the typed tree become operations.

What is stored: an operation writes its result into the variable, a constant or copy is an ``assign`` (charged).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from totem_sdk.errors import InternalError
from totem_sdk.lang.builder import Builder
from totem_sdk.lang.findings import At
from totem_sdk.lang.lower_texts import completed
from totem_sdk.lang.scope import FunctionState
from totem_sdk.lang.tree import (
    Apply,
    Call,
    Chain,
    Choice,
    Const,
    DictDisplay,
    Display,
    Expr,
    FunctionKey,
    Inner,
    Kept,
    Let,
    Local,
    Logic,
    Member,
    Power,
    Stmt,
    is_operation,
)
from totem_sdk.types import BOOL, FLOAT, INT, NONE, Option, Tuple, Type

__all__ = ["ExpressionLowering", "Surroundings", "caught_type", "nothing"]

_ONE_WORD: tuple[Type, ...] = (INT, FLOAT, BOOL)
"""Types whose registers an operation may read and write at once."""


def caught_type(returns: Type) -> Type:
    """Return what a helper returns whose errors are caught by its caller: a code, and the result if that is 0."""
    if returns == NONE:
        return INT
    return Tuple((INT, returns if isinstance(returns, Option) else Option(returns)))


CHANGING = frozenset(
    (
        "append",
        "clear",
        "deque_append",
        "deque_appendleft",
        "deque_extend",
        "deque_rotate",
        "dict_clear",
        "dict_update",
        "extend",
        "insert",
        "reverse",
        "sort",
        "sort_lines",
    )
)
"""Opcodes that change a list or dict and give nothing."""


def nothing() -> None:
    """Leave the block of an arm empty."""


@dataclass(frozen=True)
class Surroundings:
    """What a function is lowered in.

    ``helper`` gives the number of a called function (one that returns its errors, or one whose errors end the task) and
    the columns that it is passed; ``fields`` are the types of the
    fields on self, in their order; ``emits`` is the type of key and value; ``column_types`` are those of the schema.
    """

    helper: Callable[[FunctionKey, bool], tuple[int, tuple[int, ...]]]
    fields: Mapping[str, Type]
    emits: tuple[Type, Type] | None
    column_types: tuple[Type, ...]


class ExpressionLowering:
    """Lowers the expressions of one function.

    ``columns`` are the registers of the columns that were passed to this function (none where it reads the row).
    """

    def __init__(self, build: Builder, state: FunctionState, around: Surroundings) -> None:
        self.build = build
        self.state = state
        self.around = around
        self.columns: dict[int, int] = {}
        self._variables: dict[int, int] = {}
        self._kept: dict[int, int] = {}

    def variable(self, version: int) -> int:
        """Return the register of the variable that a version belongs to."""
        number = self.state.flow.variables[version]
        if number not in self._variables:
            type_ = self.state.types[number]
            if type_ is None:
                raise InternalError(f"the variable {self.state.flow.names[version]} has no type")
            self._variables[number] = self.build.register(type_)
            self.build.kept.add(self._variables[number])
        return self._variables[number]

    # Expressions.

    def value(self, expr: Expr, into: int | None = None) -> int:
        """Evaluate an expression; return the register of its value (``into``, if given)."""
        match expr:
            case Const():
                dst = self._dst(expr.type, into)
                self.build.op("const", expr.type, dst, (), expr.at, imm=(expr.value,))
                return dst
            case Local():
                return self._moved(expr, self.variable(expr.version), into)
            case Apply():
                return self._apply(expr, into)
            case Logic() | Chain() | Member() | Choice() | Power():
                dst = self.build.register(expr.type)
                self._steps(expr, dst)
                return self._moved(expr, dst, into)
            case Call():
                return self._call(expr, into)
            case Display():
                return self._display(expr, into)
            case Kept():
                return self._moved(expr, self._kept[expr.number], into)
            case Let():
                for number, value in expr.values:
                    self._kept[number] = self.value(value)
                return self.value(expr.result, into)
            case DictDisplay():
                return self._dict_display(expr, into)
            case Inner():
                self.body(expr.body)
                return self.value(expr.value, into)

    def body(self, statements: tuple[Stmt, ...]) -> None:
        """Lower statements one after the other."""
        raise NotImplementedError

    def _display(self, expr: Display, into: int | None) -> int:
        """Make a list and append its items; a variable that it goes to may be read by them."""
        made = self.build.register(expr.type)
        self.build.op("list_new", expr.type, made, (), expr.at)
        for item in expr.items:
            self.build.op("append", expr.type, None, (made, self.value(item)), item.at)
        return self._moved(expr, made, into)

    def _dict_display(self, expr: DictDisplay, into: int | None) -> int:
        """Make a dict and put its entries into it, as ``_display``."""
        made = self.build.register(expr.type)
        self.build.op("dict_new", expr.type, made, (), expr.at)
        for key, value in expr.entries:
            self.build.op("dict_put", expr.type, None, (made, self.value(key), self.value(value)), key.at)
        return self._moved(expr, made, into)

    def _dst(self, type_: Type, into: int | None) -> int:
        return self.build.register(type_) if into is None else into

    def _moved(self, expr: Expr, register: int, into: int | None) -> int:
        if into is None:
            return register
        self.build.op("move", expr.type, into, (register,), expr.at)
        return into

    def _apply(self, expr: Apply, into: int | None) -> int:
        if expr.code == "column" and self.columns:
            (position,) = expr.imm
            if not isinstance(position, int):
                raise InternalError("a column without a position")
            return self._moved(expr, self.columns[position], into)
        found = {place: self.value(expr.args[place]) for place in expr.order or range(len(expr.args))}
        args, imm = completed(self.build, expr, tuple(found[place] for place in range(len(found))))
        if expr.code in CHANGING:
            self.build.op(expr.code, expr.on, None, args, expr.at, imm=imm)
            return self.value(Const(NONE, expr.at, None), into)
        if into in args and expr.type not in _ONE_WORD:
            dst = self.build.register(expr.type)
            self.build.op(expr.code, expr.on, dst, args, expr.at, imm=imm)
            return self._moved(expr, dst, into)
        dst = self._dst(expr.type, into)
        sure = expr.code == "to_int" and expr.on == BOOL
        self.build.op(expr.code, expr.on, dst, args, expr.at, imm=imm, sure=sure)
        return dst

    def _steps(self, expr: Logic | Chain | Member | Choice | Power, dst: int) -> None:
        """Evaluate what takes several operations or branches."""
        match expr:
            case Logic():
                self.build.op(expr.code, BOOL, dst, (self.value(expr.left),), expr.at)

                def right() -> None:
                    self.value(expr.right, dst)

                arms = (right, nothing) if expr.code == "and" else (nothing, right)
                self.build.branch(dst, *arms)
            case Chain():
                self._links(expr, 0, self.value(expr.first), expr.first.type, dst)
            case Member():
                value = self.value(expr.value)
                self._members(expr, 0, value, self.value(expr.whole), dst)
            case Choice():
                condition = self.value(expr.condition)
                self.build.branch(
                    condition, lambda: self._arm(expr.then, dst, expr), lambda: self._arm(expr.orelse, dst, expr)
                )
            case Power():
                base = self.value(expr.base)
                product = base
                for _ in range(expr.times - 1):
                    self.build.op("mul", expr.type, dst, (product, base), expr.at)
                    product = dst

    def _arm(self, arm: Expr | None, dst: int, expr: Choice) -> None:
        if arm is not None:
            self.put(arm, dst, expr.type)

    def _links(self, expr: Chain, position: int, left: int, left_type: Type, dst: int) -> None:
        link = expr.links[position]
        right = self.value(link.right)
        args = (self.widened(left, left_type, link.on, expr.at), self.widened(right, link.right.type, link.on, expr.at))
        self.build.op(link.code, link.on, dst, args, expr.at)
        if position + 1 < len(expr.links):
            self.build.branch(dst, lambda: self._links(expr, position + 1, right, link.right.type, dst), nothing)

    def _members(self, expr: Member, position: int, value: int, whole: int, dst: int) -> None:
        link, at = expr.links[position], expr.at
        item = self.build.register(link.right.type)
        self.build.op("item", expr.whole.type, item, (whole,), at, imm=(position,))
        args = (
            self.widened(value, expr.value.type, link.on, at),
            self.widened(item, link.right.type, link.on, at),
        )
        self.build.op(link.code, link.on, dst, args, at)
        if position + 1 < len(expr.links):
            self.build.op("or", BOOL, dst, (dst,), at)
            self.build.branch(dst, nothing, lambda: self._members(expr, position + 1, value, whole, dst))

    def _call(self, expr: Call, into: int | None) -> int:
        number, columns = self.around.helper(expr.function, bool(self.build.guards))
        found = {position: self.value(expr.args[position]) for position in expr.order}
        args = [found[position] for position in range(len(expr.args))]
        for position in columns:
            type_ = self.around.column_types[position]
            args.append(self.value(Apply(type_, expr.at, "column", type_, (), (position,))))
        if self.build.guards:
            return self._guarded_call(expr, number, tuple(args), into)
        if expr.type == NONE:
            self.build.op("call", NONE, None, tuple(args), expr.at, imm=(number,))
            return self.value(Const(NONE, expr.at, None), into)
        dst = self._dst(expr.type, None if into in args else into)
        self.build.op("call", expr.type, dst, tuple(args), expr.at, imm=(number,))
        return dst if into is None or dst == into else self._moved(expr, dst, into)

    def _guarded_call(self, expr: Call, number: int, args: tuple[int, ...], into: int | None) -> int:
        """Call a helper that returns its error, or that it has none, beside its result (``caught_type``)."""
        type_ = caught_type(expr.type)
        returned = self.build.register(type_)
        self.build.op("call", type_, returned, args, expr.at, imm=(number,))
        if not isinstance(type_, Tuple):
            self.build.guard(returned, expr.at)
            return self.value(Const(NONE, expr.at, None), into)
        error = self.build.register(INT)
        self.build.op("item", type_, error, (returned,), expr.at, imm=(0,))
        self.build.guard(error, expr.at)
        result = self.build.register(type_.items[1])
        self.build.op("item", type_, result, (returned,), expr.at, imm=(1,))
        if type_.items[1] == expr.type:
            return self._moved(expr, result, into)
        dst = self._dst(expr.type, into)
        self.build.op("unwrap", type_.items[1], dst, (result,), expr.at)
        return dst

    def widened(self, register: int, type_: Type, wider: Type, at: At) -> int:
        """Return a register with the value as one of a wider type."""
        if type_ == wider:
            return register
        dst = self.build.register(wider)
        self.build.op("widen", type_, dst, (register,), at)
        return dst

    def put(self, expr: Expr, into: int, type_: Type) -> None:
        """Evaluate an expression and store it in a register of a type that holds it."""
        while isinstance(expr, Apply) and expr.code == "widen":
            expr = expr.args[0]
        if is_operation(expr):
            if expr.type == type_:
                self.value(expr, into)
                return
            register = self.value(expr)
        else:
            register = into if expr.type == type_ else self.build.register(expr.type)
            self.build.op("assign", expr.type, register, (self.value(expr),), expr.at)
        if expr.type != type_:
            self.build.op("widen", expr.type, into, (register,), expr.at)
