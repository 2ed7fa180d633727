# schema: {"s": "str"}
# fails: index@10
# data: [["a b c"], ["a"]]
from totem_sdk import TotemJob


class FailsIndex(TotemJob):
    def mapper(self, _, row):
        parts = row.s.split()
        yield parts[1], 1
