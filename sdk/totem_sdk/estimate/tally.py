"""What a path through a function costs and emits, added up while it is followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from totem_sdk.estimate.forms import NOTHING, Quantity
from totem_sdk.estimate.known import Known, join

__all__ = ["EMITS", "TOTAL", "Key", "Path", "Tally", "add_to", "meet", "scaled_tally"]

Key = tuple[str, int]
"""What is added up: TOTAL, the totem; ``("line", line)``, that of a source line; EMITS, how many pairs are emitted;
``("bytes", leaf)``, the bytes of one of their texts."""

TOTAL: Key = ("total", 0)
EMITS: Key = ("emits", 0)
Tally = Mapping[Key, Quantity]


@dataclass
class Path:
    """One way through a function so far: what the registers hold, what was paid, how probable it is.

    ``emitted`` has a bit for each emit that was certainly executed on the way. ``shares`` are expected: which share of
    their values columns have here, as conditions on the way let no others through.
    """

    registers: list[Known | None]
    tally: dict[Key, Quantity] = field(default_factory=dict)
    weight: float = 1.0
    emitted: int = 0
    result: Known | None = None
    shares: Mapping[int, float] = field(default_factory=dict)

    def pay(self, key: Key, quantity: Quantity) -> None:
        """Add to the tally."""
        self.tally[key] = self.tally.get(key, NOTHING) + quantity.weighted(self.weight)

    def copy(self, share: float = 1.0) -> Path:
        """Return a path of its own that begins with this one and has a share of its probability."""
        tally = self.tally if share == 1.0 else scaled_tally(self.tally, lambda quantity: quantity.weighted(share))
        return Path(list(self.registers), dict(tally), self.weight * share, self.emitted, self.result, self.shares)

    def fork(self, share: float, tested: tuple[int, float] | None = None) -> Path:
        """Return a path that goes on from here with a share of the probability and an empty tally (see ``after``).

        ``tested``: the column that decided it, and the share of its values that lead here.
        """
        shares = self.shares
        if tested is not None:
            shares = {**shares, tested[0]: shares.get(tested[0], 1.0) * tested[1]}
        return Path(list(self.registers), {}, self.weight * share, self.emitted, shares=shares)

    def after(self, before: Path) -> Path:
        """Return this path with the tally of the path that it was forked from in front of its own."""
        share = self.weight / before.weight if before.weight else 0.0
        if share == 1.0:
            tally = dict(before.tally)
        else:
            tally = scaled_tally(before.tally, lambda quantity: quantity.weighted(share))
        add_to(tally, self.tally)
        return Path(self.registers, tally, self.weight, self.emitted, self.result, self.shares)

    def merge(self, arms: Sequence[Path], changed: Sequence[int]) -> Path | None:
        """Return this path after what was forked from it has met again; None where nothing has.

        ``changed`` are the registers in which the arms may differ from it.
        """
        end = meet(
            Path([arm.registers[r] for r in changed], arm.tally, arm.weight, arm.emitted, shares=arm.shares)
            for arm in arms
        )
        if end is None:
            return None
        for register, known in zip(changed, end.registers, strict=True):
            self.registers[register] = known
        add_to(self.tally, end.tally)
        self.weight, self.emitted, self.shares = end.weight, end.emitted, end.shares
        return self

    def add_weighted(self, tally: Tally, weight: float) -> None:
        """Add what is paid elsewhere with this probability."""
        add_to(self.tally, scaled_tally(tally, lambda quantity: quantity.weighted(weight)))


def add_to(target: dict[Key, Quantity], tally: Tally) -> None:
    """Add a tally to another."""
    for key, quantity in tally.items():
        target[key] = target.get(key, NOTHING) + quantity


def scaled_tally(tally: Tally, scale: Callable[[Quantity], Quantity]) -> dict[Key, Quantity]:
    """Return a tally with every quantity changed alike."""
    return {key: scale(quantity) for key, quantity in tally.items()}


def meet(paths: Iterable[Path | None]) -> Path | None:
    """Return the path that stands for several ways to one place: what bounds all of them; None where there is none."""
    found: Path | None = None
    for path in paths:
        if path is None:
            continue
        found = path if found is None else _either(found, path)
    return found


def _either(a: Path, b: Path) -> Path:
    tally = {key: a.tally.get(key, NOTHING).either(b.tally.get(key, NOTHING)) for key in {**a.tally, **b.tally}}
    weight = a.weight + b.weight
    share = a.weight / weight if weight else 0.5
    registers = [x if x is y else _joined(x, y, share) for x, y in zip(a.registers, b.registers, strict=True)]
    shares = {column: kept for column, kept in a.shares.items() if b.shares.get(column) == kept}
    return Path(registers, tally, weight, a.emitted & b.emitted, _joined(a.result, b.result, share), shares)


def _joined(a: Known | None, b: Known | None, share: float) -> Known | None:
    """Return what is known of a register on two paths, of which the first has this share of the probability.

    A register that is not set on one of them is not read after they meet.
    """
    if a is None or b is None:
        return b if a is None else a
    joined = join(a, b)
    if joined is a:
        return joined
    amount = joined.amount
    if amount is not None and a.amount is not None and b.amount is not None:
        means = a.amount.weighted(share) + b.amount.weighted(1.0 - share)
        amount = replace(amount, mean=means.mean)
    return replace(joined, chance=share * a.chance + (1.0 - share) * b.chance, amount=amount)
