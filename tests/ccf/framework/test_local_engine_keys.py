"""Keys at the edges through the whole engine: groups, their order and their bytes are the machine's."""

import random
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from totem_ccf.storage import open_dataset
from totem_sdk.schema import Schema

slow = pytest.mark.slow
SCHEMA = {"n": "int", "i": "int?", "f": "float?", "t": "str?"}
NAN_BITS = ("7ff8000000000000", "fff8000000000001", "7ff0000000000001")
NANS = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in NAN_BITS]
FLOATS = [*NANS, 0.0, -0.0, 1.0, 2.0**53, float("inf"), float("-inf"), 5e-324, None]
TEXTS = ["", "\0", "a", "a\0", "a\0b", "ab", "é", "\uffff", "\U0001f600", "x" * 3000, "x" * 2999 + "y", None]
INTS = [0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), None]

JOB = """
from totem_sdk import TotemJob

class Keys(TotemJob):
    def mapper(self, _, row):
        yield KEY, row.n

    def reducer(self, key, numbers):
        order = 7
        for number in numbers:
            order = (order * 31 + number) % 1000003
        yield key, order
"""
KEYS = {
    "float": "row.f",
    "text": "row.t",
    "int or float": "(0 if row.i is None else row.i) if row.n % 2 == 0 else (1.0 if row.f is None else row.f)",
    "tuple": "(row.f, (row.t, row.i))",
}
LAYOUTS = [
    pytest.param({"workers": 4, "order_seed": 3, "memory_limit": 2_000}, id="four, shuffled, spilled"),
    pytest.param({"workers": 1}, id="one", marks=slow),
    pytest.param(
        {"workers": 2, "order_seed": 5, "memory_limit": 1}, id="two, shuffled, a run for every batch", marks=slow
    ),
]


@pytest.fixture
def keyed(jobs, tmp_path):
    """A job over four files of rows with keys at the edges."""

    def make(key, **fields):
        choose = random.Random(key)  # noqa: S311 test data
        spec = jobs.make(JOB.replace("KEY", key), SCHEMA, ["n,i,f,t\n"], **fields)
        paths = []
        for part in range(4):
            rows = [
                (number, choose.choice(INTS), choose.choice(FLOATS), choose.choice(TEXTS))
                for number in range(part * 120, (part + 1) * 120)
            ]
            columns = dict(zip(SCHEMA, zip(*rows, strict=True), strict=True))
            types = (pa.int64(), pa.int64(), pa.float64(), pa.string())
            table = pa.table({name: pa.array(columns[name], type_) for name, type_ in zip(SCHEMA, types, strict=True)})
            paths.append(tmp_path / f"{len(list(tmp_path.iterdir()))}-{part}.parquet")
            pq.write_table(table, paths[-1])
        dataset = open_dataset(paths, Schema.of(SCHEMA))
        return jobs.again(spec, fragments=[fragment.to_json() for fragment in dataset.fragments])

    return make


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("executor", ["kernel", pytest.param("interpreter", marks=slow)])
@pytest.mark.parametrize("key", list(KEYS))
def test_groups_are_the_machines(jobs, keyed, key, executor, layout):
    end = jobs.run_as_on_machine(keyed(KEYS[key], executor=executor, **layout))
    assert end.state == "completed"
    if key == "float":
        # Three NaN are one group, the zeros are two; None has a group as well.
        assert end.result_rows == len(FLOATS) - 2
