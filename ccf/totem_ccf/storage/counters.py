"""What is counted of one column of a dataset, batch by batch, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from totem_ccf.storage.rounding import rounded_limits, rounded_up
from totem_sdk.scale import CELLS, LEAST_EXPONENT
from totem_sdk.statistics import ColumnStatistics
from totem_sdk.types import FLOAT, INT, STR, Type

__all__ = ["ColumnCounter"]

_DISTINCT_BYTES = 256 << 20
"""Distinct texts are given up when they need more."""
_MERGED_ROWS = 1 << 20
_WORDS_OF = 1 << 16
"""Of so many rows of a batch words are counted: a mean needs no more, and cutting texts takes long."""
_NAN_BITS = 0x7FF8000000000000


class ColumnCounter:
    """Counts one column of type ``item`` (nulls apart); ``take`` every batch, then ``take_again`` for a histogram.

    Args:
        item: the column's type without its option.
        distinct_limit: above so many distinct values none is given.
        round_digits: significant digits to which limits are rounded strictly outwards (None: exact).
        suppress_below: counts from 1 to below it are not told, and of so few values nothing is.
        cells: cells of the histogram of a number.
    """

    def __init__(
        self, item: Type, *, distinct_limit: int, round_digits: int | None, suppress_below: int, cells: int
    ) -> None:
        self._item = item
        self._digits = round_digits
        self._suppress_below = suppress_below
        self._distinct = _Distinct(distinct_limit)
        self._values = 0
        self._nulls = 0
        self._nans = 0
        # Both of the column's one type, whichever that is.
        self._limits: tuple[Any, Any] | None = None
        self._sums: list[float] = []
        self._size = 0
        self._longest = 0
        self._histogram = np.zeros(cells, dtype=np.int64)
        self._scale = np.zeros(2 * CELLS + 1, dtype=np.int64)
        self._words = _Words(distinct_limit)

    def take(self, array: Any) -> None:
        """Count a batch."""
        self._nulls += array.null_count
        values = array.drop_null()
        self._values += len(values)
        if len(values) == 0:
            return
        if self._item == STR:
            lengths = pc.binary_length(values)
            self._size += pc.sum(lengths).as_py()
            self._longest = max(self._longest, pc.max(lengths).as_py())
            self._distinct.take(values)
            self._words.take(values)
        elif self._item == FLOAT:
            numbers = values.to_numpy()
            nan = np.isnan(numbers)
            self._nans += int(nan.sum())
            # Two floats are the same value where they are the same key: by their bits.
            self._distinct.take(pa.array(np.where(nan, np.int64(_NAN_BITS), numbers.view(np.int64))))
            if not nan.all():
                self._scale += _cells(numbers[~nan])
                self._bound(float(np.fmin.reduce(numbers)), float(np.fmax.reduce(numbers)))
                with np.errstate(all="ignore"):
                    self._sums.append(float(np.nansum(numbers)))
        else:
            self._distinct.take(values)
            limits = pc.min_max(values)
            self._bound(limits["min"].as_py(), limits["max"].as_py())
            if self._item == INT:
                self._scale += _cells(values.to_numpy().astype(np.float64))
                self._sums.append(float(values.to_numpy().sum(dtype=np.float64)))

    def wants_again(self) -> bool:
        """Tell whether there is a histogram to be counted, between limits that are known by now."""
        if len(self._histogram) == 0 or self._item not in (INT, FLOAT) or self._limits is None:
            return False
        low, high = self._range()
        return low is not None and high is not None and low < high and math.isfinite(float(high) - float(low))

    def take_again(self, array: Any) -> None:
        """Count a batch's histogram."""
        numbers = array.drop_null().to_numpy().astype(np.float64)
        low, high = map(float, self._range())
        cells = len(self._histogram)
        places = (numbers[~np.isnan(numbers)] - low) / (high - low) * cells
        self._histogram += np.bincount(np.clip(places, 0, cells - 1).astype(np.int64), minlength=cells)

    def result(self) -> ColumnStatistics:
        """Return the statistics."""
        if self._is_few(self._values):
            # That the others are null would count the values; that none is NaN would be said of each of them.
            return ColumnStatistics(nulls=None if self._nulls else 0, nans=self._item == FLOAT)
        distinct = self._distinct.count()
        low, high = self._range()
        text = self._item == STR
        vocabulary = self._words.different() if text and self._values else None
        histogram = np.where(self._histogram < self._suppress_below, 0, self._histogram)
        return ColumnStatistics(
            nulls=self._told(self._nulls),
            distinct=None if distinct is None else self._told(distinct),
            minimum=low,
            maximum=high,
            size=self._size if text else None,
            longest=self._longest_told() if text else None,
            nans=self._nans > 0,
            mean=self._mean(),
            histogram=tuple(histogram.tolist()) if histogram.any() else (),
            scale=() if self._is_few(self._values - self._nans) else tuple(self._scale_told()),
            words=self._rounded(self._words.average()) if text else None,
            vocabulary=None if vocabulary is None else self._told(vocabulary),
        )

    def _scale_told(self) -> Iterator[tuple[int, int]]:
        """Yield the cells of the scale that are told, with their counts."""
        for place in np.flatnonzero(self._scale >= max(1, self._suppress_below)).tolist():
            yield place - CELLS, int(self._scale[place])

    def _bound(self, low: Any, high: Any) -> None:
        if self._limits is not None:
            low, high = min(low, self._limits[0]), max(high, self._limits[1])
        self._limits = (low, high)

    def _range(self) -> tuple[Any, Any]:
        """Return the limits that are told, each None where there is none."""
        if self._limits is None or self._is_few(self._values - self._nans):
            return None, None
        return self._limits if self._digits is None else rounded_limits(*self._limits, self._digits)

    def _longest_told(self) -> int | None:
        if self._digits is None or self._values == 0:
            return self._longest
        return rounded_up(self._longest, self._digits)

    def _mean(self) -> float | None:
        count = self._values - self._nans
        if not self._sums or self._is_few(count) or not all(math.isfinite(part) for part in self._sums):
            return None
        try:
            mean = math.fsum(self._sums) / count
        except OverflowError:  # A sum of finite numbers may be beyond the floats; their mean is not.
            mean = math.fsum(part / count for part in self._sums)
        return self._rounded(mean)

    def _rounded(self, mean: float | None) -> float | None:
        return mean if mean is None or self._digits is None else float(f"{mean:.{self._digits}g}")

    def _is_few(self, count: int) -> bool:
        return 0 < count < self._suppress_below

    def _told(self, count: int) -> int | None:
        return None if self._is_few(count) else count


def _cells(numbers: Any) -> Any:
    """Return how many of some numbers (none is NaN) lie in each cell of ``totem_sdk.scale``, from -CELLS on."""
    share, exponent = np.frexp(np.abs(numbers))
    cells = 1 + 2 * (exponent.astype(np.int64) - 1 - LEAST_EXPONENT) + (share >= 0.75)
    cells = np.where(np.isinf(numbers), CELLS, np.clip(cells, 1, CELLS))
    return np.bincount((np.sign(numbers) * cells).astype(np.int64) + CELLS, minlength=2 * CELLS + 1)


class _Words:
    """The words of a column's texts, cut at white space: of the first rows of each batch, which are enough."""

    def __init__(self, limit: int) -> None:
        self._texts = 0
        self._number = 0
        self._distinct = _Distinct(limit)

    def take(self, texts: Any) -> None:
        counted = texts.slice(0, _WORDS_OF).value_counts()
        words = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(counted.field("values")))
        times = counted.field("counts").to_numpy()
        numbers = pc.list_value_length(words).to_numpy()
        # Where there is no word, what is split off is one empty text.
        empty = pc.equal(pc.binary_length(pc.list_element(words, 0)), 0).to_numpy(zero_copy_only=False)
        self._number += int((np.where(empty, 0, numbers) * times).sum())
        self._texts += int(times.sum())
        all_words = pc.list_flatten(words)
        self._distinct.take(all_words.filter(pc.greater(pc.binary_length(all_words), 0)))

    def average(self) -> float | None:
        """Return how many words a text has; None where there was no text."""
        return self._number / self._texts if self._texts else None

    def different(self) -> int | None:
        """Return how many different words there are; None: too many to count."""
        return self._distinct.count()


class _Distinct:
    """The distinct values of a column, as long as there are not too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: list[Any] = []
        self._fresh = 0
        self._given_up = False

    def take(self, values: Any) -> None:
        if self._given_up:
            return
        self._values.append(pc.unique(values))
        self._fresh += len(self._values[-1])
        if self._fresh > _MERGED_ROWS:
            self._merge()

    def count(self) -> int | None:
        self._merge()
        return None if self._given_up else sum(map(len, self._values))

    def _merge(self) -> None:
        self._fresh = 0
        if len(self._values) > 1:
            self._values = [pc.unique(pa.chunked_array(self._values))]
        if any(len(values) > self._limit or values.nbytes > _DISTINCT_BYTES for values in self._values):
            self._given_up = True
            self._values = []
