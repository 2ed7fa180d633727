# schema: {"n": "int"}
# fails: overflow@10
from datetime import date, timedelta

from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.n, (date(9999, 12, 31) + timedelta(days=1 + row.n * 0)).isoformat()
