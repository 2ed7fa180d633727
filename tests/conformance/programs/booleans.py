# schema: {"a": "int", "x": "float", "s": "str", "on": "bool"}
from totem_sdk import TotemJob


class Booleans(TotemJob):
    def mapper(self, _, row):
        big = row.a > 2
        odd = row.a % 2 == 1
        yield "value", (big and odd, big or odd, not big, big and not odd or row.on, big == odd)
        if row.a and row.s or row.x:
            yield "condition", (bool(row.a), bool(row.s), bool(row.x), bool(row.on), not row.s)
        if not (row.a or row.on):
            yield "neither", (True, False, big, odd, False)
        flag = row.on
        flag = row.a > 0 and flag
        if row.on:
            yield "on", (flag, flag, not flag, row.x < 1.0 or flag, not not row.a)
        elif flag:
            yield "flag", (True, True, True, True, True)
