# schema: {"name": "str", "n": "int", "x": "float", "kwh": "float?"}
# rows: 60
from collections import namedtuple
from typing import NamedTuple

from totem_sdk import TotemJob

Point = namedtuple("Point", ["x", "y"])
Size = namedtuple("Size", "width, height", defaults=[1])


class Reading(NamedTuple):
    """What a meter says."""

    at: Point
    name: str
    kwh: float | None = None


def moved(point: Point, by: int) -> Point:
    return point._replace(x=point.x + by)


class NamedTuples(TotemJob):
    """Tuples with names, made, asked, unpacked, compared, kept and emitted."""

    def mapper_init(self):
        self.last = Point(0, 0)
        self.seen = [Reading(Point(0, 0), "")]

    def shifted(self, n):
        self.last = self.last._replace(y=n)
        return n

    def mapper(self, _, row):
        point = Point(row.n, 2)
        other: Point = Point(y=self.shifted(row.n), x=self.last.y)
        mixed = point if row.n % 2 else Point(row.x, 2)
        plain = point if row.n % 3 else (row.n, 3)
        reading = Reading(point, row.name, row.kwh)
        x, y = moved(point, 3)
        used = reading.kwh if reading.kwh is not None else -1.0
        self.seen.append(Reading(kwh=0.5, name=row.name, at=other))
        if len(self.seen) > 4:
            self.seen = self.seen[-2:]
        where = {point: row.n, (row.n, 2): 7}
        best = max(self.seen, key=lambda each: each.at.x)
        same = point == (row.n, 2), point in where, point == other, point < Point(1, 1)
        yield point, (x, y, used, mixed, plain, best, same, Size(row.n).height, len(point), sum(point), point[1], other)

    def reducer(self, key, values):
        total = Size(0, height=0)
        for value in values:
            total = Size(total.width + value[0], total.height + value[1])
        yield key, total
