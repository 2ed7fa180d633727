from collections import namedtuple
from dataclasses import dataclass  # refused: import@25
from typing import NamedTuple

from totem_sdk import TotemJob

Point = namedtuple("Point", ["x", "y"])
Wrong = namedtuple("Wrong", ["x", "x"])  # refused: named-tuple@29
Method = namedtuple("Method", "count")  # refused: named-tuple@31
Varying = namedtuple("Varying", TotemJob)  # refused: named-tuple@33


@dataclass(frozen=True)
class Size:  # refused: named-tuple@1
    width: int


class WithMethod(NamedTuple):
    x: int

    def twice(self):  # refused: named-tuple@5
        return self.x * 2


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n
