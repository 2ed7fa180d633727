"""Rows in another order: equal to what Arrow takes, whatever the widths, slices and nulls of the columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from totem_ccf.mapreduce.taking import taken

ROWS = 37
COLUMNS = {
    "ints": pa.array(range(ROWS)),
    "texts of one width": pa.array([f"{row:05d}" for row in range(ROWS)]),
    "texts of one width, wider letters": pa.array([f"{row:04d}é" for row in range(ROWS)]),
    "bytes of one width": pa.array([bytes([row]) * 16 for row in range(ROWS)], pa.binary()),
    "one is wide": pa.array([bytes([row]) * (600 if row == 20 else 16) for row in range(ROWS)], pa.binary()),
    "widths whose mean is the first": pa.array([b"ab", b"a", b"abc"] + [b"ab"] * (ROWS - 3)),
    "nothing in them": pa.array([""] * ROWS),
    "with nulls": pa.array([None if row % 5 == 0 else "ab" for row in range(ROWS)]),
    "nothing but nulls": pa.array([None] * ROWS, pa.string()),
    "bools": pa.array([row % 3 == 0 for row in range(ROWS)]),
}


@pytest.mark.parametrize(("start", "rows"), [(0, ROWS), (5, 20), (36, 1), (7, 0)])
@pytest.mark.parametrize("name", COLUMNS)
def test_taken_is_what_arrow_takes(name: str, start: int, rows: int) -> None:
    batch = pa.RecordBatch.from_arrays([COLUMNS[name]], names=["c"]).slice(start, rows)
    order = np.random.default_rng(rows).permutation(rows)
    found = taken(batch, order)
    found.validate(full=True)
    assert found.schema == batch.schema
    assert found.equals(batch.take(pa.array(order)))


def test_rows_may_be_left_out() -> None:
    batch = pa.RecordBatch.from_arrays(list(COLUMNS.values()), names=list(COLUMNS))
    order = np.array([30, 2, 20], dtype=np.int64)
    found: Any = taken(batch, order)
    assert found.equals(batch.take(pa.array(order)))
