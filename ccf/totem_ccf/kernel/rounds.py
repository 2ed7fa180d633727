"""Rounds of a loop whose charges are paid together: the loop's body a second time, without checks.

Where a round can't cost more than a bound that is known when the program is compiled (no loop inside, no calls, no
charges by size), a loop first does as many rounds as the balance covers at that bound, and what their counts cost is
paid when they are done or the loop is left, whichever way. Then, or where the balance may not suffice, one round pays
every charge before its work and may ask for more. So requests, end and counts are those of the loop that always pays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from totem_ccf.kernel.flows import Flows, amount, dearest
from totem_ccf.kernel.writer import Writer
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError
from totem_sdk.program import Body, Function, blocks_of

__all__ = ["PrepaidLoop", "RoundCharges", "carried", "round_bound"]

_MOST_BLOCKS = 24
_MOST_OPS = 150
"""Blocks and operations of a body that is written twice: code grows with them, and what is settled with the blocks."""

_STOP = "$stop"


def round_bound(priced: PricedProgram, body: Body) -> int | None:
    """Return the most that one round of a loop can cost (at least 1), or None if that is not known or not useful."""
    blocks = list(blocks_of(body))
    if len(blocks) > _MOST_BLOCKS or sum(len(block.ops) for block in blocks) > _MOST_OPS:
        return None
    if any(priced.sites_of_block.get(block.id) or any(op.code == "call" for op in block.ops) for block in blocks):
        return None
    return dearest(priced, body)


def carried(function: Function, body: Body) -> list[int]:
    """Return the registers that a loop's body reads or writes and whose values go from one block to another."""
    crossing: set[int] = set()
    for block in blocks_of(function.body):
        written: set[int | None] = set()
        for op in block.ops:
            crossing.update(register for register in op.args if register not in written)
            if op.catch is None:
                written.add(op.dst)
    touched = {register for block in blocks_of(body) for op in block.ops for register in (op.dst, *op.args)}
    return sorted(crossing & {register for register in touched if register is not None})


@dataclass(frozen=True)
class PrepaidLoop:
    """A loop of which rounds may be prepaid.

    Attributes:
        body: its body.
        labels: those outside of it and its own end: a jump to one of them settles first.
        again: the label of its next round.
        floats: the locals (f64) of carried registers.
    """

    body: Body
    labels: frozenset[str]
    again: str
    floats: Sequence[str]


class RoundCharges:
    """Counts the blocks of a loop's prepaid rounds; takes the place of ``charges.Charges`` while they are written.

    ``out`` and ``local`` are as for ``Charges``; ``bound`` is the most that a round costs; ``settle`` writes that a
    block was entered as often as an instruction (an i64) says, and is paid for.

    A call anywhere among the uses of a float makes the compiler keep it in memory at all of them, since no register for
    floats outlives a call; a loop in which each round waits for the one before then takes twice the time. Nothing is
    called for charges in prepaid rounds, so the floats that enter and leave them are made new: by ``copysign`` of
    themselves, which changes no bit and which the compiler does not see through.
    """

    def __init__(
        self,
        out: Writer,
        local: Callable[[str, str], str],
        loop: PrepaidLoop,
        bound: int,
        *,
        settle: Callable[[int, str], None],
    ) -> None:
        self._out = out
        self._local = local
        self._loop = loop
        self._bound = bound
        self._settle = settle
        self._labels = loop.labels | {_STOP}
        self._flows = Flows(loop.body)
        self._edges: dict[str, int] = {}
        self._stopping: set[int] = set()

    @contextmanager
    def paid(self) -> Iterator[None]:
        """Write the rounds that the balance covers; their body is written by the body of the with statement."""
        put, within = self._out.put, self._out.within
        renewed = [
            f"(local.set {name} (f64.copysign (local.get {name}) (local.get {name})))" for name in self._loop.floats
        ]
        rounds, left = self._local("$rounds", "i64"), self._local("$left", "i64")
        put(f"(local.set {rounds} (i64.div_u (local.get $balance) (i64.const {self._bound})))")
        with within(f"(if (i64.ne (local.get {rounds}) (i64.const 0)) (then", "))"):
            put(f"(local.set {left} (local.get {rounds}))")
            put(*(f"(local.set {self._local(name, 'i64')} (i64.const 0))" for name in self._flows.counted.values()))
            put(*(f"(local.set {self._local(name, 'i32')} (i32.const 0))" for name in ("$edge", "$stopped")))
            put(*renewed)
            with within("(block $settle"), within("(loop $round"):
                put(f"(local.set {left} (i64.sub (local.get {left}) (i64.const 1)))")
                yield
                put(f"(br_if $round (i64.ne (local.get {left}) (i64.const 0)))")
            put(*renewed)
            begun = f"(i64.sub (local.get {rounds}) (local.get {left}))"
            for number, flow in self._flows.entered.items():
                if (count := amount(flow, begun, self._stopping)) is not None:
                    self._settle(number, count)
            for label, edge in self._edges.items():
                if label != _STOP:
                    put(f"(br_if {label} (i32.eq (local.get $edge) (i32.const {edge})))")
            if _STOP in self._edges:
                put(
                    f"(if (i32.eq (local.get $edge) (i32.const {self._edges[_STOP]})) (then",
                    "  (call $fail (local.get $balance) (local.get $reason) (local.get $entry)) (br $stop)))",
                )
            put(f"(br {self._loop.again})")

    def block(self, number: int, *, in_loop: bool) -> None:
        """Write the count of entering a block."""
        del in_loop
        if (counter := self._flows.counted.get(number)) is not None:
            self._out.put(f"(local.set {counter} (i64.add (local.get {counter}) (i64.const 1)))")

    def site(self, *_arguments: object, **_options: object) -> None:
        """Refuse a charge that depends on sizes."""
        raise InternalError("charges by size can't be prepaid")

    def rounds(self, *_arguments: object) -> None:
        """Refuse a loop."""
        raise InternalError("rounds with loops can't be prepaid")

    def leave(self, label: str) -> str:
        """Return the jump to a label; what leads out of the rounds settles first."""
        if label not in self._labels:
            return f"(br {label})"
        edge = self._edges.setdefault(label, len(self._edges) + 1)
        return f"(local.set $edge (i32.const {edge})) (br $settle)"

    def stop(self, block: int, reason: str, entry: int) -> None:
        """Write that the function ends in an error in a block (see ``Charges.stop``), settled first."""
        self._stopping.add(block)
        self._out.put(
            f"(local.set $stopped (i32.const {block + 1}))",
            f"(local.set {self._local('$reason', 'i32')} {reason})",
            f"(local.set {self._local('$entry', 'i32')} (i32.const {entry}))",
            self.leave(_STOP),
        )

    def spill(self, _out: Writer) -> None:
        """Refuse the end of a function, which is not within a loop."""
        raise InternalError("a function ends within a loop")
