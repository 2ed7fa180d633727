"""Estimates of programs that are made to be followed for ever: they end soon, and their bounds hold."""

from __future__ import annotations

import pytest
from published_statistics import published

from tests.sdk.estimated_rows import HOUSE, ROWS, SUM
from totem_sdk.cost import MAX_TOTEM, price
from totem_sdk.estimate import estimate, phases
from totem_sdk.estimate.shape import MAX_VISITS, Budget
from totem_sdk.lang import compile_job
from totem_sdk.statistics import Statistics
from totem_sdk.table import load


@pytest.mark.slow
def test_an_estimate_of_many_branches_is_quick():
    lines = "".join(f"        if row.home > {n}:\n            x = x + row.home * {n}\n" for n in range(300))
    body = f"    def mapper(self, _, row):\n        x = 0\n{lines}        yield row.home, x\n"
    priced = price(
        compile_job(f"from totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}", HOUSE), load("standard-1")
    )
    found = estimate(priced, [published(HOUSE, [ROWS])], {})
    assert found.upper is not None


@pytest.mark.slow
def test_helpers_that_call_helpers_are_not_followed_forever():
    helpers = "    def f0(self, x):\n        return x + 1\n"
    for n in range(1, 31):
        helpers += f"    def f{n}(self, x):\n        return self.f{n - 1}(x) - self.f{n - 1}(x)\n"
    body = helpers + "    def mapper(self, _, row):\n        yield row.home, self.f30(row.home)\n"
    priced = price(
        compile_job(f"from totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}", HOUSE), load("standard-1")
    )
    found = estimate(priced, [published(HOUSE, [ROWS])], {})
    assert found.lower == found.upper
    assert found.lower > 2**30


@pytest.mark.slow
@pytest.mark.parametrize("head", ["while x % 7 != {n}", "for i{n} in range(row.home % 5)", "if x > {n}"])
def test_deep_nesting_is_not_followed_forever(head):
    lines = "".join(f"{'    ' * (2 + n)}{head.format(n=n)}:\n" for n in range(18))
    lines += "    " * 20 + "x = x * 3 % 1001\n"
    body = f"    def mapper(self, _, row):\n        x = row.home\n{lines}        yield row.home, x\n"
    source = f"from totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}{SUM}"
    priced = price(compile_job(source, HOUSE), load("standard-1"))
    found = estimate(priced, [published(HOUSE, [ROWS])], {})
    assert found.lower > 0
    assert (found.upper is None) == head.startswith("while")


def priced_job(body: str):
    return price(
        compile_job(
            f"from mrjob.step import MRStep\nfrom totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}", HOUSE
        ),
        load("standard-1"),
    )


def nested(heads: list[str], body: list[str], before: str = "") -> str:
    lines = ["    " * (2 + depth) + head for depth, head in enumerate(heads)]
    lines += ["    " * (2 + len(heads)) + line for line in body]
    return f"    def mapper(self, _, row):\n{before}" + "\n".join(lines) + "\n        yield row.home, 1\n" + SUM


def loops_in_loops(depth: int, loops: int) -> str:
    inside = [line for n in range(loops) for line in (f"for j{n} in range(x):", f"    x = x + {n}")]
    return nested([f"for i{n} in range(row.home):" for n in range(depth)], ["x = 1", *inside], "        x = 0\n")


def whiles_over_variables(depth: int, variables: int) -> str:
    before = "".join(f"        x{n} = {n}\n" for n in range(variables))
    body = [f"x{n} = x{(n * 7 + 3) % variables} + 1" for n in range(variables)]
    return nested([f"while x{n} < row.home:" for n in range(depth)], body, before)


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [loops_in_loops(19, 180), loops_in_loops(19, 100), whiles_over_variables(18, 200), whiles_over_variables(5, 200)],
    ids=["19 for around 180", "19 for around 100", "18 while", "5 while"],
)
def test_nothing_is_followed_again_and_again(body, monkeypatch):
    budgets: list[Budget] = []
    monkeypatch.setattr(phases, "Budget", lambda: budgets.append(Budget()) or budgets[-1])
    priced = priced_job(body)
    found = estimate(priced, [published(HOUSE, [ROWS])], {})
    assert 0 < found.lower <= found.expected
    assert found.upper is None or found.expected <= found.upper
    (budget,) = budgets
    # What is left when the budget is used up is one walk over each body: not one per loop around it.
    assert MAX_VISITS < budget.visits < 5 * MAX_VISITS


HUGE = nested([f"for i{n} in range(1000000000000000000):" for n in range(18)], ["pass"])
CHAIN = """
    def m(self, _, row):
        yield row.name, row.name
    def m2(self, k, v):
        yield k + v, v + k + k
    def r(self, k, v):
        for x in v:
            for i in range(len(x)):
                yield k + x, x + k
    def steps(self):
        return [MRStep(mapper=self.m, reducer=self.r){more}]
""".replace("{more}", ", MRStep(mapper=self.m2, reducer=self.r)" * 15)
NEST = "\n".join("    " * (3 + n) + f"for i{n} in range(k):" for n in range(17))
STEPS = f"""
    def m(self, _, row):
        yield row.home, 1
    def r(self, k, v):
        for x in v:
{NEST}
{"    " * 20}yield k, x
    def steps(self):
        return [MRStep(mapper=self.m, reducer=self.r){", MRStep(reducer=self.r)" * 15}]
"""
VARIABLES = nested(
    [f"for i{n} in range(x{n}, row.home, 2):" for n in range(19)],
    [f"x{n} = x{(n * 7 + 3) % 40} + row.home" for n in range(40)],
    "".join(f"        x{n} = {n}\n" for n in range(40)),
)


@pytest.mark.slow
@pytest.mark.parametrize("body", [HUGE, CHAIN, STEPS, VARIABLES], ids=["constant", "texts", "steps", "variables"])
@pytest.mark.parametrize("hidden", [False, True])
def test_bounds_end_where_nothing_can_be_paid(body, hidden):
    statistics = published(HOUSE, [ROWS])
    if hidden:
        statistics = Statistics(statistics.rows, statistics.fragments)
    found = estimate(priced_job(body), [statistics], {})
    for bounds in (found, *found.phases, *found.lines):
        assert 0 <= bounds.lower <= bounds.expected <= MAX_TOTEM + 1
        assert bounds.upper is None or bounds.expected <= bounds.upper <= MAX_TOTEM
    assert found.upper is None
    assert (found.lower == MAX_TOTEM + 1) == (body is HUGE)


def test_a_program_that_never_ends_has_no_upper_bound():
    body = """
    def mapper(self, _, row):
        x = row.home
        while x % 7 != 8:
            x = x + 1
            x = x % 100
        yield row.home, x
"""
    source = f"from totem_sdk import TotemJob\nclass Job(TotemJob):\n{body}{SUM}"
    priced = price(compile_job(source, HOUSE), load("standard-1"))
    assert estimate(priced, [published(HOUSE, [ROWS])], {}).upper is None
