# schema: {"n": "int"}
# fails: value@10
from datetime import date

from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, (date(2023, 2, 29 + row.n * 0)).isoformat()
