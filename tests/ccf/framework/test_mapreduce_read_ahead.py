"""Reading ahead gives the batches that reading gives, whatever happens in between."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from totem_ccf.mapreduce.read_ahead import FragmentReader
from totem_ccf.storage import DataError, Fragment, open_dataset

ROWS = 262_144
"""Rows of a fragment: row groups are joined until there are as many."""


@pytest.fixture(scope="module")
def fragments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fragment, ...]:
    """Three fragments of a file, whose rows are numbered."""
    path: Path = tmp_path_factory.mktemp("data") / "numbers.parquet"
    pq.write_table(pa.table({"n": pa.array(range(3 * ROWS))}), path, row_group_size=ROWS)
    return open_dataset([path]).fragments


def documents(fragments: Sequence[Fragment]) -> list[dict[str, Any]]:
    return [fragment.to_json() for fragment in fragments]


def numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [n for batch in batches for n in batch["n"].to_pylist()]


@pytest.mark.parametrize("limit", [1, 1 << 20, 1 << 30])
def test_fragments_are_read_one_after_the_other(fragments: tuple[Fragment, ...], limit: int) -> None:
    reader = FragmentReader(["n"], limit)
    for number in range(3):
        read = numbers(reader.read(number, documents(fragments[number:])))
        assert read == list(range(number * ROWS, (number + 1) * ROWS))


def test_another_fragment_than_the_next_is_read_too(fragments: tuple[Fragment, ...]) -> None:
    reader = FragmentReader(["n"])
    for number in (0, 2, 2, 1):
        read = numbers(reader.read(number, documents(fragments[number:])))
        assert read == list(range(number * ROWS, (number + 1) * ROWS))
    reader.close()


def test_a_fragment_may_come_next_that_was_not_announced(fragments: tuple[Fragment, ...]) -> None:
    reader = FragmentReader(["n"])
    for number in range(3):
        read = numbers(reader.read(number, documents([fragments[number]])))
        assert read == list(range(number * ROWS, (number + 1) * ROWS))


def test_a_fragment_that_was_given_up_is_read_again_from_its_start(fragments: tuple[Fragment, ...]) -> None:
    reader = FragmentReader(["n"], 1)
    given_up = reader.read(0, documents(fragments))
    next(given_up)
    del given_up
    assert numbers(reader.read(0, documents(fragments))) == list(range(ROWS))
    reader.close()


def test_an_error_comes_with_the_fragment_that_it_is_in(fragments: tuple[Fragment, ...]) -> None:
    changed = replace(fragments[1], column_digests=(("n", "0" * 64),))
    reader = FragmentReader(["n"])
    assert numbers(reader.read(0, documents([fragments[0], changed]))) == list(range(ROWS))
    for _ in range(2):
        with pytest.raises(DataError, match="not what it was"):
            numbers(reader.read(1, documents([changed])))


def test_closing_ends_the_thread(fragments: tuple[Fragment, ...]) -> None:
    reader = FragmentReader(["n"], 1)
    next(reader.read(0, documents(fragments)))
    threads = [thread for thread in threading.enumerate() if thread.name == "totem-read-ahead"]
    assert threads
    reader.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
