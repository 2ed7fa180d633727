"""The shape of a program: which functions call which, how deep they are nested; and how much following it may take."""

from __future__ import annotations

from dataclasses import dataclass, field

from totem_sdk.estimate.known import Known
from totem_sdk.program import Body, If, Loop, Program, Scope, blocks_of

__all__ = ["MAX_VISITS", "OPERATION", "Budget", "Shape"]

MAX_VISITS = 200_000
"""Visits that following one by one may take in the estimate of one job; after that everything is followed once."""
OPERATION = 4
"""Visits of an operation: following one takes about as long as copying and merging four registers."""

_LEVEL = 3
_CALL = 6


@dataclass
class Budget:
    """How much was followed so far: blocks, their operations, and the registers of each body that was walked.

    ``kept`` is what is expected of each field on self, by its number: what was stored last.
    """

    visits: int = 0
    kept: dict[object, Known] = field(default_factory=dict)

    @property
    def spent(self) -> bool:
        """Whether it is time to hurry."""
        return self.visits > MAX_VISITS


class Shape:
    """What is asked of a program's functions again and again.

    ``callees_first`` is every function after all that it calls. ``frames`` bounds the Python frames that following a
    function with all it calls takes: with it the analysis stays far from Python's limit whatever the program is.
    ``draws`` counts the operations of a function that draw values; ``below`` is all that it calls, and itself.
    ``lines`` counts the source lines that have operations.
    """

    def __init__(self, program: Program) -> None:
        called = [
            sorted({int(op.imm[0] or 0) for block in blocks_of(f.body) for op in block.ops if op.code == "call"})
            for f in program.functions
        ]
        self.lines = len({op.line for block in program.blocks for op in block.ops})
        self.callees_first: list[int] = []
        self.frames: dict[int, int] = {}
        self.below: dict[int, frozenset[int]] = {}
        for number in range(len(program.functions)):
            self._visit(program, called, number)
        codes = [[op.code for block in blocks_of(f.body) for op in block.ops] for f in program.functions]
        self.draws = [sum(code == "read_value" or code.startswith("fold_") for code in one) for one in codes]

    def _visit(self, program: Program, called: list[list[int]], number: int) -> None:
        """Put a function after those it calls, without recursion."""
        pending = [number]
        while pending:
            current = pending[-1]
            waiting = [callee for callee in called[current] if callee not in self.frames]
            if current in self.frames or not waiting:
                pending.pop()
                if current not in self.frames:
                    deepest = max((self.frames[callee] for callee in called[current]), default=0)
                    self.frames[current] = _LEVEL * _depth(program.functions[current].body) + _CALL + deepest
                    self.below[current] = frozenset([current]).union(*(self.below[c] for c in called[current]))
                    self.callees_first.append(current)
            else:
                pending.extend(waiting)


def _depth(body: Body) -> int:
    """Return how deep the nodes of a body are nested."""
    deepest = 0
    pending = [(body, 1)]
    while pending:
        nodes, depth = pending.pop()
        deepest = max(deepest, depth)
        for node in nodes:
            match node:
                case If(then=then, orelse=orelse):
                    pending += [(then, depth + 1), (orelse, depth + 1)]
                case Loop(body=inner) | Scope(body=inner):
                    pending.append((inner, depth + 1))
                case _:
                    pass
    return deepest
