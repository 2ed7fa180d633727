"""Programs built by hand, for tests that must not depend on the compiler."""

from __future__ import annotations

import datetime

import pytest

from totem_sdk.cost import PricedProgram, price
from totem_sdk.program import Block, Function, Op, Program, Step
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.types import FLOAT, INT, NONE, Tuple, Values

BILLS = [
    (datetime.date(2019, 2, day), customer, amount)
    for day, customer, amount in ((25, 1, 100.0), (25, 2, 200.0), (25, 3, 150.0), (26, 2, 100.0), (26, 3, 50.0))
] + [(datetime.date(2019, 2, 27), 2, 100.0)]


@pytest.fixture
def bills() -> list[tuple[object, ...]]:
    """The rows of paper I, section 4.4."""
    return list(BILLS)


@pytest.fixture
def paper1() -> PricedProgram:
    """The job of paper I, section 4.4, under the table of 2019."""
    pair = Tuple((INT, FLOAT))
    mapper = Block(
        0,
        (
            Op("read_row", NONE, None, (), (1, 2), line=2),
            Op("column", INT, 0, (), (1,), line=3),
            Op("column", FLOAT, 1, (), (2,), line=3),
            Op("emit", pair, None, (0, 1), line=3),
        ),
    )
    reducer = Block(
        1,
        (
            Op("read_key", INT, 0, line=5),
            Op("fold_sum", Values(FLOAT), 1, line=6),
            Op("emit", pair, None, (0, 1), line=6),
        ),
    )
    program = Program(
        name="TotalBill",
        schema=Schema.of({"date": "date", "cid": "int", "bill": "float"}),
        lines=False,
        params=(),
        functions=(
            Function("mapper", 2, (INT, FLOAT), (), None, (mapper,)),
            Function("reducer", 5, (INT, FLOAT), (), None, (reducer,)),
        ),
        steps=(Step(0, None, None, None, None, None, 1, None, None, (INT, FLOAT), (INT, FLOAT)),),
    )
    return price(program, load("paper-2019"))
