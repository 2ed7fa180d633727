# schema: {"n": "int"}
# fails: value@8
from totem_sdk import TotemJob

class Fails(TotemJob):
    def mapper(self, _, row):
        x = 1
        yield row.n, row.n << (row.n - row.n - x)
