"""Keys that compare equal and are written differently are two groups, for the estimate as well."""

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
    bounds = estimate(priced, [Statistics(6, (6,))], {})
    run = Machine(priced, {}).run_job([[(n,) for n in range(6)]], 1 << 50)
    assert len(run.result) == 2
    for phase, between in zip(run.phases, bounds.phases, strict=True):
        assert between.lower <= phase.charge <= between.upper
