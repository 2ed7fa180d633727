# schema: {"n": "int"}
# fails: value@10
import math

from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, math.sqrt(0 * row.n - 1)
