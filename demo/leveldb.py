"""LevelDB's files, read without LevelDB: tables are compressed, keys shortened, and logs cut into pieces.

Only what a search needs: everything that a file holds, deleted entries too, with each key in full.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

__all__ = ["log_contents", "table_contents"]

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_SNAPPY = 1
_LOG_BLOCK = 32 * 1024
_LOG_HEADER = 7

_COMPARER, _POSITION, _TABLE_DELETED, _TABLE_ADDED = 1, 5, 6, 7
"""Tags in a manifest behind which something else than one number stands."""


def table_contents(file: Path) -> bytes:
    """Return what a table (``.ldb``) holds: its index, and all keys and values, one on a line.

    A table without an end that its database does not use is being written now, or was when the node died; whatever is
    in it is in the tables and logs that it is made from as well. Of that the bytes are returned as they lie.

    Raises:
        ValueError: it is no table, or a damaged one.
    """
    table = file.read_bytes()
    if len(table) >= _FOOTER and struct.unpack_from("<Q", table, len(table) - 8)[0] == _MAGIC:
        return b"\n".join(part for block in _blocks(table) for entry in _entries(block) for part in entry)
    if not (file.parent / "CURRENT").exists():
        raise ValueError(f"{file} is no LevelDB table, nor in a database's folder")
    if int(file.stem) in _tables_used(file.parent):
        raise ValueError(f"{file} is damaged: a LevelDB table that its database uses, without its end")
    return table


def log_contents(log: bytes) -> bytes:
    """Return a log's (or manifest's) records without the headers between their pieces."""
    pieces = []
    for start in range(0, len(log), _LOG_BLOCK):
        block = log[start : start + _LOG_BLOCK]
        at = 0
        while at + _LOG_HEADER <= len(block):
            size = struct.unpack_from("<H", block, at + 4)[0]
            pieces.append(block[at + _LOG_HEADER : at + _LOG_HEADER + size])
            at += _LOG_HEADER + size
    return b"".join(pieces)


def _blocks(table: bytes) -> Iterator[bytes]:
    """Yield the blocks of a table: the index, which has keys too, and the sorted entries of key and value it names."""
    footer = table[-_FOOTER:]
    at = 0
    for _ in range(2):  # where the index of the filters is: not asked for
        _, at = _number(footer, at)
    index = _block(table, footer[at:])
    yield index
    for _, handle in _entries(index):
        yield _block(table, handle)


def _block(table: bytes, handle: bytes) -> bytes:
    offset, at = _number(handle, 0)
    size, _ = _number(handle, at)
    data, kind = table[offset : offset + size], table[offset + size]
    if kind != _SNAPPY:
        return data
    whole: bytes = pa.decompress(data, decompressed_size=_number(data, 0)[0], codec="snappy", asbytes=True)
    return whole


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a block's keys and values; what a key shares with the one before is written once only."""
    restarts = struct.unpack_from("<I", block, len(block) - 4)[0]
    at, end = 0, len(block) - 4 * (restarts + 1)
    key = b""
    while at < end:
        shared, at = _number(block, at)
        own, at = _number(block, at)
        size, at = _number(block, at)
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + size]
        at += size


def _tables_used(folder: Path) -> set[int]:
    """Return the numbers of the tables that a database uses, as its manifest says."""
    manifest = log_contents((folder / (folder / "CURRENT").read_text().strip()).read_bytes())
    used: set[int] = set()
    at = 0
    try:
        while at < len(manifest):
            at = _read_edit(manifest, at, used)
    except IndexError:
        pass  # the last edit is being written: it is not in force yet
    return used


def _read_edit(manifest: bytes, at: int, used: set[int]) -> int:
    """Apply one field of an edit to the tables in use; return where the next one is."""
    tag, at = _number(manifest, at)
    if tag == _COMPARER:
        return _after_text(manifest, at)
    number, at = _number(manifest, at)  # of tables and positions: the level
    if tag == _POSITION:
        return _after_text(manifest, at)
    if tag == _TABLE_DELETED:
        number, at = _number(manifest, at)
        used.discard(number)
    elif tag == _TABLE_ADDED:
        number, at = _number(manifest, at)
        _, at = _number(manifest, at)
        at = _after_text(manifest, _after_text(manifest, at))
        used.add(number)
    return at


def _after_text(data: bytes, at: int) -> int:
    size, at = _number(data, at)
    return at + size


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
