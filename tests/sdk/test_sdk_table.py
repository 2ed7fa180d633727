"""Estimator tables from files: what is no table is refused with the file's name and the reason."""

import json

import pytest

from totem_sdk.errors import InvalidDocument
from totem_sdk.table import load


def test_a_table_in_a_file_is_the_bundled_one(tmp_path):
    bundled = load("standard-1")
    path = tmp_path / "table.json"
    path.write_text(json.dumps(bundled.to_json()))
    assert load(path) == bundled


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, "nested too deeply"),
        ('{"name":' * 200_000, "nested too deeply"),
        ("{", "not JSON"),
        ("[]", "expected an object"),
    ],
    ids=["arrays", "objects", "cut off", "an array"],
)
def test_what_is_no_table_is_an_invalid_document(tmp_path, text, reason):
    path = tmp_path / "table.json"
    path.write_text(text)
    with pytest.raises(InvalidDocument, match=reason):
        load(path)
