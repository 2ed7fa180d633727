"""Whole jobs: the Program that comes out, and what its blocks cost."""

import warnings
from pathlib import Path

import pytest

from totem_sdk import table
from totem_sdk.cost import Counts, price
from totem_sdk.lang import compile_job
from totem_sdk.program import Program, blocks_of
from totem_sdk.schema import Schema
from totem_sdk.types import FLOAT, INT

EXAMPLES = Path(__file__).parents[2] / "examples"
BILLS = Schema.of({"date": "date", "cid": "int", "bill": "float"})
HOMES = Schema.of({"home": "int", "at": "datetime", "kwh": "float", "solar_kwh": "float"})


def ops(program: Program, function: int) -> list[str]:
    return [op.code for block in blocks_of(program.functions[function].body) for op in block.ops]


def test_the_bill_of_paper_1_comes_to_198_totem():
    program = compile_job((EXAMPLES / "paper1" / "total_bill.py").read_text(), BILLS)
    priced = price(program, table.load("paper-2019"))
    assert priced.block_cost == (15, 4)
    counts = Counts()
    counts.blocks.update({0: 6, 1: 3})
    fold = next(site.id for site in priced.sites if site.op.code == "fold_sum")
    for values in (1, 3, 2):
        counts.add_site(fold, values, 0)
    assert priced.total(counts) == 198


def test_peak_hour_reads_two_columns_and_folds_in_the_reducer():
    program = compile_job((EXAMPLES / "peak_hour.py").read_text(), HOMES)
    assert program.columns_read == (1, 2)
    assert ops(program, 0) == ["read_row", "column", "const", "gt", "column", "date_part", "column", "emit"]
    assert ops(program, 1) == ["read_key", "fold_sum", "emit"]
    assert program.steps[0].shuffled == (INT, FLOAT)
    assert program.steps[0].partitions == 16


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py") if path.name != "paper3.py"))
def test_every_example_compiles_to_a_canonical_program_that_standard_1_prices(name):
    schema = HOMES
    if name in {"best_seller.py", "customer_spend.py", "price_bands.py"}:
        schema = Schema.of(
            {"invoice": "str", "stock": "str", "quantity": "int", "at": "datetime", "price": "float"}
            | {"customer": "int?", "country": "str"}
        )
    elif name not in {"community_peak.py", "peak_hour.py", "solar_share.py"}:
        schema = Schema.of({"at": "datetime", "active_kw": "float?", "voltage": "float?"})
    program = compile_job((EXAMPLES / name).read_text(), schema)
    assert Program.decode(program.encode()) == program
    assert price(program, table.load("standard-1")).block_cost


@pytest.mark.parametrize("action", ["error", "always"])
def test_what_python_warns_of_is_neither_shown_nor_an_error(action):
    source = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n        "
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter(action)
        compile_job(source + 'yield 1if row.cid > 1 else 2, "\\d"\n', BILLS)
    assert shown == []
