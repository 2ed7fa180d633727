# schema: {"s": "str"}
# fails: memory@8
from totem_sdk import TotemJob


class FailsRepeatedText(TotemJob):
    def mapper(self, _, row):
        yield row.s, ((row.s + "abc") * 9000000000000000000)[:3]
