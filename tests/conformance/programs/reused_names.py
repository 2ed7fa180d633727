# schema: {"line": "str", "n": "int"}
from totem_sdk import TotemJob


class ReusedNames(TotemJob):
    def mapper(self, _, row):
        value = str(row.n) + ":" + row.line
        value = value.split(":")
        value = int(value[0])
        if value > 0:
            sign = "plus"
        else:
            sign = "other"
        for value in range(2):
            yield sign, value
        sign = row.n * 0.5
        yield "half", sign
