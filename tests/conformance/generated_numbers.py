"""Random forms of arithmetic beyond the four operations: bits, divmod, digits before the point."""

from __future__ import annotations

import random

__all__ = ["float_forms", "int_forms", "truth_forms"]


def int_forms(chance: random.Random, a: str, b: str, real: str) -> list[str]:
    """Return expressions of type int; ``a`` and ``b`` are ints, ``real`` is a float."""
    count, mask = chance.randrange(12), chance.choice((1, 7, 255, -2))
    return [
        f"({a} & {mask})", f"({a} | {b})", f"({a} ^ {b})", f"(~{a})", f"(({a} & 255) << {count})", f"({a} >> {count})",
        f"({a} >> ({b} & 7))", f"({a}).bit_length()",
        f"divmod({a}, {chance.choice((2, 3, -7))})[{chance.randrange(2)}]",
        f"round({a} % 1000003, {-chance.randrange(1, 5)})", f"int(divmod({real}, 3)[0] * 0.5)",
    ]  # fmt: skip


def float_forms(chance: random.Random, a: str, whole: str) -> list[str]:
    """Return expressions of type float; ``a`` is a float, ``whole`` an int."""
    return [
        f"divmod({a}, {chance.choice((0.3, -2.0))})[{chance.randrange(2)}]",
        f"divmod({whole}, 0.7)[1]",
        f"round({a}, {-chance.randrange(1, 4)})",
    ]


def truth_forms(a: str, one: str, other: str) -> list[str]:
    """Return expressions of type bool; ``a`` is a float, the others are bools."""
    return [f"({a}).is_integer()", f"({one} & {other})", f"({one} | {other})", f"({one} ^ {other})"]
