"""Loops whose rounds are prepaid: the same requests for totem, end, bill and counts as where each charge is paid."""

import itertools

import numpy as np
import pytest

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.kernel.compiled import step_text
from totem_ccf.mapreduce.shuffle import GroupBatch
from totem_sdk.cost import price
from totem_sdk.interpreter import run_map_task, run_reduce_task
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow

ENOUGH = 1 << 50
SCHEMA = Schema.of({"n": "int", "x": "float"})
ROWS = [(3, 0.5), (0, -1.25), (-2, 2.0), (7, float("nan"))]
HEAD = "from totem_sdk import TotemJob\n\nclass Job(TotemJob):\n"

LOOPS = {
    "straight": """
    def mapper(self, _, row):
        x = row.x
        for i in range(row.n):
            x = x * 0.75 + 0.5 * i
        yield row.n, x
""",
    "branches": """
    def mapper(self, _, row):
        x = 0
        i = row.n
        while i > -4:
            i -= 1
            if i % 2 == 0:
                x += i
                if i > 2:
                    x += 1
            elif i == 1:
                x *= 2
                continue
            else:
                x -= 1
            x += 3
        yield x, i
""",
    "break": """
    def mapper(self, _, row):
        x = row.x
        for i in range(9):
            if i == row.n:
                x = -x
                break
            if x > 40.0:
                continue
            x = x + x
        else:
            x = x + 0.25
        yield row.n, x
""",
    "nested": """
    def mapper(self, _, row):
        total = 0
        i = -1
        for i in range(row.n):
            j = 0
            while True:
                j += i
                total += j
                if j > 5:
                    break
                if total > 25:
                    i = 100
                    break
                j += 1
            if i == 100:
                break
        yield total, i
""",
    "errors": """
    def mapper(self, _, row):
        total = 5
        i = row.n - 3
        while i < 4:
            total += i
            if i < 2:
                total = total // (7 - row.n + i * 0)
            else:
                total += 9223372036854775000
            i += 1
        yield row.n, total
""",
    "caught": """
    def mapper(self, _, row):
        total = 0
        for i in range(5):
            try:
                total += 12 // (i - row.n)
                total += 1
            except ZeroDivisionError:
                total -= 1
            if total < -20:
                raise ValueError("low")
        yield row.n, total
""",
    "left by an error": """
    def mapper(self, _, row):
        total = 0
        try:
            for i in range(5):
                total += 12 // (i - row.n)
        except ZeroDivisionError:
            total -= 100
        yield row.n, total
""",
    "helper": """
    def root(self, x):
        guess = x
        for _ in range(6):
            if guess == 0.0:
                return -1.0
            guess = (guess + x / guess) / 2.0
        return guess

    def mapper(self, _, row):
        yield row.n, self.root(row.x)
        yield row.n, self.root(row.x - row.x)
""",
    "emits": """
    def mapper(self, _, row):
        for i in range(row.n):
            yield i, row.x
""",
    "fields": """
    def mapper_init(self):
        self.seen = 0
        self.step = 1

    def mapper(self, _, row):
        for i in range(4):
            self.seen += row.n
            if self.seen > 12:
                self.step = self.seen - 8

    def mapper_final(self):
        while self.seen > 0:
            self.seen -= self.step
        yield 0, self.seen
""",
}
"""Bodies of jobs in which at least one loop is prepaid."""

VALUES = """
    def mapper(self, _, row):
        yield row.n, row.x

    def reducer(self, key, values):
        x = 0.0
        least = 5.0
        for value in values:
            x = x / 2.0 + value
            if value < least:
                least = value
                if least < -2.0:
                    x = x / (least + 3.0)
        yield key, (x, least)
"""


class Asked(Escrow):
    """An escrow that notes what is asked of it, and gives as much as the next of ``grants`` says, if it has it."""

    def __init__(self, left, grants=(0,)):
        super().__init__(left)
        self.grants = itertools.cycle(grants)
        self.asked = []

    def more(self, need, used, charge):
        self.asked.append((need, used, charge))
        self.chunk = next(self.grants)
        return super().more(need, used, charge)


def facts(run, lease):
    emits, result = run
    return {
        "end": result.end,
        "used": result.used,
        "left": result.unspent + lease.left,
        "counts": result.counts.to_json(),
        "records": (result.records_in, result.records_out),
        "error": None if result.error is None else (result.error.kind, result.error.line),
        "emits": [repr(pair) for pair in emits],
        "asked": lease.asked,
    }


class Both:
    """A map task of a job on both executors."""

    def __init__(self, body, row_batch):
        self.priced = price(compile_job(HEAD + body, SCHEMA), load("standard-1"))
        self.executor = KernelExecutor(compile_kernel(self.priced), {})
        self.batch = row_batch(SCHEMA, self.priced.columns_charged, ROWS)

    def same(self, left, grants):
        lease = Asked(left, grants)
        expected = facts(run_map_task(self.priced, 0, ROWS, {}, lease), lease)
        lease, out = Asked(left, grants), []
        result = self.executor.run_map(0, iter([self.batch]), lease, out.append)
        emits = [pair for batch in out for pair in self.executor.layout(0).to_python(batch)]
        found = facts((emits, result), lease)
        if result.end != "done":
            del found["emits"], expected["emits"]
        assert found == expected, (left, grants)
        return expected

    def paid_up_to(self):
        """Return what is paid up to each charge of the whole task."""
        asked = self.same(ENOUGH, (0,))["asked"]
        return list(itertools.accumulate(need for need, _, _ in asked))


@pytest.fixture(params=LOOPS)
def both(request, row_batch):
    return Both(LOOPS[request.param], row_batch)


def test_the_loops_are_prepaid(both):
    assert "$round" in step_text(both.priced, 0)


@pytest.mark.parametrize("grants", [(0,), (ENOUGH,), (97, 0, 1009, 40), (600,)])
def test_a_whole_task(both, grants):
    both.same(ENOUGH, grants)


@pytest.mark.slow
def test_the_end_at_every_charge(both):
    for paid in both.paid_up_to():
        for left in (paid - 1, paid):
            both.same(left, (ENOUGH,))


@pytest.mark.slow
def test_the_end_and_every_request_with_small_leases(both):
    paid = both.paid_up_to()
    for grants in ((100,), (33, 250, 8), (1000, 0)):
        for left in {*paid[:: max(1, len(paid) // 40)], paid[-1] - 1}:
            both.same(left, grants)


@pytest.mark.parametrize("grants", [(0,), (ENOUGH,), (97, 0, 1009, 40)])
def test_values_of_groups(grants):
    """Values come in by a call, and the last group ends in an error."""
    priced = price(compile_job(HEAD + VALUES, SCHEMA), load("standard-1"))
    assert "$round" in step_text(priced, 0)
    executor = KernelExecutor(compile_kernel(priced), {})
    groups = [(0, [1.5]), (1, [0.5 * i for i in range(5)]), (2, [4.0, -1.0, -2.5, 3.0]), (3, [0.0, 0.0, -3.0])]
    layout = executor.layout(0)
    keys = layout.from_python([(key, values[0]) for key, values in groups])
    pairs = layout.from_python([(key, value) for key, values in groups for value in values])
    ends = np.cumsum([0] + [len(values) for _, values in groups]).astype(np.int64)
    batch = GroupBatch(keys.select(range(1)), pairs.select(range(1, 2)), ends)
    cost = run_reduce_task(priced, 0, groups, {}, Escrow(ENOUGH))[1].used
    for left in (*range(0, cost, 61), cost - 1, cost):
        lease = Asked(left, grants)
        _, expected = run_reduce_task(priced, 0, groups, {}, lease)
        asked, lease = lease.asked, Asked(left, grants)
        found = executor.run_reduce(0, iter([batch]), lease, lambda _: None)
        for result in (expected, found):
            result.error = None if result.error is None else str(result.error)
        assert (vars(found), lease.asked) == (vars(expected), asked), left
    assert expected.error == "zero_division in line 16"
