# schema: {"n": "int"}
# fails: overflow@8
from totem_sdk import TotemJob

class Fails(TotemJob):
    def mapper(self, _, row):
        x = 1
        yield row.n, x << (63 + row.n * 0)
