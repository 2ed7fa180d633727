from collections import namedtuple

from totem_sdk import TotemJob

Point = namedtuple("Point", ["x", "y"])


class Job(TotemJob):
    def mapper(self, _, row):
        p = Point(row.n, 2)
        a = Point(1)  # refused: argument@13
        b = Point(1, 2, 3)  # refused: argument@13
        c = Point(1, z=2)  # refused: argument@13
        d = p.z  # refused: unknown-attribute@15
        e = p._replace(z=1)  # refused: argument@24
        f = (1, 2)._replace(x=1)  # refused: unknown-attribute@20
        g = p if row.n else (1, 2)
        h = g.x  # refused: unknown-attribute@15
        yield p, p

    def reducer(self, key, values):
        yield key.x, 1  # refused: unknown-attribute@19
