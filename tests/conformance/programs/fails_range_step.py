# schema: {"n": "int"}
# fails: value@9
# data: [[2], [0]]
from totem_sdk import TotemJob


class FailsRangeStep(TotemJob):
    def mapper(self, _, row):
        for i in range(0, 3, row.n):
            yield "i", i
