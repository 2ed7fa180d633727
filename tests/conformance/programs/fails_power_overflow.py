# schema: {"n": "int"}
# fails: overflow@8
from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, (0.0 * row.n + 10.0) ** 400
