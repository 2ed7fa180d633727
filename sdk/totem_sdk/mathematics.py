"""Python's module ``math`` as the language has it: names, how many numbers they take, and how their errors are told.

A function of floats gives what the C function of this name gives; from that NaN and infinities tell, by the rules
here, whether Python raises ValueError (``value``) or OverflowError (``overflow``). Source: CPython 3.11,
``Modules/mathmodule.c``.
"""

from __future__ import annotations

import math

__all__ = [
    "CONSTANTS",
    "FLOAT_FUNCTIONS",
    "INT_FUNCTIONS",
    "OVERFLOWING",
    "TESTS",
    "UNTESTED",
    "WHOLE_FUNCTIONS",
    "names",
]

CONSTANTS: dict[str, float] = {name: getattr(math, name) for name in ("e", "inf", "nan", "pi", "tau")}

_ONE = """
    acos acosh asin asinh atan atanh cbrt cos cosh erf erfc exp expm1 fabs gamma lgamma log10 log1p log2 sin sinh sqrt
    tan tanh
"""
FLOAT_FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(_ONE.split(), (1, 1)),
    **dict.fromkeys(("atan2", "copysign", "fmod", "hypot", "pow"), (2, 2)),
    "log": (1, 2),
}
"""Functions of floats that give a float: how many they take at least and at most."""

INT_FUNCTIONS: dict[str, int] = {"comb": 2, "factorial": 1, "gcd": 2, "isqrt": 1, "lcm": 2, "perm": 2}
"""Functions of ints that give an int: how many they take."""

WHOLE_FUNCTIONS = ("ceil", "floor", "trunc")
"""Functions of a number that give an int."""

TESTS: dict[str, str] = {"isfinite": "finite", "isinf": "inf", "isnan": "nan"}
"""Functions of a number that give a bool, and what they ask."""

OVERFLOWING = frozenset(("cosh", "exp", "expm1", "gamma", "lgamma", "pow", "sinh"))
"""Functions whose infinite result of finite numbers is ``overflow``; of others it is ``value``. An infinite result of
``pow`` for 0, and of ``gamma`` and ``lgamma`` for a number that is not positive, is ``value`` as well."""

UNTESTED = frozenset(("atan2", "copysign", "erf", "erfc", "fabs", "hypot"))
"""Functions that never raise."""


def names() -> frozenset[str]:
    """Return every name that a job can import from math."""
    more = (*WHOLE_FUNCTIONS, "degrees", "isclose", "radians")
    return frozenset((*CONSTANTS, *FLOAT_FUNCTIONS, *INT_FUNCTIONS, *TESTS, *more))
