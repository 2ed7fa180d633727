"""Cells of a histogram whose limits are the same for every column: two for each power of two, on both sides of zero.

Their limits say nothing of the data, their counts do as those of any histogram; histograms of several datasets add up.
Small integers have cells of their own, so what is said of a column that reaches from -80,000 to 80,000 and is mostly 1
or 2 is still near the truth.

Cell 0 is the number 0. Cell c > 0 holds ``low`` ≤ x < ``high`` of ``cell_limits(c)``, cell -c the same numbers below
zero: -``high`` < x ≤ -``low``. The outermost cells hold what lies beyond them as well.
"""

from __future__ import annotations

import math

__all__ = ["CELLS", "LEAST_EXPONENT", "cell_limits", "cell_of"]

LEAST_EXPONENT = -20
_MOST_EXPONENT = 63
CELLS = 2 * (_MOST_EXPONENT - LEAST_EXPONENT + 1)
"""Cells on each side of zero."""


def cell_of(number: float) -> int:
    """Return the cell of a number that is not NaN."""
    if number == 0:
        return 0
    if math.isinf(number):
        return CELLS if number > 0 else -CELLS
    share, exponent = math.frexp(abs(number))
    cell = 1 + 2 * (exponent - 1 - LEAST_EXPONENT) + (share >= 0.75)
    cell = min(CELLS, max(1, cell))
    return cell if number > 0 else -cell


def cell_limits(cell: int) -> tuple[float, float]:
    """Return the limits of a cell: the first number in it and the first one beyond it, the smaller first."""
    if cell == 0:
        return 0.0, 0.0
    place = abs(cell) - 1
    power = 2.0 ** (place // 2 + LEAST_EXPONENT)
    low, high = (1.5 * power, 2.0 * power) if place % 2 else (power, 1.5 * power)
    return (low, high) if cell > 0 else (-high, -low)
