# schema: {"s": "str"}
# fails: value@9
# data: [["12"], ["0x1f"]]
from totem_sdk import TotemJob


class FailsValue(TotemJob):
    def mapper(self, _, row):
        yield "n", int(row.s)
