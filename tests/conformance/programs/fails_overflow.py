# schema: {"n": "int"}
# fails: overflow@10
# data: [[3], [3000000000]]
from totem_sdk import TotemJob


class FailsOverflow(TotemJob):
    def mapper(self, _, row):
        square = row.n * row.n
        square = square * square
        yield "x", square
