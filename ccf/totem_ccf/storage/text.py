"""Text: blocks of lines as one column ``line``.

A line is what mrjob gives a job: without its line feed and the carriage returns before it. A file that does not end
with a line feed has a last line all the same. Unlike mrjob, which reads bytes that are not UTF-8 as Latin-1, such a
line is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from totem_ccf.storage.columns import BadCell, conform
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.records import Block
from totem_sdk.types import STR

__all__ = ["read_lines"]

_LF = 10


def read_lines(path: str, block: Block) -> Any:
    """Return the lines of a block.

    Raises:
        DataError: a line is not UTF-8; with its row.
    """
    data = np.frombuffer(block.data, dtype=np.uint8)
    ends = np.flatnonzero(data == _LF)
    if len(ends) < block.rows:
        ends = np.append(ends, len(data))
    # Without the line feeds every line ends as many bytes earlier as there are lines before it.
    offsets = np.concatenate([[0], ends - np.arange(len(ends))]).astype(np.int32)
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data[data != _LF]))
    try:
        lines = conform(lines, STR)
    except BadCell as cell:
        row = block.first_row + cell.row + 1
        raise DataError(cell.kind, path, "the line is not UTF-8", row=row, column="line") from None
    return pc.utf8_rtrim(lines, characters="\r") if b"\r" in block.data else lines
