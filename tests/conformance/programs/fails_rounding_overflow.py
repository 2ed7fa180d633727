# schema: {"n": "int"}
# fails: overflow@8
from totem_sdk import TotemJob

class Fails(TotemJob):
    def mapper(self, _, row):
        x = 9223372036854775807
        yield row.n, round(x, -1)
