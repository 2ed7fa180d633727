"""Random forms of arithmetic beyond the four operations: bits, divmod, digits before the point."""

from __future__ import annotations

import random

__all__ = ["date_forms", "float_forms", "int_forms", "truth_forms"]


_EVERYWHERE = ("asinh", "atan", "cbrt", "cos", "erf", "erfc", "fabs", "sin", "tan", "tanh")
_WITHIN_ONE = ("acos", "asin", "cosh", "exp", "expm1", "log1p", "sinh")
FORMS = ("%Y-%m-%d", "%d %b %y %H:%M:%S.%f", "%A %d %B %Y %I:%M%p", "%a %m/%d/%Y")
_POSITIVE = ("lgamma", "log", "log10", "log2", "sqrt")


def int_forms(chance: random.Random, a: str, b: str, real: str) -> list[str]:
    """Return expressions of type int; ``a`` and ``b`` are ints, ``real`` is a float."""
    count, mask = chance.randrange(12), chance.choice((1, 7, 255, -2))
    return [
        f"({a} & {mask})", f"({a} | {b})", f"({a} ^ {b})", f"(~{a})", f"(({a} & 255) << {count})", f"({a} >> {count})",
        f"({a} >> ({b} & 7))", f"({a}).bit_length()",
        f"divmod({a}, {chance.choice((2, 3, -7))})[{chance.randrange(2)}]",
        f"math.floor({real} * 0.01)", f"math.ceil({real} * 0.01)", f"math.isqrt(abs({a} % 100003))",
        f"math.gcd({a}, {b})", f"math.lcm({a} % 9, {b} % 9, 4)",
        f"math.comb(abs({a}) % 9, {chance.randrange(4)})", f"math.factorial(abs({a}) % 12)",
        f"({a} % 5) ** {chance.choice((0, 1, 17, 20))}", f"int((abs({a}) % 4) ** (abs({b}) % 5))",
        f"round({a} % 1000003, {-chance.randrange(1, 5)})", f"int(divmod({real}, 3)[0] * 0.5)",
    ]  # fmt: skip


def float_forms(chance: random.Random, a: str, whole: str) -> list[str]:
    """Return expressions of type float; ``a`` is a float, ``whole`` an int."""
    return [
        f"divmod({a}, {chance.choice((0.3, -2.0))})[{chance.randrange(2)}]",
        f"divmod({whole}, 0.7)[1]",
        f"round({a}, {-chance.randrange(1, 4)})",
        f"math.{chance.choice(_EVERYWHERE)}({a} % 1000.0)",
        f"math.{chance.choice(_EVERYWHERE)}({whole} % 1000)",
        f"math.{chance.choice(_WITHIN_ONE)}({a} % 1.0)",
        f"math.{chance.choice(_POSITIVE)}(abs({a}) % 1e9 + 0.5)",
        f"math.{chance.choice(('atan2', 'copysign', 'hypot'))}({a}, {whole})",
        f"math.log(abs({whole}) + 1, 3)",
        f"math.{chance.choice(('degrees', 'radians'))}({a})",
        f"(abs({a}) % 50.0) ** {chance.choice((2, 0.5, 1.5, 3))}",
        f"({a} % 9.0 + 1.0) ** ({whole} % 7)",
        f"(abs({whole}) % 9 + 1) ** -{chance.randrange(1, 4)}",
    ]


def truth_forms(a: str, one: str, other: str) -> list[str]:
    """Return expressions of type bool; ``a`` is a float, the others are bools."""
    return [
        f"math.isclose({a}, {a} * 1.0000000001)",
        f"({a}).is_integer()", f"math.isnan({a})", f"math.isfinite({a})", f"math.isinf({a} * 2.0)",
        f"({one} & {other})", f"({one} | {other})", f"({one} ^ {other})",
    ]  # fmt: skip


def date_forms(chance: random.Random, when: str, other: str, a: str) -> list[str]:
    """Return expressions of type int made of two dates (or two datetimes) and an int."""
    unit = chance.choice(("days", "hours", "seconds", "microseconds", "weeks"))
    span = f"timedelta({unit}={a} % 1000)"
    return [
        f"({when} - {other}).days",
        f"({when} - {other}).seconds",
        f"({when} {chance.choice('+-')} {span}).{chance.choice(('year', 'month', 'day', 'toordinal()'))}",
        f"({span} * {chance.randrange(-3, 4)}).days",
        f"(({when} - {other}) // (timedelta(days=1) + {span}))",
        f"date(2000 + {a} % 20, 1 + abs({a}) % 12, {chance.choice((1, 28))}).weekday()",
        f"datetime(2000 + {a} % 20, 1 + abs({a}) % 12, 7, abs({a}) % 24, second=5).toordinal()",
        f"int(({when} - {other}).total_seconds())",
        f"abs({span} % timedelta(hours=7)).microseconds",
        f"{when}.replace(day={chance.choice((1, 28))}, year=2000 + {a} % 20).toordinal()",
        f"{when}.isocalendar(){chance.choice(('[0]', '.week', '[2]'))}",
        f"datetime.strptime({when}.strftime('{(form := chance.choice(FORMS))}'), '{form}').toordinal()",
        f"datetime.fromisoformat({when}.isoformat()).second",
        f"date.fromisoformat({when}.isoformat()[:10]).toordinal()",
        f"len(f'{{{when}:{chance.choice(FORMS)}}}')",
    ]
