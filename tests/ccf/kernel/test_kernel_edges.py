"""The edges of the executor: limits of memory, large texts, odd batches, leases and sinks that raise, bits of NaN."""

import datetime
import struct

import numpy as np
import pyarrow as pa
import pytest

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce.executor import InputError
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.shuffle import GroupBatch
from totem_sdk.cost import price
from totem_sdk.interpreter import run_map_task, run_reduce_task
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow
from totem_sdk.types import INT, STR

MIB = 1 << 20
ENOUGH = 10**15
HEAD = "from totem_sdk import TotemJob\n\nclass Job(TotemJob):\n"


class OneStep:
    """A job of one step on its own, compiled once, run by both executors."""

    def __init__(self, body, schema, **options):
        self.schema = Schema.of(schema)
        self.priced = price(compile_job(HEAD + body, self.schema), load("standard-1"))
        self.executor = KernelExecutor(compile_kernel(self.priced), {}, **options)
        self.step = self.priced.program.steps[0]
        self.layout = PairLayout(*(self.step.shuffled or self.step.emits))

    def map(self, batches, escrow=ENOUGH, **options):
        out = []
        result = self.executor.run_map(0, iter(batches), Escrow(escrow, 10**6), out.append, **options)
        result.unspent = 0
        return [pair for batch in out for pair in self.layout.to_python(batch)], result

    def map_rows(self, row_batch, rows, escrow=ENOUGH):
        found = self.map([row_batch(self.schema, self.priced.columns_charged, rows)], escrow)
        expected = run_map_task(self.priced, 0, rows, {}, Escrow(escrow))
        assert found[1].error == expected[1].error or str(found[1].error) == str(expected[1].error)
        found[1].error = expected[1].error
        assert repr(found) == repr(expected)
        return found

    def reduce(self, groups, escrow=ENOUGH, **options):
        out = []
        width = self.layout.key_width
        keys = self.layout.from_python([(key, values[0]) for key, values in groups])
        pairs = self.layout.from_python([(key, value) for key, values in groups for value in values])
        offsets = np.cumsum([0] + [len(values) for _, values in groups]).astype(np.int64)
        batch = GroupBatch(keys.select(range(width)), pairs.select(range(width, pairs.num_columns)), offsets)
        result = self.executor.run_reduce(0, iter([batch]), Escrow(escrow, 10**6), out.append, **options)
        result.unspent = 0
        found = [pair for each in out for pair in PairLayout(*self.step.emits).to_python(each)]
        expected = run_reduce_task(self.priced, 0, groups, {}, Escrow(escrow))
        assert repr((found, result)) == repr(expected)
        return found, result


# Memory


@pytest.mark.slow
def test_sixty_four_mebibytes_fit_and_one_byte_more_does_not(row_batch):
    job = OneStep(
        "    def mapper(self, _, row):\n"
        "        text = row.s + row.s\n"
        "        if row.more:\n"
        "            text = text + row.t\n"
        "        yield len(text), 0\n",
        {"s": "str", "t": "str", "more": "bool"},
    )
    half = "x" * (32 * MIB)
    emits, result = job.map_rows(row_batch, [(half, "", False)])
    assert (emits, result.end) == ([(64 * MIB, 0)], "done")
    _, result = job.map_rows(row_batch, [(half + "é", "", False)])
    assert (result.end, str(result.error)) == ("failed", "memory in line 5")
    # The second concatenation makes its whole result again.
    _, result = job.map_rows(row_batch, [(half, "", True)])
    assert str(result.error) == "memory in line 7"


@pytest.mark.slow
def test_every_row_begins_with_fresh_memory(row_batch):
    job = OneStep("    def mapper(self, _, row):\n        yield len(row.s + row.s), 0\n", {"s": "str"})
    emits, _ = job.map_rows(row_batch, [("x" * (30 * MIB),)] * 3)
    assert emits == [(60 * MIB, 0)] * 3


@pytest.mark.slow
def test_fields_hold_sixteen_mebibytes(row_batch):
    job = OneStep(
        "    def mapper_init(self):\n"
        "        self.one = ''\n"
        "        self.two = ''\n"
        "    def mapper(self, _, row):\n"
        "        self.one = row.s\n"
        "        self.two = row.t\n"
        "        yield len(self.one), len(self.two)\n",
        {"s": "str", "t": "str"},
    )
    full = "x" * (16 * MIB)
    emits, _ = job.map_rows(row_batch, [(full, ""), ("", "a"), ("b", "")] + [("", ""), (full, "")] * 40)
    assert emits[:2] == [(16 * MIB, 0), (0, 1)]
    _, result = job.map_rows(row_batch, [("", ""), (full, "y")])
    assert str(result.error) == "memory in line 9"


# Texts


@pytest.mark.slow
def test_texts_longer_than_a_column_leave_one_by_one(row_batch):
    job = OneStep(
        "    def mapper(self, _, row):\n        yield row.s, (row.n, row.t)\n", {"s": "str", "n": "int", "t": "str?"}
    )
    long = "ü" * (5 * MIB)
    rows = [("a", 1, "b"), (long, 2, "c"), ("d", 3, None), ("e", 4, long + "f"), (long + "g", 5, long), ("h", 6, "")]
    emits, _ = job.map_rows(row_batch, rows)
    assert len(emits) == 6


@pytest.mark.slow
def test_long_texts_are_reduced(row_batch):
    job = OneStep(
        "    def mapper(self, _, row):\n        yield row.s, row.s\n"
        "    def reducer(self, key, values):\n        yield key, max(values)\n",
        {"s": "str"},
    )
    long = "z" * (70 * MIB)
    emits, _ = job.reduce([("a", ["b", long, "c"]), (long, ["d", "e"])])
    assert [len(value) for _, value in emits] == [70 * MIB, 1]


def test_bytes_under_nulls_cost_nothing_and_are_not_seen():
    job = OneStep("    def mapper(self, _, row):\n        yield row.s, row.n\n", {"s": "str?", "n": "int?"})
    offsets = pa.py_buffer(np.array([0, 3, 6, 6], dtype=np.int32))
    texts = pa.Array.from_buffers(pa.string(), 3, [pa.py_buffer(b"\x05"), offsets, pa.py_buffer(b"abcdef")])
    numbers = pa.Array.from_buffers(
        pa.int64(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([1, 99, 3], dtype=np.int64))]
    )
    found, result = job.map([pa.RecordBatch.from_arrays([texts, numbers], names=["s", "n"])])
    expected, wanted = run_map_task(job.priced, 0, [("abc", 1), (None, None), ("", 3)], {}, Escrow(ENOUGH))
    assert found == expected
    assert result.counts == wanted.counts


# Batches


def test_batches_of_any_size_and_offset(row_batch):
    job = OneStep(
        "    def mapper(self, _, row):\n        yield (row.on, row.s), (row.n, row.day.day)\n",
        {"on": "bool?", "s": "str?", "n": "int?", "day": "date"},
    )
    rows = [
        (None if i % 7 == 0 else i % 2 == 0, None if i % 5 == 0 else "é" * (i % 9), None if i % 3 else i, day)
        for i in range(300)
        for day in [datetime.date(2020, 1, 1) + datetime.timedelta(days=i)]
    ]
    whole = row_batch(job.schema, job.priced.columns_charged, rows)
    pieces = [whole.slice(start, size) for start, size in ((0, 13), (13, 0), (13, 1), (14, 200), (214, 86))]
    expected = run_map_task(job.priced, 0, rows, {}, Escrow(ENOUGH))
    assert repr(job.map(pieces)) == repr(expected)
    assert repr(job.map([whole], emit_rows=7)) == repr(expected)


def test_more_rows_than_memory_holds():
    job = OneStep("    def mapper(self, _, row):\n        yield row.n, row.n * 2\n", {"n": "int"})
    numbers = np.arange(200_000)
    out = []
    batch = pa.RecordBatch.from_arrays([pa.array(numbers)], names=["n"])
    result = job.executor.run_map(0, iter([batch]), Escrow(ENOUGH, ENOUGH), out.append, emit_rows=50_000)
    assert result.records_in == result.records_out == 200_000
    assert max(each.num_rows for each in out) <= 50_000
    assert np.array_equal(np.concatenate([each.column("v0").to_numpy() for each in out]), numbers * 2)


@pytest.mark.slow
def test_a_group_with_more_values_than_memory_holds():
    job = OneStep(
        "    def mapper(self, _, row):\n        yield row.s, row.s\n"
        "    def reducer(self, key, values):\n"
        "        count = 0\n"
        "        first = ''\n"
        "        last = ''\n"
        "        for value in values:\n"
        "            if count == 0:\n"
        "                first = value\n"
        "            count += 1\n"
        "            last = value\n"
        "        yield key, (count, first, last)\n",
        {"s": "str"},
    )
    values = [str(i) for i in range(70_000)]
    emits, _ = job.reduce([("a", ["x"]), ("b", values), ("c", ["y", "z"])])
    assert emits == [("a", (1, "x", "x")), ("b", (70_000, "0", "69999")), ("c", (2, "y", "z"))]


def test_rows_without_columns_are_rows():
    job = OneStep("    def mapper(self, _, row):\n        yield 'rows', 1\n", {"n": "int"})
    batch = pa.RecordBatch.from_struct_array(pa.Array.from_buffers(pa.struct([]), 70_000, [None]))
    emits, result = job.map([batch])
    assert (len(emits), result.records_in) == (70_000, 70_000)


def test_nothing_comes_in():
    job = OneStep(
        "    def mapper(self, _, row):\n        yield row.n, 1\n"
        "    def mapper_final(self):\n        yield 0, 0\n"
        "    def reducer(self, key, values):\n        yield key, sum(values)\n"
        "    def reducer_final(self):\n        yield -1, 0\n",
        {"n": "int"},
    )
    assert job.executor.run_map(0, iter([]), Escrow(ENOUGH), lambda _: None).records_out == 1
    out = []
    result = job.executor.run_reduce(0, iter([]), Escrow(ENOUGH), out.append)
    assert (result.end, result.groups_done, result.records_out) == ("done", 0, 1)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (pa.record_batch({"m": [1]}), "no column 'n'"),
        (pa.record_batch({"n": ["1"]}), "type string, not int64"),
        (pa.record_batch({"n": pa.array([1], pa.int32())}), "type int32, not int64"),
        (pa.record_batch({"n": [1, None]}), "column 'n' has nulls"),
    ],
)
def test_batches_that_are_not_the_programs(batch, message):
    job = OneStep("    def mapper(self, _, row):\n        yield row.n, 1\n", {"n": "int"})
    with pytest.raises(InputError, match=message):
        job.map([batch])


# Leases and sinks


class Broken(Exception):
    pass


def broken(*_arguments):
    raise Broken


class BrokenLease:
    more = staticmethod(broken)


def test_what_others_raise_passes_through(row_batch):
    job = OneStep("    def mapper(self, _, row):\n        yield row.n, 1\n", {"n": "int"})
    batch = row_batch(job.schema, (0,), [(1,)])
    with pytest.raises(Broken):
        job.executor.run_map(0, iter([batch]), BrokenLease(), lambda _: None)
    with pytest.raises(Broken):
        job.executor.run_map(0, iter([batch]), Escrow(ENOUGH), broken)
    with pytest.raises(Broken):
        job.executor.run_map(0, map(broken, [1]), Escrow(ENOUGH), lambda _: None)


class Asking:
    """A lease source that gives one totem more than is needed, and notes what it was told."""

    def __init__(self):
        self.told = []
        self.given = 0

    def more(self, need, used, charge):
        self.told.append((need, used, charge))
        self.given += need + 1
        return need + 1


def test_a_lease_source_is_told_what_was_used(row_batch):
    job = OneStep("    def mapper(self, _, row):\n        yield row.s, 1\n", {"s": "str"})
    lease = Asking()
    batch = row_batch(job.schema, (0,), [("abc",), ("de",)])
    result = job.executor.run_map(0, iter([batch]), lease, lambda _: None)
    assert result.used + result.unspent == lease.given
    block, (row, emit) = job.priced.block_cost[0], [site.terms[0].unit for site in job.priced.sites]
    used = spare = 0
    charges = [(block, 0), (3 * row, -1), (3 * emit, -2), (block, 0), (2 * row, -1), (2 * emit, -2)]
    for (cost, charge), told in zip(charges, lease.told, strict=True):
        assert told == (cost - spare, used, charge)
        used, spare = used + cost, 1
    assert result.used == used == job.priced.total(result.counts)


@pytest.mark.slow
def test_only_emits_of_finished_groups_leave_a_reduce_that_halts(tmp_path):
    job = OneStep(
        "    def mapper(self, _, row):\n        yield row.n, row.n\n"
        "    def reducer(self, key, values):\n"
        "        for value in values:\n"
        "            yield key, 'number ' + str(value)\n",
        {"n": "int"},
        memory_limit=50,
        directory=tmp_path,
    )
    groups = [(key, list(range(1000))) for key in range(3)]
    cost = job.reduce(groups)[1].used
    for escrow in (0, cost // 5, cost // 2, 2 * cost // 3 + 1, cost - 1):
        emits, result = job.reduce(groups, escrow, emit_rows=10)
        assert len(emits) == 1000 * result.groups_done
    assert list(tmp_path.iterdir()) == []


# Bits


def test_nan_has_one_bit_pattern_where_it_can_be_seen():
    job = OneStep(
        "    def mapper(self, _, row):\n        yield row.x, (row.x if row.on else 1, row.y)\n",
        {"x": "float", "y": "float?", "on": "bool"},
    )
    odd = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_BEEF))[0]
    out = []
    columns = [pa.array(np.array([odd])), pa.array(np.array([odd])), pa.array([True])]
    batch = pa.RecordBatch.from_arrays(columns, names=["x", "y", "on"])
    job.executor.run_map(0, iter([batch]), Escrow(ENOUGH), out.append)
    seen = [np.frombuffer(c.buffers()[1], dtype=np.uint64)[0] for c in out[0].columns if c.type != pa.bool_()]
    assert [hex(bits) for bits in seen] == ["0x7ff8000000000000"] * 3


def test_unmetered_kernels_do_the_same_work(row_batch):
    body = "    def mapper(self, _, row):\n        if row.n > 1:\n            yield row.n, str(row.n)\n"
    job = OneStep(body, {"n": "int"})
    free = KernelExecutor(compile_kernel(job.priced, metered=False), {})
    out = []
    batch = row_batch(job.schema, (0,), [(n,) for n in range(5)])
    result = free.run_map(0, iter([batch]), Escrow(0), out.append)
    assert (result.used, result.records_in, result.records_out) == (0, 5, 3)
    assert PairLayout(INT, STR).to_python(out[0]) == [(2, "2"), (3, "3"), (4, "4")]
