# schema: {"n": "int"}
# fails: value@8
from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, (0 * row.n - 8) ** 0.5
