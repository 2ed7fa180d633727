# schema: {"n": "int", "x": "float", "on": "bool"}
import math
from math import ceil, hypot, log, pi, sqrt

from totem_sdk import TotemJob

CIRCLE = 2 * math.pi
HALF = pi / 2


def distance(x, y):
    return sqrt(x * x + y * y)


class MathFunctions(TotemJob):
    SLOPE = math.tau

    def mapper(self, _, row):
        n, x, unit = row.n % 50, row.x, abs(row.x) % 1.0
        positive = abs(x) + 0.25
        roots = (sqrt(positive), math.cbrt(x), hypot(x, positive), math.fabs(x), math.pow(positive, unit), distance(x, n))
        logs = (log(positive), log(n + 1), log(positive, 10), math.log2(positive), math.log10(n + 1), math.log1p(unit))
        exponents = (math.exp(unit), math.expm1(-unit), math.exp(n))
        angles = (math.sin(x), math.cos(x * 1e9), math.tan(x), math.asin(unit), math.acos(-unit), math.atan(x))
        more = (math.atan2(x, positive), math.degrees(x), math.radians(n), math.copysign(unit, x), math.fmod(x, 0.3))
        curves = (math.sinh(unit), math.cosh(unit), math.tanh(x), math.asinh(x), math.acosh(1.0 + unit), math.atanh(unit / 2))
        gammas = (math.erf(x), math.erfc(unit), math.gamma(positive % 9.0 + 0.5), math.lgamma(positive))
        last = (CIRCLE * self.SLOPE * HALF * math.e, math.tau)
        yield row.on, (roots, logs, exponents, angles, more, curves, gammas, last)
