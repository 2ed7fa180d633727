# schema: {"s": "str"}
# fails: value@9
# data: [["a b"], ["a b c"]]
from totem_sdk import TotemJob


class FailsUnpack(TotemJob):
    def mapper(self, _, row):
        first, second = row.s.split()
        yield first, second
