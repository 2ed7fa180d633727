"""The typed tree: what the checker makes of a function and the lowering turns into operations.

Expressions are few because most constructs are the application of one opcode. Every expression knows its type and its
place. Widening is explicit in operands (``Apply("widen", …)``); where a value is stored, emitted, returned or passed
the lowering widens it to the type of the place, which is known only when the checker has seen every assignment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from totem_sdk.lang.findings import At
from totem_sdk.opcodes import OPCODES
from totem_sdk.program import Value
from totem_sdk.types import BOOL, List, Type

__all__ = [
    "Apply",
    "Assign",
    "Break",
    "Call",
    "Chain",
    "Choice",
    "Const",
    "Continue",
    "DictDisplay",
    "Display",
    "Drop",
    "Emit",
    "Expr",
    "Field",
    "For",
    "FunctionKey",
    "If",
    "Inner",
    "Kept",
    "Let",
    "Link",
    "Local",
    "Logic",
    "Member",
    "Place",
    "Power",
    "Raise",
    "Return",
    "Stmt",
    "Target",
    "Try",
    "Unpack",
    "Variable",
    "While",
    "is_operation",
    "parts_of",
]


@dataclass(frozen=True, slots=True)
class FunctionKey:
    """A helper for arguments of given types; ``arguments`` has None where the row is passed."""

    name: str
    arguments: tuple[Type | None, ...]


@dataclass(frozen=True, slots=True)
class Const:
    """A constant."""

    type: Type
    at: At
    value: Value


@dataclass(frozen=True, slots=True)
class Local:
    """The value of a variable: which version of which name (see ``versions``)."""

    type: Type
    at: At
    version: int


@dataclass(frozen=True, slots=True)
class Apply:
    """One opcode applied to operands; ``on`` is the type that it works on, ``type`` that of its result.

    ``order`` tells in which order the operands are evaluated where that is not their own.
    """

    type: Type
    at: At
    code: str
    on: Type
    args: tuple[Expr, ...] = ()
    imm: tuple[Value, ...] = ()
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` of two bools; the right one is evaluated only where it decides."""

    at: At
    code: str
    left: Expr
    right: Expr
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Link:
    """One comparison of a chain: its opcode, the type in which both operands are compared, its right operand."""

    code: str
    on: Type
    right: Expr


@dataclass(frozen=True, slots=True)
class Chain:
    """Two or more comparisons of which each goes on only if the one before was true."""

    at: At
    first: Expr
    links: tuple[Link, ...]
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a value equals an item of a tuple: one comparison after the other until one is true.

    The right operand of each link is the item of ``whole``, which is evaluated once, after ``value``.
    """

    at: At
    value: Expr
    whole: Expr
    links: tuple[Link, ...]
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Choice:
    """A conditional expression; an arm that is never evaluated is None."""

    type: Type
    at: At
    condition: Expr
    then: Expr | None
    orelse: Expr | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a helper; the row is not among ``args``. ``order`` tells in which order they are evaluated."""

    type: Type
    at: At
    function: FunctionKey
    args: tuple[Expr, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """An int multiplied ``times`` times by itself."""

    type: Type
    at: At
    base: Expr
    times: int


@dataclass(frozen=True, slots=True)
class Display:
    """A list that is written out: a new one, to which each item is appended."""

    type: Type
    at: At
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class DictDisplay:
    """A dict that is written out: a new one, in which each key gets its value."""

    type: Type
    at: At
    entries: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Inner:
    """What statements leave in a variable: they stand where an expression stands (see ``rewrite``)."""

    type: Type
    at: At
    body: tuple[Stmt, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that is evaluated once and used several times, inside of the ``Let`` that evaluates it (see ``kept``)."""

    type: Type
    at: At
    number: int


@dataclass(frozen=True, slots=True)
class Let:
    """Evaluates values, one after the other, then an expression that uses them as often as it likes."""

    type: Type
    at: At
    values: tuple[tuple[int, Expr], ...]
    result: Expr


Expr = (
    Const | Local | Apply | Logic | Chain | Member | Choice | Call | Power | Display | DictDisplay | Inner | Kept | Let
)


def is_operation(expr: Expr) -> bool:
    """Return whether evaluating the expression does work of its own, so that storing its value costs nothing more."""
    match expr:
        case Const() | Local() | Kept():
            return False
        case Let(result=result):
            return is_operation(result)
        case Apply(code="widen", args=(arg,)):
            return is_operation(arg)
        case Apply(code=code):
            return OPCODES[code].cls is not None
        case _:
            return True


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as the target of an assignment: the version that the assignment makes."""

    version: int


@dataclass(frozen=True, slots=True)
class Field:
    """A field of self as the target of an assignment."""

    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """An item of a list, or a dict's value for a key, as the target of an assignment; ``type`` is the container's."""

    owner: Expr
    index: Expr
    type: Type


Target = Variable | Field | Place


@dataclass(frozen=True, slots=True)
class Assign:
    """Evaluates ``values``, then stores them: ``targets`` pairs each target with the position of its value."""

    at: At
    values: tuple[Expr, ...]
    targets: tuple[tuple[Target, int], ...]


@dataclass(frozen=True, slots=True)
class Unpack:
    """Stores the items of one tuple or list."""

    at: At
    value: Expr
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """Evaluates an expression for its effects."""

    at: At
    value: Expr


@dataclass(frozen=True, slots=True)
class Emit:
    """Emits a key and a value: two expressions, or one tuple of two."""

    at: At
    key: Expr
    value: Expr | None


@dataclass(frozen=True, slots=True)
class If:
    """Runs one of two bodies."""

    at: At
    condition: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class While:
    """Repeats its body as long as the condition, evaluated before every round, is true; then runs ``orelse``."""

    at: At
    condition: Expr
    body: tuple[Stmt, ...]
    continues: bool
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class For:
    """Repeats its body for every number of a range (three expressions), part of a list or dict, or value of a group.

    ``kind`` says which: range, list, array (a list that the body changes), dict-keys, dict-values, dict-items, values.

    ``item`` is the type of what a round gets; ``targets`` has one target, or, if it ``unpacks``, one for each item of a
    tuple. ``bounded``: see ``versions.LoopFlow``. ``orelse`` runs where the loop ends by itself.
    """

    at: At
    kind: str
    over: tuple[Expr, ...]
    item: Type
    targets: tuple[Variable, ...]
    unpacks: bool
    body: tuple[Stmt, ...]
    continues: bool
    bounded: bool
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """Leaves the loop."""

    at: At


@dataclass(frozen=True, slots=True)
class Continue:
    """Ends the round."""

    at: At


@dataclass(frozen=True, slots=True)
class Return:
    """Leaves the function; None stands for no value."""

    at: At
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Raise:
    """Evaluates ``values`` and ends in an error of a kind; without a kind, again in the one that is being handled."""

    at: At
    kind: str | None
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """Runs its body; an error of it runs the first of the ``handlers`` whose set of kinds it is in.

    ``orelse`` runs after a body without one, ``final`` whatever way all this is left.
    """

    at: At
    body: tuple[Stmt, ...]
    handlers: tuple[tuple[int, tuple[Stmt, ...]], ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


Stmt = Assign | Unpack | Drop | Emit | If | While | For | Break | Continue | Return | Raise | Try


def parts_of(statements: tuple[Stmt, ...]) -> Iterator[Any]:
    """Yield every statement and expression in a tree, and the other parts that its nodes are made of."""
    pending: list[Any] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending.extend(node)
        elif dataclasses.is_dataclass(node) and not isinstance(node, List):
            yield node
            pending.extend(getattr(node, part.name) for part in dataclasses.fields(node))
