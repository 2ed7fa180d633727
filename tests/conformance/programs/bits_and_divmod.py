# schema: {"a": "int", "b": "int", "x": "float", "on": "bool"}
from totem_sdk import TotemJob

LOW = (1 << 12) - 1
HIGH = 0xFF00 | 1 ^ 3


class BitsAndDivmod(TotemJob):
    def mapper(self, _, row):
        a, b, x = row.a, row.b if row.b != 0 else 7, row.x
        count = a & 15
        bits = (a & LOW, a | HIGH, a ^ b, ~a, (a & 255) << count, b >> count, a >> 70, 0 << 99)
        bools = (row.on & (a > 0), row.on | (b > 0), row.on ^ (x > 1.0))
        about = (a.bit_length(), (-1 - 2**16).bit_length(), x.is_integer(), (x * 0.5).is_integer())
        whole, rest = divmod(a, b)
        mixed = divmod(a if row.on else x, b)
        parts = (whole, rest, whole * b + rest == a, divmod(x, 0.75), divmod(x, b)[1], mixed)
        a &= 1023
        a <<= 2
        a |= 1
        a ^= 5
        a >>= 1
        tens = (a, round(b, -1), round(x * 100.0, -2), round(b if row.on else x * 10.0, -1), round(x, -22))
        yield row.on, (bits, bools, about, parts, tens)
