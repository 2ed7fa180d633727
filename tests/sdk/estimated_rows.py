"""The rows that jobs are estimated for in tests, and a reducer for jobs whose mapper matters."""

import datetime

from totem_sdk.schema import Schema

HOUSE = Schema.of({"home": "int", "name": "str", "at": "datetime", "kwh": "float?", "note": "str?"})
ROWS = [
    (
        home,
        ("Ås", "Bergen", "Moss")[home % 3],
        datetime.datetime(2019, 1, 1) + datetime.timedelta(hours=7 * number),
        None if number % 5 == 0 else number / 4 - 1,
        "a b  c" * (number % 3) if number % 4 else None,
    )
    for number, home in enumerate([1, 2, 3, 1, 5, 2, 1, 1, 3, 2, 7, 1, 2, 3, 4, 9, 1, 1])
]

SUM = """
    def reducer(self, key, values):
        yield key, sum(values)
"""
