# schema: {"n": "int", "x": "float", "on": "bool"}
from totem_sdk import TotemJob


def square(x):
    return x**2


class Powers(TotemJob):
    def mapper(self, _, row):
        n, x = row.n % 7, abs(row.x) % 10.0
        whole = (n**0, n**1, n**17, (n % 3) ** 40, pow(n, 3), n**2)
        by_data = (n ** (row.n % 4), (n + 1) ** -(row.n % 4), pow(2, n), (n if row.on else x) ** 2)
        real = (x**2, x**0.5, (x + 1.0) ** -1.5, 2**x, (-x) ** 3, pow(x, n), (n + 1) ** -2, 0.0**0, 1.5**x)
        y = x
        y **= 1.5
        m = n
        m **= 2
        yield row.on, (whole, by_data, real, y, m, square(x), square(n))
