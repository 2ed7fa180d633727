"""What a ledger's file holds: Fabric keeps its state in LevelDB, whose tables are compressed and whose logs are cut.

A search of the files as they lie would find nothing in a compressed table, whatever is in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

__all__ = ["stored"]

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_SNAPPY = 1
_LOG_BLOCK = 32 * 1024
_LOG_HEADER = 7


def stored(file: Path) -> bytes:
    """Return what a file holds: of a LevelDB table or log the contents, of any other file its bytes.

    Raises:
        ValueError: it is called a table (``.ldb``) and is none.
    """
    data = file.read_bytes()
    if file.suffix == ".ldb":
        return b"\n".join(_blocks(data, file))  # nothing is found across two blocks
    if file.suffix == ".log" and (file.parent / "CURRENT").exists():
        return _joined(data)
    return data


def _blocks(table: bytes, file: Path) -> Iterator[bytes]:
    """Yield the blocks of a table: the index, which has keys too, and the sorted entries of key and value it names."""
    if len(table) < _FOOTER or struct.unpack_from("<Q", table, len(table) - 8)[0] != _MAGIC:
        raise ValueError(f"{file} is no LevelDB table")
    footer = table[-_FOOTER:]
    at = 0
    for _ in range(2):  # where the index of the filters is: not asked for
        _, at = _number(footer, at)
    offset, at = _number(footer, at)
    size, _ = _number(footer, at)
    index = _block(table, offset, size)
    yield index
    for handle in _values(index):
        offset, at = _number(handle, 0)
        size, _ = _number(handle, at)
        yield _block(table, offset, size)


def _block(table: bytes, offset: int, size: int) -> bytes:
    data, kind = table[offset : offset + size], table[offset + size]
    if kind != _SNAPPY:
        return data
    whole: bytes = pa.decompress(data, decompressed_size=_number(data, 0)[0], codec="snappy", asbytes=True)
    return whole


def _values(block: bytes) -> Iterator[bytes]:
    """Yield the values of a block's entries."""
    restarts = struct.unpack_from("<I", block, len(block) - 4)[0]
    at, end = 0, len(block) - 4 * (restarts + 1)
    while at < end:
        _, at = _number(block, at)
        key, at = _number(block, at)
        value, at = _number(block, at)
        at += key
        yield block[at : at + value]
        at += value


def _joined(log: bytes) -> bytes:
    """Return a log's records without the headers between their pieces."""
    pieces = []
    for start in range(0, len(log), _LOG_BLOCK):
        block = log[start : start + _LOG_BLOCK]
        at = 0
        while at + _LOG_HEADER <= len(block):
            size = struct.unpack_from("<H", block, at + 4)[0]
            pieces.append(block[at + _LOG_HEADER : at + _LOG_HEADER + size])
            at += _LOG_HEADER + size
    return b"".join(pieces)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where the next thing is."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
