"""Statistics of a dataset: computed where the data lie, in bounded memory, rounded and thinned out for publishing.

A first pass counts nulls and distinct values and finds the limits; a second, over numbers only, counts histograms.

What ``PUBLISHED`` changes against ``OWN``: minima and maxima of numbers, dates and timestamps and the length of the
longest text are rounded strictly outwards (``rounding``), those of bools are left out; of fewer than five values
nothing is told; numbers of nulls and of distinct values from 1 to 4 are not published, and a histogram's cells from 1
to 4 are 0. Rows and the bytes of a text column stay exact, because bounds of a price are computed from them. Hidden
columns have no statistics at all, and texts have no minimum and maximum.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from totem_ccf.storage.columns import item_of
from totem_ccf.storage.counters import ColumnCounter
from totem_ccf.storage.dataset import Dataset
from totem_sdk.statistics import Statistics

__all__ = ["OWN", "PUBLISHED", "ProfileOptions", "profile"]

_BATCH_ROWS = 262_144


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What is computed, and what of it may be told.

    ``distinct_limit``: above so many distinct values none is given. ``round_digits``: significant digits to which
    limits are rounded strictly outwards (None: exact). ``suppress_below``: counts from 1 to below it are not told, nor
    anything of a column with so few values.
    ``histogram_cells``: cells of equal width from minimum to maximum for numbers (0: none, and no second pass).
    """

    distinct_limit: int = 1_000_000
    round_digits: int | None = None
    suppress_below: int = 0
    histogram_cells: int = 20


OWN = ProfileOptions()
"""For data of one's own: everything exact."""

PUBLISHED = ProfileOptions(round_digits=2, suppress_below=5)
"""For the ledger."""


def profile(
    dataset: Dataset,
    hidden: Collection[str] = frozenset(),
    *,
    columns: Collection[str] | None = None,
    options: ProfileOptions = OWN,
    verify: bool = True,
) -> Statistics:
    """Read a dataset and return its statistics.

    Args:
        dataset: what to read.
        hidden: columns of which nothing is told, and which are not read.
        columns: the columns to look at (by default all); a job's price needs only those that it reads.
        options: ``OWN`` or ``PUBLISHED``, or others.
        verify: check the fragments' digests while reading.

    Raises:
        DataError: a fragment can't be read or is not what it was when the dataset was opened.
    """
    looked_at = [
        column
        for column in dataset.schema.columns
        if column.name not in hidden and (columns is None or column.name in columns)
    ]
    counters = {
        column.name: ColumnCounter(
            item_of(column.type),
            distinct_limit=options.distinct_limit,
            round_digits=options.round_digits,
            suppress_below=options.suppress_below,
            cells=options.histogram_cells,
        )
        for column in looked_at
    }
    # Arrow and numpy count without Python's lock: the columns of a batch are counted side by side.
    # Meanwhile the next batch is read.
    with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
        _count(dataset, {name: counter.take for name, counter in counters.items()}, pool, verify=verify)
        again = {name: counter.take_again for name, counter in counters.items() if counter.wants_again()}
        # What has just been verified is not verified again.
        _count(dataset, again, pool, verify=False)
    return Statistics(
        rows=dataset.rows,
        fragments=tuple(fragment.rows for fragment in dataset.fragments),
        columns={name: counter.result() for name, counter in counters.items()},
    )


def _count(dataset: Dataset, counters: Mapping[str, Callable[[Any], None]], pool: Executor, *, verify: bool) -> None:
    """Read the columns that are counted and give each batch of them to what counts it."""
    if not counters:
        return
    batches = dataset.read(list(counters), _BATCH_ROWS, verify=verify)
    ahead = pool.submit(next, batches, None)
    while (batch := ahead.result()) is not None:
        ahead = pool.submit(next, batches, None)
        list(pool.map(lambda count, array: count(array), counters.values(), batch.columns))
