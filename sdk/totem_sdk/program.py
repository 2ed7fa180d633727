"""The Program: a job as typed opcodes in basic blocks, with one canonical encoding.

A Program is made by ``totem_sdk.lang`` and means what ``docs/abstract-machine.md`` says. It does not depend on an
estimator table; ``totem_sdk.cost.price`` gives each block and each sized operation its charge.

Control flow is structured, so that every executor can follow it without analysis:

* ``Block(id, ops)``: straight-line operations; entering it is one charge. Ids count from 0 over the whole program in
  the order of ``functions``; each arm of an If and each body of a Loop begins with a Block.
* ``If(condition, then, orelse)``: by a bool register.
* ``Loop(body)``: repeats its body until an Exit leaves it. ``kind`` says what it came from (while, range, list,
  values) and ``trip`` names the register that holds the number of rounds of a range or list loop.
* ``Scope(body)``: runs its body once; an Exit can leave it (that is how ``continue`` reaches the loop's step).
* ``Exit(level)``: leaves the ``level``-th enclosing Loop or Scope, counted from 0 for the innermost (Ifs don't count).
* ``Return(register)``: leaves the function.

Registers are typed, mutable and local to a function. Functions that take a row, pair or group begin with the
``read_*`` operation in their first block.

The nodes and their encoding stand in one module because a change to one is a change to the other, and to every
``program_id``.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from totem_sdk.errors import InvalidDocument
from totem_sdk.opcodes import OPCODES
from totem_sdk.packed import unpacked
from totem_sdk.schema import Schema
from totem_sdk.type_texts import parse_type
from totem_sdk.types import BOOL, FLOAT, INT, STR, Type

__all__ = [
    "FORMAT",
    "PARAM_TYPES",
    "Block",
    "Body",
    "Exit",
    "Function",
    "If",
    "Loop",
    "Node",
    "Op",
    "ParamSpec",
    "Phase",
    "Program",
    "Return",
    "Scope",
    "Step",
    "Value",
    "blocks_of",
    "one_nan",
]

FORMAT = "totem-program-1"
Value = int | float | bool | str | None
"""A constant: an immediate operand or a parameter's value."""

PARAM_TYPES: tuple[Type, ...] = (INT, FLOAT, BOOL, STR)


@dataclass(frozen=True, slots=True)
class Op:
    """One operation: opcode, the type it works on, destination, operands, immediates, and where it came from.

    ``catch`` is a register (int): an error of the operation, other than ``memory``, puts its code there and the program
    goes on; without an error it is set to 0. None: an error ends the task.
    """

    code: str
    type: Type
    dst: int | None = None
    args: tuple[int, ...] = ()
    imm: tuple[Value, ...] = ()
    line: int = 0
    column: int = 0
    catch: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A basic block: entered at the top, left at the bottom, charged as one."""

    id: int
    ops: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class If:
    """``then`` where the bool register ``condition`` is true, else ``orelse``."""

    condition: int
    then: Body
    orelse: Body


@dataclass(frozen=True, slots=True)
class Loop:
    """Repeats ``body`` until an Exit leaves it."""

    body: Body
    kind: Literal["while", "range", "list", "values"] = "while"
    trip: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Runs ``body`` once; an Exit can leave it."""

    body: Body


@dataclass(frozen=True, slots=True)
class Exit:
    """Leaves the ``level``-th enclosing Loop or Scope (0: the innermost)."""

    level: int


@dataclass(frozen=True, slots=True)
class Return:
    """Leaves the function with the value of ``register`` (None: without a value)."""

    register: int | None = None


Node = Block | If | Loop | Scope | Exit | Return
Body = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the job: typed registers, the registers of its parameters, its result type, its body.

    Step functions (mapper, reducer, …) have no ``params`` and return nothing: they read with ``read_*``.
    """

    name: str
    line: int
    registers: tuple[Type, ...]
    params: tuple[int, ...]
    returns: Type | None
    body: Body


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """A job parameter: name, type (int, float, bool or str) and default (None: must be given at submission)."""

    name: str
    type: Type
    default: Value = None


@dataclass(frozen=True, slots=True)
class Step:
    """One MRStep: indices into ``Program.functions`` (None: the step has no such function) and the types between.

    ``shuffled`` is the (key, value) type that arrives at combiner and reducer; ``emits`` the one that leaves the step.
    ``state`` gives for each role the types of the fields on ``self`` that live for one task of that role.
    ``lists`` is the type of the values that leave it as texts because they have lists or dicts in them (None: they have
    none).
    A step has a mapper always (an identity mapper is made where the source has none).
    """

    mapper: int
    mapper_init: int | None
    mapper_final: int | None
    combiner: int | None
    combiner_init: int | None
    combiner_final: int | None
    reducer: int | None
    reducer_init: int | None
    reducer_final: int | None
    shuffled: tuple[Type, Type] | None
    emits: tuple[Type, Type]
    map_state: tuple[Type, ...] = ()
    combine_state: tuple[Type, ...] = ()
    reduce_state: tuple[Type, ...] = ()
    lists: Type | None = None

    @property
    def result(self) -> tuple[Type, Type]:
        """The types of the pairs that a job delivers of which this is the last step."""
        return self.emits if self.lists is None else (self.emits[0], self.lists)

    def delivered(self, pair: tuple[Any, Any]) -> tuple[Any, Any]:
        """Return an emitted pair as it is delivered: a list is a list again."""
        return pair if self.lists is None else (pair[0], unpacked(self.lists, pair[1]))

    @property
    def partitions(self) -> int:
        """Number of reduce tasks: 16, or 1 where the reducer has state, _init or _final (abstract machine, §3)."""
        single = self.reducer_init is not None or self.reducer_final is not None or bool(self.reduce_state)
        return 1 if single else 16


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase in plan order: ``index`` counts from 0 over the whole program."""

    index: int
    step: int
    kind: Literal["map", "reduce"]


@dataclass(frozen=True)
class Program:
    """A compiled job.

    ``name`` is the class name; ``lines`` tells that the job gets raw lines (mrjob's own MRJob) and not typed rows.
    """

    name: str
    schema: Schema
    lines: bool
    params: tuple[ParamSpec, ...]
    functions: tuple[Function, ...]
    steps: tuple[Step, ...]

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """Every phase in plan order: map and, where the step has a reducer, reduce of each step."""
        phases: list[Phase] = []
        for number, step in enumerate(self.steps):
            phases.append(Phase(len(phases), number, "map"))
            if step.reducer is not None:
                phases.append(Phase(len(phases), number, "reduce"))
        return tuple(phases)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every block; its position is its id."""
        found = [block for function in self.functions for block in blocks_of(function.body)]
        if [block.id for block in found] != list(range(len(found))):
            raise InvalidDocument("program: block ids do not count from 0 in the order of the functions")
        return tuple(found)

    @cached_property
    def program_id(self) -> str:
        """sha256 of the canonical encoding, in hexadecimal."""
        return hashlib.sha256(self.encode()).hexdigest()

    @cached_property
    def columns_read(self) -> tuple[int, ...]:
        """Positions of the columns that the program uses, ascending."""
        used: set[int] = set()
        for block in self.blocks:
            for op in block.ops:
                if op.code == "read_row":
                    used.update(position for position in op.imm if isinstance(position, int))
        return tuple(sorted(used))

    def encode(self) -> bytes:
        """Return the canonical bytes: JSON with sorted keys and no spaces, floats as hexadecimal texts."""
        return json.dumps(_program_to_json(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> Program:
        """Read canonical bytes.

        Raises:
            InvalidDocument: not a program of this format, or not its canonical encoding.
        """
        try:
            document = json.loads(data)
            program = _program_from_json(document)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise InvalidDocument(f"not a {FORMAT} document: {error}") from None
        if program.encode() != data:
            raise InvalidDocument(f"not the canonical encoding of a {FORMAT} document")
        return program


def one_nan(value: Value) -> Value:
    """Return the value, a NaN as the one object ``math.nan``: so that programs with equal bytes are equal."""
    return math.nan if isinstance(value, float) and math.isnan(value) else value


def blocks_of(body: Body) -> Iterator[Block]:
    """Yield the blocks of a body in order, those of nested nodes where they stand."""
    for node in body:
        match node:
            case Block():
                yield node
            case If(then=then, orelse=orelse):
                yield from blocks_of(then)
                yield from blocks_of(orelse)
            case Loop(body=inner) | Scope(body=inner):
                yield from blocks_of(inner)
            case Exit() | Return():
                pass


def _value_to_json(value: Value) -> Any:
    return {"f": value.hex()} if isinstance(value, float) else value


def _value_from_json(document: Any) -> Value:
    if isinstance(document, dict):
        return one_nan(float.fromhex(document["f"]))
    if document is None or isinstance(document, bool | int | str):
        return document
    raise InvalidDocument(f"not a constant: {document!r}")


def _node_to_json(node: Node) -> list[Any]:
    match node:
        case Block(id=number, ops=ops):
            return ["block", number, [_op_to_json(op) for op in ops]]
        case If(condition=condition, then=then, orelse=orelse):
            return ["if", condition, [_node_to_json(n) for n in then], [_node_to_json(n) for n in orelse]]
        case Loop(body=body, kind=kind, trip=trip):
            return ["loop", kind, trip, [_node_to_json(n) for n in body]]
        case Scope(body=body):
            return ["scope", [_node_to_json(n) for n in body]]
        case Exit(level=level):
            return ["exit", level]
        case Return(register=register):
            return ["return", register]


def _node_from_json(document: list[Any]) -> Node:
    match document:
        case ["block", int(number), list(ops)]:
            return Block(number, tuple(_op_from_json(op) for op in ops))
        case ["if", int(condition), list(then), list(orelse)]:
            return If(condition, _body_from_json(then), _body_from_json(orelse))
        case ["loop", "while" | "range" | "list" | "values" as kind, trip, list(body)]:
            return Loop(_body_from_json(body), kind, trip)
        case ["scope", list(body)]:
            return Scope(_body_from_json(body))
        case ["exit", int(level)]:
            return Exit(level)
        case ["return", register]:
            return Return(register)
    raise InvalidDocument(f"not a node: {str(document)[:80]}")


def _body_from_json(documents: list[Any]) -> Body:
    return tuple(_node_from_json(document) for document in documents)


def _op_to_json(op: Op) -> list[Any]:
    document = [op.code, str(op.type), op.dst, list(op.args), [_value_to_json(v) for v in op.imm], op.line, op.column]
    return document if op.catch is None else [*document, op.catch]


def _op_from_json(document: list[Any]) -> Op:
    code, type_, dst, args, imm, line, column, *catch = document
    if code not in OPCODES:
        raise InvalidDocument(f"unknown opcode {code!r}")
    values = tuple(_value_from_json(v) for v in imm)
    return Op(code, parse_type(type_), dst, tuple(args), values, line, column, *catch)


_STEP_FUNCTIONS = (
    "mapper",
    "mapper_init",
    "mapper_final",
    "combiner",
    "combiner_init",
    "combiner_final",
    "reducer",
    "reducer_init",
    "reducer_final",
)


def _pair_to_json(pair: tuple[Type, Type] | None) -> list[str] | None:
    return None if pair is None else [str(pair[0]), str(pair[1])]


def _pair_from_json(document: Any) -> tuple[Type, Type]:
    key, value = document
    return parse_type(key), parse_type(value)


def _program_to_json(program: Program) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": program.name,
        "lines": program.lines,
        "schema": program.schema.to_json(),
        "params": [[p.name, str(p.type), _value_to_json(p.default)] for p in program.params],
        "functions": [
            {
                "name": function.name,
                "line": function.line,
                "registers": [str(type_) for type_ in function.registers],
                "params": list(function.params),
                "returns": None if function.returns is None else str(function.returns),
                "body": [_node_to_json(node) for node in function.body],
            }
            for function in program.functions
        ],
        "steps": [
            {
                **{name: getattr(step, name) for name in _STEP_FUNCTIONS},
                "shuffled": _pair_to_json(step.shuffled),
                "emits": _pair_to_json(step.emits),
                "map_state": [str(type_) for type_ in step.map_state],
                "combine_state": [str(type_) for type_ in step.combine_state],
                "reduce_state": [str(type_) for type_ in step.reduce_state],
                **({} if step.lists is None else {"lists": str(step.lists)}),
            }
            for step in program.steps
        ],
    }


def _program_from_json(document: Any) -> Program:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidDocument(f"not a {FORMAT} document")
    functions = tuple(
        Function(
            name=item["name"],
            line=item["line"],
            registers=tuple(parse_type(text) for text in item["registers"]),
            params=tuple(item["params"]),
            returns=None if item["returns"] is None else parse_type(item["returns"]),
            body=_body_from_json(item["body"]),
        )
        for item in document["functions"]
    )
    steps = tuple(
        Step(
            **{name: item[name] for name in _STEP_FUNCTIONS},
            shuffled=None if item["shuffled"] is None else _pair_from_json(item["shuffled"]),
            emits=_pair_from_json(item["emits"]),
            map_state=tuple(parse_type(text) for text in item["map_state"]),
            combine_state=tuple(parse_type(text) for text in item["combine_state"]),
            reduce_state=tuple(parse_type(text) for text in item["reduce_state"]),
            lists=None if item.get("lists") is None else parse_type(item["lists"]),
        )
        for item in document["steps"]
    )
    return Program(
        name=document["name"],
        schema=Schema.from_json(document["schema"]),
        lines=document["lines"],
        params=tuple(ParamSpec(n, parse_type(t), _value_from_json(d)) for n, t, d in document["params"]),
        functions=functions,
        steps=steps,
    )
