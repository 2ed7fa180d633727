# schema: {"n": "int"}
# fails: overflow@8
from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, (row.n * 0 + 3) ** (row.n * 0 + 40)
