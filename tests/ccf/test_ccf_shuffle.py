"""The shuffle: groups and values in the abstract machine's order, whatever the spills, sizes and faults."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_ccf.mapreduce.runs import PieceWriter, open_piece
from totem_ccf.mapreduce.shuffle import Grouper, Piece, ShuffleError, ShuffleReader, ShuffleWriter
from totem_sdk.errors import InternalError
from totem_sdk.types import FLOAT, INT, NONE, NUM, STR, Option, Tuple
from totem_sdk.values import key_bytes, partition_of

KEYS = {
    INT: st.integers(-2, 2) | st.sampled_from([2**63 - 1, -(2**63)]),
    FLOAT: st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("-inf")]),
    NUM: st.sampled_from([0, 0.0, -0.0, 1, 1.0, -1, 2**53, 2.0**53, 2**53 + 1, float("nan"), -float("nan")]),
    STR: st.sampled_from(["", "a", "a\0", "b", "é", "\U0001f600", "x" * 3000, "x" * 3000 + "\0"]),
    Option(FLOAT): st.sampled_from([None, 0.0, -0.0, float("nan")]),
    Tuple((NUM, Tuple((STR, Option(FLOAT))))): st.tuples(
        st.sampled_from([1, 1.0]), st.tuples(st.sampled_from(["", "\0"]), st.sampled_from([None, 0.0, -0.0]))
    ),
    NONE: st.none(),
    Option(STR): st.sampled_from([None, "", "x"]),
    Tuple((INT, Option(STR))): st.tuples(st.integers(0, 1), st.sampled_from([None, "", "x"])),
}
LIMITS = st.sampled_from([0, 40, 300, 10_000])


def expected_groups(tasks, partition=0, partitions=1):
    """The definition: Python's stable sort by key bytes of all emits in the order of the tasks."""
    emits = [pair for batches in tasks for batch in batches for pair in batch]
    mine = [pair for pair in emits if partition_of(key_bytes(pair[0]), partitions) == partition]
    mine.sort(key=lambda pair: key_bytes(pair[0]))
    return [
        (next(iter(group))[0], [value for _, value in group])
        for _, group in ((k, list(g)) for k, g in groupby(mine, key=lambda pair: key_bytes(pair[0])))
    ]


def groups_of(layout, batches):
    groups = []
    for batch in batches:
        keys = layout.keys_to_python(batch.keys.columns)
        values = layout.values_to_python(batch.values.columns)
        assert len(batch) == len(keys)
        assert batch.offsets[0] == 0
        assert batch.offsets[-1] == batch.values.num_rows
        groups += [(key, values[a:b]) for key, a, b in zip(keys, batch.offsets, batch.offsets[1:], strict=False)]
    return groups


def write(layout, tasks, directory, limit, partitions=1):
    pieces = []
    for number, batches in enumerate(tasks):
        writer = ShuffleWriter(layout, partitions, directory / str(number), limit)
        for batch in batches:
            writer.add(layout.from_python(batch))
        pieces.append(writer.finish())
        assert writer.rows == sum(piece.rows for piece in pieces[-1])
    return pieces


def of_partition(pieces, partition):
    return [piece for task in pieces for piece in task if piece.partition == partition]


@pytest.mark.slow
@settings(deadline=None)
@given(
    data=st.data(),
    key=st.sampled_from(list(KEYS)),
    partitions=st.sampled_from([1, 3, 16]),
    limits=st.tuples(LIMITS, LIMITS, st.sampled_from([1, 3, 1000])),
)
def test_order_is_that_of_the_definition_whatever_is_spilled(data, key, partitions, limits, tmp_path_factory):
    batches = st.lists(st.lists(st.tuples(KEYS[key], st.integers(0, 99)), max_size=8), max_size=5)
    tasks = data.draw(st.lists(batches, max_size=4))
    layout = PairLayout(key, INT)
    directory = tmp_path_factory.mktemp("shuffle")
    pieces = write(layout, tasks, directory, limits[0], partitions)
    for partition in range(partitions):
        reader = ShuffleReader(layout, of_partition(pieces, partition), limits[1])
        got = groups_of(layout, reader.groups(limits[2]))
        # repr: NaN is a key like any other, and 0.0 is not -0.0.
        assert repr(got) == repr(expected_groups(tasks, partition, partitions))


@pytest.mark.slow
@settings(deadline=None)
@given(data=st.data(), key=st.sampled_from(list(KEYS)), limit=LIMITS)
def test_a_combiners_groups_are_those_of_its_task(data, key, limit, tmp_path_factory):
    batches = data.draw(st.lists(st.lists(st.tuples(KEYS[key], st.text(max_size=3)), max_size=8), max_size=6))
    layout = PairLayout(key, STR)
    grouper = Grouper(layout, tmp_path_factory.mktemp("group"), limit)
    for batch in batches:
        grouper.add(layout.from_python(batch))
    assert repr(groups_of(layout, grouper.groups(2))) == repr(expected_groups([batches]))


def test_a_grouper_within_its_memory_writes_nothing(tmp_path):
    layout = PairLayout(INT, INT)
    grouper = Grouper(layout, tmp_path / "combine", 10_000)
    grouper.add(layout.from_python([(1, 2), (0, 3)]))
    assert groups_of(layout, grouper.groups()) == [(0, [3]), (1, [2])]
    assert not (tmp_path / "combine").exists()


def test_a_group_larger_than_the_memory_limit_is_whole(tmp_path):
    layout = PairLayout(INT, INT)
    tasks = [[[(7, task * 1000 + i) for i in range(1000)]] for task in range(3)]
    pieces = write(layout, tasks, tmp_path, limit=100)
    (only,) = ShuffleReader(layout, of_partition(pieces, 0), 100).groups(10)
    assert only.values.column(0).to_pylist() == list(range(3000))


def test_batches_of_groups_are_as_large_as_asked(tmp_path):
    layout = PairLayout(INT, INT)
    pieces = write(layout, [[[(i // 2, i) for i in range(100)]]], tmp_path, limit=10**6)
    sizes = [batch.values.num_rows for batch in ShuffleReader(layout, pieces[0], 10**6).groups(10)]
    assert sizes == [10] * 10


def test_many_rows_over_many_runs(tmp_path):
    random = np.random.default_rng(3)
    layout = PairLayout(INT, INT)
    keys, values = random.integers(-500, 500, 50_000), np.arange(50_000)
    pieces = []
    for task in range(5):
        writer = ShuffleWriter(layout, 16, tmp_path / str(task), 60_000)
        for start in range(task * 10_000, (task + 1) * 10_000, 1000):
            chunk = slice(start, start + 1000)
            writer.add(pa.record_batch([pa.array(keys[chunk]), pa.array(values[chunk])], schema=layout.schema))
        pieces.append(writer.finish())
    assert len(of_partition(pieces, 0)) > 5
    order = np.argsort(keys, kind="stable")
    got = []
    for partition in range(16):
        groups = groups_of(layout, ShuffleReader(layout, of_partition(pieces, partition), 50_000).groups())
        assert [key for key, _ in groups] == sorted(key for key, _ in groups)
        assert {partition_of(key_bytes(key)) for key, _ in groups} <= {partition}
        got += groups
    flat = [value for _, values in sorted(got) for value in values]
    assert flat == values[order].tolist()


def test_folded_emits_pass_as_they_are(tmp_path):
    layout = FoldLayout(STR, "sum", FLOAT)
    columns = [pa.array(["b", "a"]), pa.array([2, 1]), pa.array([0, 0]), pa.array([b"\x02", b"\x01"])]
    writer = ShuffleWriter(layout, 1, tmp_path, 1000)
    writer.add(pa.record_batch(columns, schema=layout.schema))
    (batch,) = ShuffleReader(layout, writer.finish(), 1000).groups()
    assert batch.keys.to_pylist() == [{"k0": "a"}, {"k0": "b"}]
    assert batch.values.to_pylist() == [{"n": 1, "size": 0, "acc": b"\x01"}, {"n": 2, "size": 0, "acc": b"\x02"}]


def test_nothing_emitted_is_nothing_written(tmp_path):
    layout = PairLayout(STR, NONE)
    writer = ShuffleWriter(layout, 16, tmp_path / "none", 1000)
    writer.add(layout.from_python([]))
    assert writer.finish() == ()
    assert not (tmp_path / "none").exists()
    assert list(ShuffleReader(layout, [], 1000).groups()) == []


def test_emits_of_another_layout_are_our_bug(tmp_path):
    writer = ShuffleWriter(PairLayout(INT, INT), 1, tmp_path, 1000)
    with pytest.raises(InternalError):
        writer.add(PairLayout(INT, FLOAT).from_python([(1, 1.0)]))


def test_a_piece_is_a_document():
    piece = Piece("a/run-0000.arrow", 3, 8, 100, 2, "ab")
    assert Piece.from_json(piece.to_json()) == piece


@pytest.fixture
def written(tmp_path):
    layout = PairLayout(INT, STR)
    (piece,) = write(layout, [[[(1, "secret"), (2, "hidden")]]], tmp_path, limit=10**6)[0]
    return layout, piece


def test_changed_bytes_are_found(written):
    layout, piece = written
    path = Path(piece.path)
    data = bytearray(path.read_bytes())
    data[data.index(b"secret")] ^= 1
    path.write_bytes(data)
    with pytest.raises(ShuffleError, match="digest differs") as caught:
        list(ShuffleReader(layout, [piece], 1000).groups())
    assert piece.path in str(caught.value)


def test_a_shorter_file_is_found(written):
    layout, piece = written
    data = Path(piece.path).read_bytes()
    Path(piece.path).write_bytes(data[:-10])
    with pytest.raises(ShuffleError):
        list(ShuffleReader(layout, [piece], 1000).groups())


def test_a_missing_file_is_named(written):
    layout, piece = written
    Path(piece.path).unlink()
    with pytest.raises(ShuffleError, match=r"run-0000\.arrow: can't read .*No such file"):
        list(ShuffleReader(layout, [piece], 1000).groups())


def test_a_piece_of_other_columns_is_refused(written):
    _, piece = written
    with pytest.raises(ShuffleError, match="other columns"):
        list(ShuffleReader(PairLayout(INT, INT), [piece], 1000).groups())


def test_a_directory_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    layout = PairLayout(INT, INT)
    writer = ShuffleWriter(layout, 1, tmp_path / "file" / "attempt", 10**6)
    writer.add(layout.from_python([(1, 1)]))
    with pytest.raises(ShuffleError, match="can't write"):
        writer.finish()


def test_pairs_for_the_next_step_keep_their_order(tmp_path):
    layout = PairLayout(STR, INT)
    pairs = [("b", 1), ("a", 2), ("b", 3)]
    with PieceWriter(tmp_path / "emits.arrow", layout.schema) as writer:
        piece = writer.write([layout.from_python(pairs[:2]), layout.from_python(pairs[2:])])
    table = open_piece(piece, layout.schema)
    assert [pair for batch in table.to_batches() for pair in layout.to_python(batch)] == pairs
    with PieceWriter(tmp_path / "none.arrow", layout.schema) as writer:
        empty = writer.write([])
    assert open_piece(empty, layout.schema).num_rows == 0
