# schema: {"k": "str", "n": "int", "x": "float?"}
from totem_sdk import TotemJob


class State(TotemJob):
    def mapper_init(self):
        self.rows, self.total = 0, 0.0
        self.best = None
        self.last = ""
        self.pair = (0, "")
        self.mixed = 0
        yield "begin", 0.0

    def note(self, value):
        if self.best is None or value > self.best:
            self.best = value
            return True
        return False

    def mapper(self, _, row):
        self.rows += 1
        self.last = row.k
        self.pair = (self.rows, row.k)
        if row.x is not None:
            self.total += row.x
            self.mixed = row.x
            if self.note(row.x):
                yield "record", row.x

    def mapper_final(self):
        yield "rows", float(self.rows)
        yield "total", self.total
        if self.best is not None:
            yield "best", self.best
        yield "last", float(len(self.last) + len(self.pair[1]) + self.pair[0])
        yield "mixed", self.mixed

    def reducer_init(self):
        self.groups = 0

    def reducer(self, key, values):
        self.groups += 1
        for value in values:
            yield key, value

    def reducer_final(self):
        yield "groups", self.groups
