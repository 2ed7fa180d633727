# schema: {"s": "str"}
# fails: index@8
from totem_sdk import TotemJob


class FailsTextIndex(TotemJob):
    def mapper(self, _, row):
        yield row.s, row.s[len(row.s)]
