# schema: {"n": "int"}
# fails: zero_division@10
import math

from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, math.log(2, 0 * row.n + 1)
