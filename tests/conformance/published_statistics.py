"""Everything that a provider could publish of some rows, counted the simple way."""

from __future__ import annotations

import math
from collections.abc import Sequence

from totem_sdk.schema import Schema
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.values import key_bytes


def published(schema: Schema, fragments: Sequence[Sequence[Sequence[object]]]) -> Statistics:
    """Return the statistics of a dataset."""
    rows = [row for fragment in fragments for row in fragment]
    columns: dict[str, ColumnStatistics] = {}
    for position, column in enumerate(schema.columns):
        values = [row[position] for row in rows if row[position] is not None]
        text = str(column.type).startswith("str")
        sizes = [len(str(value).encode()) for value in values]
        ordered = sorted(value for value in values if not (isinstance(value, float) and math.isnan(value)))
        columns[column.name] = ColumnStatistics(
            nulls=len(rows) - len(values),
            distinct=len({key_bytes(value) for value in values}),
            minimum=None if text or not ordered else ordered[0],
            maximum=None if text or not ordered else ordered[-1],
            size=sum(sizes) if text else None,
            longest=max(sizes, default=0) if text else None,
            nans=len(ordered) < len(values),
        )
    return Statistics(len(rows), tuple(map(len, fragments)), columns)
