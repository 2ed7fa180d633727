# schema: {"s": "str"}
# fails: type@8
from totem_sdk import TotemJob


class FailsOrd(TotemJob):
    def mapper(self, _, row):
        yield row.s, ord(row.s + "ab")
