"""Shows that rows are not on a ledger: looks for every cell of a column in the ledger's files, as text and as bytes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demo.stored import stored

__all__ = ["cells_found"]

_NUMBER = re.compile(rb"-?\d+\.\d+(?:e-?\d+)?")
_LEAST_DIGITS = 8


def cells_found(files: list[Path], parquet: Path, column: str) -> tuple[int, set[float]]:
    """Return how many cells were looked for, and which of them stand somewhere in the files.

    Looked for are the distinct values of a float column whose text has at least eight digits (shorter ones, such as
    0.5, could be anything): as decimal text, and as the eight bytes of a binary64 of either byte order at any offset.
    """
    values = pc.unique(pq.read_table(parquet, columns=[column])[column]).drop_null().to_numpy()
    wanted = np.array([value for value in values if len(repr(float(value)).replace(".", "")) >= _LEAST_DIGITS])
    texts = {repr(float(value)).encode(): float(value) for value in wanted}
    found: set[float] = set()
    for file in files:
        content = stored(file)
        found |= {texts[text] for text in _NUMBER.findall(content) if text in texts}
        found |= _as_bytes(content, wanted)
    return len(wanted), found


def _as_bytes(content: bytes, wanted: np.ndarray) -> set[float]:
    """Return the values whose eight bytes stand in the content."""
    found: set[float] = set()
    for offset in range(min(8, len(content))):
        whole = (len(content) - offset) // 8 * 8
        for order in ("<f8", ">f8"):
            window = np.frombuffer(content, dtype=order, offset=offset, count=whole // 8)
            found |= {float(value) for value in np.intersect1d(window.astype("f8"), wanted)}
    return found
