"""What is in LevelDB's files, uncompressed: for searches in the databases of peers and orderers.

The format is LevelDB's own (doc/table_format.md and doc/log_format.md of its source): tables are blocks that are
compressed with Snappy, logs are records that may be cut at every 32 KiB.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

_FOOTER = 48
_MAGIC = bytes.fromhex("57fb808b247547db")
_TRAILER = 5  # of a block: its compression and a checksum
_LOG_BLOCK = 1 << 15
_LOG_HEADER = 7


def content(path: Path) -> bytes:
    """Return a file's bytes as they were written: of tables and logs of LevelDB unpacked, of others as they are."""
    data = path.read_bytes()
    if path.suffix == ".ldb" and data[-8:] == _MAGIC:
        return b"\n".join(_table(data))
    if path.suffix == ".log" and (path.parent / "CURRENT").exists():
        return b"".join(_log(data))
    return data


def _table(data: bytes) -> Iterator[bytes]:
    footer = data[-_FOOTER:]
    _, at = _handle(footer, 0)  # of the meta index
    (offset, size), _ = _handle(footer, at)
    index = _block(data, offset, size)
    yield index
    for handle in _values(index):
        (offset, size), _ = _handle(handle, 0)
        yield _block(data, offset, size)


def _block(data: bytes, offset: int, size: int) -> bytes:
    block, kind = data[offset : offset + size], data[offset + size]
    if kind == 0:
        return block
    length, _ = _varint(block, 0)
    unpacked: bytes = pa.decompress(block, decompressed_size=length, codec="snappy", asbytes=True)
    return unpacked


def _values(block: bytes) -> Iterator[bytes]:
    restarts = int.from_bytes(block[-4:], "little")
    end, at = len(block) - 4 * (restarts + 1), 0
    while at < end:
        _, at = _varint(block, at)
        fresh, at = _varint(block, at)
        size, at = _varint(block, at)
        at += fresh
        yield block[at : at + size]
        at += size


def _log(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + _LOG_HEADER <= len(data):
        left = _LOG_BLOCK - at % _LOG_BLOCK
        if left < _LOG_HEADER:
            at += left
            continue
        size = int.from_bytes(data[at + 4 : at + 6], "little")
        yield data[at + _LOG_HEADER : at + _LOG_HEADER + size]
        at += _LOG_HEADER + size


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
