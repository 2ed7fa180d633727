# schema: {"n": "int"}
# fails: overflow@10
import math

from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, math.exp(0 * row.n + 710)
