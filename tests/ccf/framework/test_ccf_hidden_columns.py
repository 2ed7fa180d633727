"""Hidden columns: nobody reads them, pays for them or learns how large they are, whatever the table charges."""

import pytest

from totem_ccf.storage import open_dataset
from totem_ccf.storage.profile import PUBLISHED, profile
from totem_sdk.cost import price
from totem_sdk.errors import Refused
from totem_sdk.estimate import estimate
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import Table, load

SOURCE = """
from totem_sdk import TotemJob

class Hours(TotemJob):
    def mapper(self, _, row):
        yield row.home, row.kwh

    def reducer(self, home, kwh):
        yield home, sum(kwh)
"""
SCHEMA = {"home": "int", "note": "str", "secret": "str", "born": "date", "kwh": "float"}
HIDDEN = frozenset({"secret", "born"})
ROWS = Table.from_json({**load("standard-1").to_json(), "name": "rows", "read": "row"})


def text(secrets):
    lines = [f"{number % 3},note {number},{secret},1970-01-01,{number}.5" for number, secret in enumerate(secrets)]
    return "\n".join([",".join(SCHEMA), *lines, ""])


def bill_of(jobs, secrets, **fields):
    spec = jobs.make(SOURCE, SCHEMA, [text(secrets)], table=ROWS, hidden=HIDDEN, **fields)
    return [receipt["charge"] for receipt in jobs.run_as_on_machine(spec).receipts]


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["kernel", "interpreter"])
def test_a_row_costs_the_same_whatever_is_hidden_in_it(jobs, executor):
    short = bill_of(jobs, ["x", "y", ""], executor=executor)
    assert bill_of(jobs, ["x" * 5000, "é" * 70, "z"], executor=executor) == short
    # A row's visible columns are charged, used or not: home, note and kwh.
    table, notes = ROWS, len("note 0" * 3)
    read = 3 * sum(table.cost("read", name) for name in ("int", "str", "float")) + table.weights["read"] * notes
    emitted = 3 * (table.cost("emit", "int") + table.cost("emit", "float"))
    assert short[0] == read + emitted


def test_what_is_read_and_priced_is_without_hidden_columns(tmp_path):
    priced = price(compile_job(SOURCE, Schema.of(SCHEMA), hidden=HIDDEN), ROWS)
    names = [column.name for column in priced.program.schema.columns]
    assert [names[position] for position in priced.columns_charged] == ["home", "note", "kwh"]
    path = tmp_path / "data.csv"
    path.write_text(text(["abc", "d" * 100, "", "e", "f"]))
    statistics = profile(open_dataset([path], Schema.of(SCHEMA)), HIDDEN, options=PUBLISHED)
    found = estimate(priced, [statistics], {})
    # Nothing is known of the hidden texts, and nothing needs to be: the price has an upper bound.
    assert found.upper is not None


def test_with_every_column_hidden_there_is_nothing_to_read():
    with pytest.raises(Refused) as refused:
        compile_job(SOURCE.replace("row.home, row.kwh", "1, 1"), Schema.of(SCHEMA), hidden=frozenset(SCHEMA))
    assert [refusal.code for refusal in refused.value.refusals] == ["hidden-column"]
