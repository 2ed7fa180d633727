"""The demo's search for rows on the ledger finds what is there, and only that."""

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
