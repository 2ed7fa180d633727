"""Rows for any schema, the same every time."""

import datetime
import random
from typing import Any

from totem_sdk.schema import LINES, Schema
from totem_sdk.types import Option

TEXTS = ("", "a", "abc", "b c", "Grüße", "ΑΣ ", " x\ty ", "abc abc", "ﬁn", "z,z", "naïve 😀 day", "A;B", "ǅ")


def _cell(chance: random.Random, type_: str) -> Any:
    match type_:
        case "int":
            return chance.choice((0, 1, 2, 3, 4, 5, 7, -1, -6, 11, 60, 100, 2**31, -(2**40)))
        case "float":
            return chance.choice(
                (0.0, -0.0, 0.5, 1.5, 2.5, -3.25, 0.1, 2.675, 3.0, 1e-9, 1234.5678, chance.random() * 10)
            )
        case "bool":
            return chance.random() < 0.5
        case "str":
            return chance.choice(TEXTS)
        case "date":
            return datetime.date(1960, 1, 1) + datetime.timedelta(days=chance.randrange(40_000))
        case "datetime":
            micros = chance.choice((0, 0, 123_456, 999_999))
            return datetime.datetime(1965, 1, 1) + datetime.timedelta(
                minutes=chance.randrange(50_000_000), seconds=chance.randrange(60), microseconds=micros
            )
    raise AssertionError(type_)


def make_rows(schema: Schema, number: int, seed: str) -> list[tuple[Any, ...]]:
    """Return rows that are the same for the same arguments."""
    chance = random.Random(seed)  # noqa: S311 - test data, no secret
    rows: list[tuple[Any, ...]] = []
    for _ in range(number):
        row: list[Any] = []
        for column in schema.columns:
            optional = isinstance(column.type, Option)
            name = str(column.type.item) if isinstance(column.type, Option) else str(column.type)
            row.append(None if optional and chance.random() < 0.25 else _cell(chance, name))
        if schema == LINES:
            row = [" ".join(chance.choice(TEXTS) for _ in range(chance.randrange(6)))]
        rows.append(tuple(row))
    return rows
