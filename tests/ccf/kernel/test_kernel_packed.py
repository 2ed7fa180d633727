"""Lists that travel as texts: the kernel packs and unpacks as totem_sdk.packed does, also where memory ends."""

import math
import struct

import pytest

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce.executor import InputError
from totem_ccf.mapreduce.pairs import PairLayout
from totem_sdk.cost import price
from totem_sdk.lang import compile_job
from totem_sdk.packed import MANY, pack, packed_size, unpack
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow
from totem_sdk.types import BOOL, FLOAT, INT, NONE, NUM, STR, Array, Option, Tuple

ENOUGH = 1 << 50
MIN, MAX = -(2**63), 2**63 - 1
NEGATIVE_NAN = struct.unpack("<d", struct.pack("<Q", 0xFFF8000000000001))[0]


def job(mapper, *, reducer=("for items in values:", "    yield key, items")):
    lines = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n"
    lines += "".join(f"        {line}\n" for line in mapper)
    return lines + "    def reducer(self, key, values):\n" + "".join(f"        {line}\n" for line in reducer)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Array(INT), [0, 1, -1, 15, 16, -16, MAX, MIN, 2**53]),
        (Array(FLOAT), [0.0, -0.0, 1.5, 0.1, math.inf, -math.inf, 5e-324]),
        (Array(NUM), [1, 1.0, -(2**60), 0.25]),
        (Array(BOOL), [True, False]),
        (Array(NONE), [None, None]),
        (Array(STR), ["", "a", "Größe 😀\x00", "o" * 100]),
        (Array(Tuple((STR, Option(Tuple((INT, STR)))))), [("a", None), ("", (3, "é"))]),
        (Array(Array(Array(STR))), [[["a"], []], [], [["b", "c"]]]),
        (Array(INT), []),
    ],
)
def test_what_is_packed_is_unpacked(type_, value):
    text = pack(type_, value, 10_000)
    assert unpack(type_, text) == value
    assert repr(unpack(type_, text)) == repr(value)
    assert pack(type_, value, len(text.encode())) == text
    assert pack(type_, value, len(text.encode()) - 1) is None


def test_every_nan_is_one():
    texts = {pack(Array(FLOAT), [value], 99) for value in (math.nan, NEGATIVE_NAN)}
    assert len(texts) == 1
    assert math.isnan(unpack(Array(FLOAT), texts.pop())[0])


def test_shared_lists_count_wherever_they_stand_and_no_further_than_memory():
    inner = ["ab"] * 10
    assert packed_size(Array(Array(STR)), [inner] * 3) == (33, 60)
    huge = [[1] * 1000] * 1000
    assert packed_size(Array(Array(Array(INT))), [huge] * 1000) == (MANY, 0)


def test_items_of_every_type_travel(both):
    source = job(
        [
            "yield 1, [row.a, row.a // 3 if row.a else 0]",
            "yield 2, [row.a]",
            "yield 3, []",
        ]
    )
    assert both(source, {"a": "int"}, [(n,) for n in (0, 1, -1, 15, 16, MAX, MIN)]).state == "completed"
    source = job(["yield 1, [row.b, -row.b, row.b - row.b]", "yield 2, [1.0]"])
    floats = (0.0, -0.0, 1.5, 0.1, 5e-324, math.inf, -math.inf, math.nan, 1e300)
    assert both(source, {"b": "float"}, [(n,) for n in floats]).state == "completed"
    source = job(
        [
            "some = [(row.t, row.m, row.b)]",
            "some.append((row.t * 2, None, not row.b))",
            "yield row.t, some",
            "yield 'é', some[:1]",
        ],
        reducer=[
            "all_of = list(values)",
            "for items in all_of:",
            "    for t, m, b in items:",
            "        yield t, [key + t, t]",
            "    yield key, [str(m) if b and m is not None else t for t, m, b in items]",
        ],
    )
    rows = [(t, m, b) for t in ("", "a", "Größe", "x" * 5000) for m in (None, 3) for b in (False, True)]
    assert both(source, {"t": "str", "m": "int?", "b": "bool"}, rows).state == "completed"
    source = job(["mixed = [1 if row.a else 0.5]", "mixed.append(row.a)", "yield 1, [mixed, mixed[:1], []]"])
    assert both(source, {"a": "int"}, [(n,) for n in (0, 1, MIN)]).state == "completed"


def test_texts_that_are_longer_than_a_column(both, make_small, monkeypatch):
    source = job(
        ["yield row.n % 2, [row.t * row.n, row.t]"],
        reducer=["kept = ['']", "for items in values:", "    kept += items", "    kept.sort()", "yield key, kept[-3:]"],
    )
    with monkeypatch.context() as patch:
        make_small(patch)
        assert both(source, {"t": "str", "n": "int"}, [("añb", n) for n in range(12)]).state == "completed"


@pytest.mark.parametrize(("number", "state"), [(61, "completed"), (62, "failed")])
def test_memory_ends_at_the_same_list(both, number, state):
    """A text of 1 MiB is made, put into a list, and packed as often as it stands there."""
    source = job(["big = ['x' * 1048576] * row.n", "yield 1, big"], reducer=["yield key, len(list(values)[0])"])
    run = both(source, {"n": "int"}, [(number,)])
    assert (run.state, run.error and run.error.kind) == (state, None if state == "completed" else "memory")


def test_a_list_that_stands_in_many_places_can_be_larger_than_memory(both):
    source = job(
        ["inner = ['y' * 8192]", "yield 1, [['']]", "yield 2, [inner] * row.n"],
        reducer=["yield key, len(list(values))"],
    )
    assert both(source, {"n": "int"}, [(100,)]).state == "completed"
    assert both(source, {"n": "int"}, [(9000,)]).error.kind == "memory"
    # So many items that not even counting them goes on.
    source = job(["inner = [[None] * 65536]", "yield 1, inner * row.n"], reducer=["yield key, len(list(values))"])
    assert both(source, {"n": "int"}, [(2,)]).state == "completed"
    assert both(source, {"n": "int"}, [(2000,)]).error.kind == "memory"


@pytest.mark.parametrize("text", ["", "x", "`x", "b`", "ba", "aé", "a@@@@@@@@@@@@@@@@@@@@@@@@@@", "oooo", "@" * 40])
def test_what_is_no_packed_list_is_the_providers_failure(row_batch, text):
    source = """from mrjob.step import MRStep
from totem_sdk import TotemJob
class Job(TotemJob):
    def first(self, _, row):
        yield 1, [row.n]
    def again(self, key, items):
        yield key, sum(items)
    def steps(self):
        return [MRStep(mapper=self.first), MRStep(mapper=self.again)]
"""
    priced = price(compile_job(source, Schema.of({"n": "int"})), load("standard-1"))
    executor = KernelExecutor(compile_kernel(priced), {})
    batch = PairLayout(INT, STR).from_python([(1, text)])
    with pytest.raises(InputError):
        executor.run_map(1, iter([batch]), Escrow(ENOUGH), lambda _batch: None)
