"""The same CSV file gives the same typed rows to a job under plain mrjob and to one under TOTEM."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.storage import DataError, open_dataset
from totem_sdk.errors import InvalidDocument
from totem_sdk.rows import infer_schema, parse_record
from totem_sdk.schema import Schema

CELLS = (
    "", "0", "1", "-7", "007", "+3", " 4", "5 ", "9223372036854775807", "9223372036854775808", "1.5", ".5", "2.",
    "-1e3", "1E+5", "nan", "-inf", "Infinity", "true", "False", "TRUE", "tRUE", "yes", "2019-02-28", "2019-02-30",
    "2019-2-8", "28/02/2019", "2019-02-28T01:30", "2019-02-28 23:59:59", "2019-02-28T01:30:05.25", "2019-02-28T25:00",
    "a", " b ", "NULL", "1_0", "12:30x",
)  # fmt: skip
# Columns of one kind, so that more than texts is inferred.
KINDS = [
    ("", "0", "1", "-7", "007", " 4", "9223372036854775807"),
    ("", "1", "1.5", ".5", "2.", "-1e3", "nan", "-inf", "+3", "9223372036854775808"),
    ("", "true", "False", "TRUE", "1", "0"),
    ("", "2019-02-28", "1970-01-01", "2019-02-28T01:30", "2019-02-28 23:59:59", "2019-02-28T01:30:05.25"),
    CELLS,
]
columns = st.sampled_from(KINDS).flatmap(lambda kind: st.lists(st.sampled_from(kind), min_size=6, max_size=6))


def same(a: object, b: object) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def stored(path: Path, schema: Schema | None) -> tuple[Schema, list[tuple[object, ...]]]:
    dataset = open_dataset([path], schema)
    names = [column.name for column in dataset.schema.columns]
    rows = [tuple(row.values()) for batch in dataset.read(names) for row in batch.to_pylist()]
    return dataset.schema, rows


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    st.lists(columns, min_size=1, max_size=4),
    st.sampled_from((None, "int?", "float", "bool?", "date?", "datetime", "str?")),
)
def test_types_and_values_are_the_same(cells, declared):
    # A last column keeps rows of empty cells from being empty lines.
    header = [*(f"c{number}" for number in range(len(cells))), "end"]
    records = [[*row, "x"] for row in zip(*cells, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_text("".join(",".join(record) + "\n" for record in [header, *records]), encoding="utf-8")
        schema = None if declared is None else Schema.of({**dict.fromkeys(header[:-1], declared), "end": "str"})
        try:
            found, rows = stored(path, schema)
        except DataError:
            # Only a declared type can be wrong: then plain mrjob refuses the file as well.
            assert schema is not None
            refused = 0
            for record in records:
                try:
                    parse_record(record, schema)
                except InvalidDocument:
                    refused += 1
            assert refused
            return
    assert found == (schema or infer_schema(header, records))
    ours = [parse_record(record, found) for record in records]
    assert all(same(a, b) for mine, theirs in zip(ours, rows, strict=True) for a, b in zip(mine, theirs, strict=True))
