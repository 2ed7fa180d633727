"""The same JSON lines give the same typed rows to a job under plain mrjob and to one under TOTEM."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.storage import DataError, open_dataset
from totem_sdk.errors import InvalidDocument, TotemError
from totem_sdk.mrjob_job import _NO_ROW, _describe, _RowProtocol
from totem_sdk.schema import Schema

DECLARED = (None, "int?", "float?", "bool?", "date?", "datetime?", "str?", "float")
CELLS = (
    "null", "0", "-0", "1", "-7", "1.0", "1e3", "0.1", "-0.0", "5e-324", "1e400", "9007199254740993",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "9" * 400, "true", "false", '""', '"x"',
    '"1"', '"2019-02-28"', '"2019-02-30"', '"28/02/2019"', '"1/3/2007"', '" 2019-02-28"', '"2019-02-28T01:30"',
    '"2019-02-28 23:59:59.25"', '"2019-02-28T01:30:05.123456000"', '"2019-02-28T01:30:05+02:00"',
    '"2019-02-28T01:30:05Z"', '"0001-01-01T00:00+01:00"', '"\\ud83d\\ude00"', '"\\ud83d"', "[]", '{"a":1}', "NaN",
)  # fmt: skip
KINDS = [
    ("null", "0", "-0", "-7", "9223372036854775807"),
    ("null", "0", "-0", "1.0", "-0.0", "1e3", "9007199254740993", "9223372036854775808"),
    ("null", "true", "false"),
    ("null", '"2019-02-28"', '"1/3/2007"', '"2019-03-01"'),
    ("null", '"2019-02-28T01:30"', '"2019-02-28T01:30:05+02:00"', '"2019-02-28T01:30:05.123456000"', '"2019-02-28"'),
    CELLS,
]
columns = st.sampled_from(KINDS).flatmap(
    lambda kind: st.lists(st.none() | st.sampled_from(kind), min_size=4, max_size=4)
)


def stored(path: Path, schema: Schema | None) -> tuple[Schema, list[str]]:
    dataset = open_dataset([path], schema)
    names = [column.name for column in dataset.schema.columns]
    rows = [repr(tuple(row.values())) for batch in dataset.read(names) for row in batch.to_pylist()]
    return dataset.schema, rows


def scripted(path: Path, schema: Path | None) -> tuple[Schema, list[str]]:
    lines = _describe([str(path)], None if schema is None else str(schema))
    protocol = _RowProtocol(type(lines).from_json(lines.to_json()))
    names = [column.name for column in lines.schema.columns]
    found: list[Any] = [protocol.read(line)[1] for line in path.read_bytes().split(b"\n")]
    rows = [repr(tuple(getattr(row, name) for name in names)) for row in found if row is not _NO_ROW]
    return lines.schema, rows


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(cells=st.lists(columns, min_size=1, max_size=3), declared=st.sampled_from(DECLARED))
def test_types_and_values_are_the_same(cells: list[list[str | None]], declared: str | None) -> None:
    names = [f"c {number}" for number in range(len(cells))]
    lines = []
    for row in zip(*cells, strict=True):
        pairs = [f"{json.dumps(name)}: {cell}" for name, cell in zip(names, row, strict=True) if cell is not None]
        lines.append("{" + ", ".join(pairs) + "}\n")
    with tempfile.TemporaryDirectory() as folder:
        path, document = Path(folder) / "data.jsonl", Path(folder) / "schema.json"
        path.write_text("".join(lines))
        schema = None if declared is None else Schema.of([(name.replace(" ", "_"), declared) for name in names])
        if schema is not None:
            document.write_text(json.dumps({column.name: str(column.type) for column in schema.columns}))
        try:
            expected = stored(path, schema)
        except (DataError, InvalidDocument):
            with pytest.raises(TotemError):
                scripted(path, None if schema is None else document)
            return
        assert scripted(path, None if schema is None else document) == expected
