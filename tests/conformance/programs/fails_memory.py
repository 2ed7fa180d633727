# schema: {"s": "str"}
# fails: memory@11
# data: [["0123456789abcdef"]]
from totem_sdk import TotemJob


class FailsMemory(TotemJob):
    def mapper(self, _, row):
        text = row.s
        for _ in range(30):
            text = text + text
        yield "n", len(text)
