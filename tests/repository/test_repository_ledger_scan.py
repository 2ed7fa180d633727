"""The demo's search for rows on the ledger finds what is there, and only that."""

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
