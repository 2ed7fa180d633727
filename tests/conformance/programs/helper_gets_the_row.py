# schema: {"n": "int", "x": "float?", "s": "str", "at": "datetime"}
from totem_sdk import TotemJob


class HelperGetsTheRow(TotemJob):
    def valid(self, row):
        return row.x is not None and row.n > 0

    def key(self, row, sep):
        return row.s + sep + str(self.hour(row))

    def hour(self, reading):
        return reading.at.hour

    def mapper(self, _, row):
        if self.valid(row):
            yield self.key(row, "/"), self.hour(row)
        if row.x is not None:
            yield "x", row.n
