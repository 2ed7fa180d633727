# schema: {"n": "int", "x": "float", "on": "bool"}
import math
from math import ceil

from totem_sdk import TotemJob


class MathFunctionsOfInts(TotemJob):
    def mapper(self, _, row):
        n, x = row.n % 50, row.x
        whole = (math.floor(x), ceil(x), math.trunc(x), math.floor(n), ceil(n if row.on else x))
        tests = (math.isnan(x), math.isinf(n if row.on else x), math.isfinite(math.inf), math.isnan(math.nan))
        ints = (math.gcd(n, row.n), math.lcm(n, 12), math.isqrt(n), math.factorial(n % 15), math.comb(n, 3))
        last = (math.perm(n, 2), math.perm(n % 9), math.sqrt(n if row.on else abs(x)))
        yield row.on, (whole, tests, ints, last)
