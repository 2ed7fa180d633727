# schema: {"n": "int"}
# fails: zero_division@10
from datetime import timedelta

from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, (timedelta(1) // (row.n * 0)).days
