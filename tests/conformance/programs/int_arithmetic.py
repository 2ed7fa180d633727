# schema: {"a": "int", "b": "int"}
from totem_sdk import TotemJob


class IntArithmetic(TotemJob):
    def mapper(self, _, row):
        a = row.a
        b = row.b if row.b != 0 else 7
        small = a % 1000
        two = (a + b, a - b, small * (b % 50), a / b, a // b, a % b)
        one = (-a, abs(a), +a, small**2, small**3)
        yield "arithmetic", (two, one, a + small * 2 - (a - 1) * -3 // 2)
