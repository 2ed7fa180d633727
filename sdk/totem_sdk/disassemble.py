"""Programs made readable: blocks, operations, registers, source lines and charges; and paper III's operator array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from totem_sdk.classes import class_of
from totem_sdk.cost import PricedProgram, Term, price, static_items
from totem_sdk.program import Block, Body, Exit, Function, If, Loop, Op, Program, Return, Scope
from totem_sdk.table import Table
from totem_sdk.types import FLOAT, INT, NUM, leaves

__all__ = ["Operator", "Row", "disassemble", "operator_of", "render"]

Operator = Literal["INTassign", "FLOATassign", "MathOperation", "RelationalOperation"]
"""The classes of the published operator array (paper III, section 5.2)."""

_MATH = frozenset(("abs", "add", "angle", "div", "integer", "math", "mul", "product", "remainder", "round", "sub"))
"""Opcode classes that are a MathOperation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a disassembly.

    ``kind`` is ``function``, ``block``, ``op``, or what stands between blocks (``if``, ``else``, ``loop``, ``scope``,
    ``exit``, ``return``); ``depth`` how deep it is nested. ``line`` and ``column`` are its place in the source (0 where
    it has none). ``charge`` is what entering the block costs in totem, or what the operation adds to that; ``sized``
    describes the part of an operation's charge that depends on sizes. Both need a table.
    """

    kind: str
    depth: int
    text: str
    line: int = 0
    column: int = 0
    charge: int | None = None
    sized: str = ""
    op: Op | None = None


def operator_of(op: Op) -> Operator | None:
    """Return the class of an operation in the published operator array; None for what that array doesn't have."""
    cls = class_of(op)
    if cls == "assign":
        found = set(leaves(op.type))
        return "FLOATassign" if found & {FLOAT, NUM} else "INTassign" if INT in found else None
    if cls == "compare":
        return "RelationalOperation"
    return "MathOperation" if cls in _MATH else None


def disassemble(program: Program, table: Table | None = None) -> tuple[Row, ...]:
    """Return the lines of a disassembly; with a table they tell the charges.

    Raises:
        Refused: the table does not list an operation of the program.
    """
    priced = None if table is None else price(program, table)
    return tuple(
        row for number, function in enumerate(program.functions) for row in _function(priced, number, function)
    )


def _function(priced: PricedProgram | None, number: int, function: Function) -> Iterator[Row]:
    params = ", ".join(f"r{register}: {function.registers[register]}" for register in function.params)
    returns = "" if function.returns is None else f" -> {function.returns}"
    yield Row("function", 0, f"function {number} {function.name}({params}){returns}", function.line)
    yield from _body(priced, function, function.body, 1)


def _body(priced: PricedProgram | None, function: Function, body: Body, depth: int) -> Iterator[Row]:
    for node in body:
        match node:
            case Block():
                yield from _block(priced, function, node, depth)
            case If(condition=condition, then=then, orelse=orelse):
                yield Row("if", depth, f"if r{condition}")
                yield from _body(priced, function, then, depth + 1)
                yield Row("else", depth, "else")
                yield from _body(priced, function, orelse, depth + 1)
            case Loop(body=inner, kind=kind, trip=trip):
                yield Row("loop", depth, f"loop {kind}" + ("" if trip is None else f", r{trip} rounds"))
                yield from _body(priced, function, inner, depth + 1)
            case Scope(body=inner):
                yield Row("scope", depth, "scope")
                yield from _body(priced, function, inner, depth + 1)
            case Exit(level=level):
                yield Row("exit", depth, f"exit {level}")
            case Return(register=register):
                yield Row("return", depth, "return" if register is None else f"return r{register}")


def _block(priced: PricedProgram | None, function: Function, block: Block, depth: int) -> Iterator[Row]:
    charge = None if priced is None else priced.block_cost[block.id]
    yield Row("block", depth, f"block {block.id}", charge=charge)
    sites = {} if priced is None else priced.sites_of_block.get(block.id, {})
    for position, op in enumerate(block.ops):
        terms = sites[position].terms if position in sites else ()
        own = None if priced is None else _static(priced, op)
        sized = " + ".join(map(_term, terms))
        yield Row("op", depth + 1, _text(function, op), op.line, op.column, own, sized, op)


def _static(priced: PricedProgram, op: Op) -> int:
    """Return what one operation adds to the charge of its block."""
    return sum(priced.table.cost(*item) for item in static_items(priced.program, priced.table, op))


def _term(term: Term) -> str:
    by = {"bytes": "byte", "count": "value", "pairs": "pair"}[term.by]
    return f"{term.unit} a {by} ({term.cls} {term.dtype})"


def _text(function: Function, op: Op) -> str:
    dst = "" if op.dst is None else f"r{op.dst}: {function.registers[op.dst]} = "
    operands = [f"r{register}" for register in op.args] + [repr(value) for value in op.imm]
    caught = "" if op.catch is None else f" catch r{op.catch}"
    return f"{dst}{op.code} {op.type}" + (f" ({', '.join(operands)})" if operands else "") + caught


def render(rows: Iterable[Row]) -> str:
    """Return a disassembly as text, one row a line."""
    lines: list[str] = []
    for row in rows:
        place = f"{row.line}:{row.column}" if row.column else str(row.line) if row.line else ""
        charge = "" if row.charge is None else str(row.charge)
        text = "  " * row.depth + row.text
        lines.append(f"{place:>7}  {charge:>6}  {text}" + (f"  + {row.sized}" if row.sized else ""))
    return "\n".join(lines) + "\n"
