"""The recipes of docs/language.md: every one is a job that does what its name says."""

import datetime
import json
import re
from pathlib import Path

import pytest

from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.schema import LINES, Schema
from totem_sdk.table import load
from totem_sdk.values import result_line

DOCUMENT = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
CHAPTER = DOCUMENT[DOCUMENT.index("\n## 15. Recipes\n") :]
RECIPES = {
    re.search(r"^class (\w+)", block, flags=re.MULTILINE)[1]: block
    for block in re.findall(r"```python\n(.*?)```", CHAPTER, flags=re.DOTALL)
}
SCHEMA = Schema.of({"meter": "str", "at": "datetime", "kwh": "float?"})
ROWS = [
    (meter, datetime.datetime(2024, month, day, hour), kwh)
    for meter, month, day, hour, kwh in (
        ("a", 1, 1, 5, 10.0),
        ("a", 1, 2, 6, 20.0),
        ("b", 1, 31, 22, 5.0),
        ("a", 2, 1, 21, None),
        ("b", 2, 1, 21, 1.0),
        ("c", 2, 3, 12, None),
        ("a", 2, 4, 12, 2.0),
    )
]
LINE_ROWS = [("One two",), ("",), ("two  TWO",)]

EXPECTED = {
    "Count": {"a": 4, "b": 2, "c": 1},
    "Average": {"a": 32.0 / 3, "b": 3.0},
    "TopThree": {1: [20.0, "a"], 2: [10.0, "a"], 3: [5.0, "b"]},
    "WordCount": {"one": 1, "two": 3},
    "Missing": {"a": [4, 1, 32.0 / 3], "b": [2, 0, 3.0], "c": [1, 1, None]},
    "MonthlyBill": {("a", 2024, 1): 13.0, ("b", 2024, 1): 6.0, ("b", 2024, 2): 5.3, ("a", 2024, 2): 5.6},
}


def test_every_recipe_has_an_expected_result():
    assert set(RECIPES) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recipe_does_what_its_name_says(name):
    lines = "MRJob" in RECIPES[name]
    program = compile_job(RECIPES[name], LINES if lines else SCHEMA)
    rows = LINE_ROWS if lines else ROWS
    params = bind(program, {})
    run = Machine(price(program, load("standard-1")), params).run_job([rows[:3], rows[3:]], 10**9)
    pairs = [json.loads(result_line(*pair)) for pair in run.result]
    found = {tuple(key) if isinstance(key, list) else key: value for key, value in pairs}
    assert (run.state, found) == ("completed", EXPECTED[name])
    assert pairs == [list(pair) for pair in CPythonJob(RECIPES[name], program, params).run([rows[:3], rows[3:]])]
