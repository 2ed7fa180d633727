# schema: {"n": "int"}
# data: [[1], [2]]
# fails: overflow@10
from totem_sdk import TotemJob


class NegatedLiteral(TotemJob):
    def mapper(self, _, row):
        least = -9223372036854775808
        yield row.n, - -9223372036854775808 + least
