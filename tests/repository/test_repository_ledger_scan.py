"""The demo's search for rows on the ledger finds what is there, and only that."""

import gzip
import json
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.ledger_scan import cells_found

CELLS = [0.5, 2.2758123, 0.8511666666666671, 8.846016601562502]


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "homes.parquet"
    pq.write_table(pa.table({"kwh": CELLS}), path)
    return path


def scan(tmp_path, parquet, content):
    file = tmp_path / "ledger.db"
    file.write_bytes(content)
    return cells_found([file], parquet, "kwh")


@pytest.mark.parametrize(
    "content",
    [b'{"kwh":"0.8511666666666671"}', b"abc" + struct.pack("<d", CELLS[2]) + b"x", struct.pack(">d", CELLS[2])],
)
def test_a_cell_is_found_as_text_and_as_bytes(tmp_path, parquet, content):
    assert scan(tmp_path, parquet, content) == (3, {CELLS[2]})


def test_a_ledger_without_cells_is_clean(tmp_path, parquet):
    assert scan(tmp_path, parquet, b'{"rows":148920,"mean":"1.13916217","digest":"0.5"}' * 50) == (3, set())
    assert scan(tmp_path, parquet, b"") == (3, set())


def number(value):
    data = b""
    while value >= 0x80:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])


def block(entries, *, compressed):
    """A block of a LevelDB table: entries, one restart, then how it is stored."""
    data = b"".join(number(0) + number(len(k)) + number(len(v)) + k + v for k, v in entries)
    data += struct.pack("<II", 0, 1)
    stored = pa.compress(data, codec="snappy", asbytes=True) if compressed else data
    return stored, bytes([compressed]) + b"crc4"


def table(values, *, compressed, key=b"key"):
    data, handles = b"", []
    for value in values:
        stored, trailer = block([(b"key", value)], compressed=compressed)
        handles.append((key, number(len(data)) + number(len(stored))))
        data += stored + trailer
    index, trailer = block(handles, compressed=compressed)
    footer = (number(0) * 2 + number(len(data)) + number(len(index))).ljust(40, b"\0")
    return data + index + trailer + footer + struct.pack("<Q", 0xDB4775248B80FB57)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_cell_in_a_table_of_fabric_s_state_is_found(tmp_path, parquet, compressed):
    record = json.dumps({"name": "north " * 30, "cells": [CELLS[2]], "more": "north " * 30}).encode()
    file = tmp_path / "000007.ldb"
    file.write_bytes(table([b"north " * 500, record, struct.pack("<d", CELLS[3])], compressed=compressed))
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2], CELLS[3]})
    file.write_bytes(table([b"north " * 500], compressed=compressed))
    assert cells_found([file], parquet, "kwh") == (3, set())


def test_a_cell_in_a_key_of_a_tables_index_is_found(tmp_path, parquet):
    file = tmp_path / "000007.ldb"
    file.write_bytes(table([b"north"], compressed=True, key=b"cell " + repr(CELLS[2]).encode() + b" "))
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]})


def test_a_cell_that_a_log_cuts_in_two_is_found(tmp_path, parquet):
    text = repr(CELLS[2]).encode()
    first = b"x" * (32 * 1024 - 7 - 5) + text[:5]
    log = struct.pack("<IHB", 0, len(first), 2) + first + struct.pack("<IHB", 0, len(text) - 5, 4) + text[5:]
    file = tmp_path / "000003.log"
    file.write_bytes(log)
    assert cells_found([file], parquet, "kwh") == (3, set())  # any other log is searched as it lies
    (tmp_path / "CURRENT").touch()
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]})


def test_what_is_called_a_table_and_is_none_is_not_passed_over(tmp_path, parquet):
    file = tmp_path / "000007.ldb"
    file.write_bytes(b"nothing of the kind" * 10)
    with pytest.raises(ValueError, match="no LevelDB table"):
        cells_found([file], parquet, "kwh")


def manifest(folder, *, added, deleted=(), cut=0):
    """A database's manifest: its comparer, next number, the tables that came and those that went."""
    text = number(8) + b"bytewise"
    edits = number(1) + text + number(3) + number(9) + number(5) + number(0) + text
    edits += b"".join(number(7) + number(0) + number(each) + number(100) + text * 2 for each in added)
    edits += b"".join(number(6) + number(0) + number(each) for each in deleted)
    log = struct.pack("<IHB", 0, len(edits), 1) + edits
    (folder / "MANIFEST-000001").write_bytes(log[: len(log) - cut])
    (folder / "CURRENT").write_text("MANIFEST-000001\n")


@pytest.mark.parametrize("bytes_there", [0, 30, 200])
def test_a_table_that_is_being_written_is_searched_as_it_lies(tmp_path, parquet, bytes_there):
    """Nothing is only there: what it is made from goes when it is finished, and then the manifest names it."""
    file = tmp_path / "000007.ldb"
    whole = table([repr(CELLS[2]).encode(), b"x" * 200], compressed=False)
    file.write_bytes(whole[:bytes_there])
    manifest(tmp_path, added=[6, 7, 8], deleted=[7])
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]} if bytes_there else set())
    manifest(tmp_path, added=[6, 8])
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]} if bytes_there else set())
    manifest(tmp_path, added=[6, 8], deleted=[700], cut=1)
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]} if bytes_there else set())
    manifest(tmp_path, added=[6, 7], deleted=[6])
    with pytest.raises(ValueError, match=r"000007\.ldb is damaged"):
        cells_found([file], parquet, "kwh")
    file.write_bytes(whole)
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]})


def test_a_cell_in_a_key_that_shares_its_beginning_is_found(tmp_path, parquet):
    """Of a key only what differs from the one before is written: here the cell's last digits."""
    first, text = b"cell 0.85116666666666", repr(CELLS[2]).encode()
    entries = number(0) + number(len(first)) + number(1) + first + b"v"
    entries += number(len(first)) + number(len(text) - 16) + number(1) + text[16:] + b"v"
    assert text not in entries
    data = entries + struct.pack("<II", 0, 1)
    index, _ = block([(b"key", number(0) + number(len(data)))], compressed=False)
    footer = (number(0) * 2 + number(len(data) + 5) + number(len(index))).ljust(40, b"\0")
    file = tmp_path / "000007.ldb"
    file.write_bytes(data + b"\0crc4" + index + b"\0crc4" + footer + struct.pack("<Q", 0xDB4775248B80FB57))
    assert cells_found([file], parquet, "kwh") == (3, {CELLS[2]})


def test_a_cell_in_a_packed_file_is_found(tmp_path, parquet):
    assert scan(tmp_path, parquet, gzip.compress(b"x" * 999 + repr(CELLS[2]).encode())) == (3, {CELLS[2]})
