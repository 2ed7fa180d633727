"""How the values of reducers and combiners that can be folded early lie in memory (docs/kernel.md).

Which can, ``totem_sdk.folds`` says. The charges stay where the machine has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from totem_ccf.mapreduce.pairs import FoldLayout
from totem_sdk import folds
from totem_sdk.program import Program
from totem_sdk.types import BOOL, FLOAT, INT, Option, Tuple, Type

__all__ = ["Fold", "fold_of"]


@dataclass(frozen=True, slots=True)
class Fold(folds.Fold):
    """A fold of values of type ``value``, and how its accumulator is laid out."""

    @property
    def accumulator(self) -> Type:
        """The type as which the accumulator lies in memory.

        For a sum the low and high half of a 128-bit number and, of floats, the address of a wide sum or 0
        (``runtime/sums.h``); for ``min`` and ``max`` of floats, whether the first value is NaN, and the best of those
        that are not; else the value.
        """
        if self.kind == "sum":
            return Tuple((INT, INT)) if self.value == INT else Tuple((INT, INT, INT))
        return Tuple((BOOL, Option(FLOAT))) if self.value == FLOAT else self.value

    def layout(self, key: Type) -> FoldLayout:
        """Return the layout of partial folds by keys of a type."""
        return FoldLayout(key, self.kind, self.value)


def fold_of(program: Program, function: int, value: Type) -> Fold | None:
    """Return how the values of a combiner's or reducer's groups can be folded early, or None if they can't."""
    found = folds.fold_of(program, function, value)
    return None if found is None else Fold(found.kind, found.value)
