"""Keys that are different values are two groups, for the estimate as well, however much alike they look."""

import pytest

from totem_sdk.cost import price
from totem_sdk.estimate import estimate
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.statistics import Statistics
from totem_sdk.table import load

JOB = """from totem_sdk import TotemJob
class Job(TotemJob):
    def mapper(self, _, row):
        yield ({key}), 1
    def reducer(self, key, values):
        yield key, sum(values)
"""


@pytest.mark.parametrize(
    "key", ["4 if row.n > 1 else 4.0", "0.0 if row.n > 1 else -0.0", "(1, 4) if row.n > 1 else (1, 4.0)"]
)
def test_numbers_that_are_equal_and_not_alike_are_two_groups(key):
    priced = price(compile_job(JOB.format(key=key), Schema.of({"n": "int"})), load("standard-1"))
    has_two_groups(priced, {})


@pytest.mark.parametrize(
    "key", ["self.a % 7 if row.n > 1 else self.b % 7", "(1, self.a % 7) if row.n > 1 else (1, self.b % 7)"]
)
def test_two_values_of_which_the_same_is_known_are_two_groups(key):
    source = JOB.format(key=key).replace("TotemJob", "TotemJob, Param", 1)
    source = source.replace("    def mapper", "    a: int = Param(9)\n    b: int = Param(10)\n    def mapper", 1)
    priced = price(compile_job(source, Schema.of({"n": "int"})), load("standard-1"))
    has_two_groups(priced, {"a": 9, "b": 10})


def has_two_groups(priced, params):
    bounds = estimate(priced, [Statistics(6, (6,))], params)
    run = Machine(priced, params).run_job([[(n,) for n in range(6)]], 1 << 50)
    assert len(run.result) == 2
    for phase, between in zip(run.phases, bounds.phases, strict=True):
        assert between.lower <= phase.charge <= between.upper
