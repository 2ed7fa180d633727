# schema: {"a": "int", "x": "float", "s": "str"}
from totem_sdk import TotemJob


class Conditionals(TotemJob):
    def mapper(self, _, row):
        size = "big" if row.a > 3 else "small" if row.a > 0 else "none"
        yield size, row.a if row.a > row.x else row.x
        yield "nested", (1 if row.a == 1 else 2) + (row.a * 2 if row.s else 0)
        value = None if row.a == 0 else row.a
        yield "maybe", value
        if row.a < 0:
            kind = -1
        elif row.a == 0:
            kind = 0
        elif row.a < 3:
            kind = 1
        else:
            kind = 2
        yield "kind", kind
