# schema: {"n": "int"}
# fails: zero_division@9
# data: [[1], [0], [2]]
from totem_sdk import TotemJob


class FailsZeroDivision(TotemJob):
    def mapper(self, _, row):
        yield "x", 10 // row.n
