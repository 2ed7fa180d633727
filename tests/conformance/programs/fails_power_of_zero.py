# schema: {"n": "int"}
# fails: zero_division@8
from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, 0 ** (row.n - row.n - 1)
