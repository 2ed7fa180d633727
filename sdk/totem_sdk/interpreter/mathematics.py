"""Powers and the functions of ``math`` (abstract machine, §7), with floats from whoever computes them.

All executors of one job must take the functions of floats from one place. That place is a *port*: ``cpython_port`` by
default, the kernel's runtime library wherever equality matters (``totem_ccf.kernel.mathematics``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from totem_sdk.interpreter.arithmetic import Fault, Number, checked
from totem_sdk.mathematics import OVERFLOWING, UNTESTED

__all__ = ["Port", "compute", "compute_int", "cpython_port", "float_is", "power", "using", "whole_power"]

Port = Callable[[str, Sequence[float]], float]
"""Gives what C's function of a name gives: NaN or an infinity where there is no result."""

_INT_FUNCTIONS: dict[str, Callable[..., int]] = {"gcd": math.gcd, "isqrt": math.isqrt, "lcm": math.lcm}
_MOST_BITS = 63


def cpython_port(name: str, arguments: Sequence[float]) -> float:
    """Compute by the math library of this Python."""
    try:
        return float(getattr(math, name)(*arguments))
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


_port: ContextVar[Port] = ContextVar("port", default=cpython_port)


@contextmanager
def using(port: Port) -> Iterator[None]:
    """Take functions of floats from another port while the with statement runs."""
    token = _port.set(port)
    try:
        yield
    finally:
        _port.reset(token)


def compute(name: str, arguments: Sequence[float]) -> float:
    """Return a function of math of floats; where Python raises an error it is a Fault."""
    if name == "log" and len(arguments) > 1:
        numerator, denominator = (compute("log", (argument,)) for argument in arguments)
        if denominator == 0:
            raise Fault("zero_division")
        return numerator / denominator
    if name == "copysign" and math.isnan(arguments[1]):
        return abs(arguments[0])
    result = _port.get()(name, arguments)
    if name in UNTESTED:
        return result
    if math.isnan(result) and not any(map(math.isnan, arguments)):
        raise Fault("value")
    if math.isinf(result) and all(map(math.isfinite, arguments)):
        raise Fault(_kind_of_infinite(name, arguments[0]))
    return result


def _kind_of_infinite(name: str, first: float) -> str:
    if name not in OVERFLOWING or (name == "pow" and first == 0) or (name in ("gamma", "lgamma") and first <= 0):
        return "value"
    return "overflow"


def compute_int(name: str, arguments: Sequence[int]) -> int:
    """Return a function of math of ints; a negative argument is ``value``, what 64 bits don't hold ``overflow``."""
    if name in ("comb", "factorial", "perm"):
        return _counted(name, *arguments)
    if name == "isqrt" and arguments[0] < 0:
        raise Fault("value")
    return int(checked(_INT_FUNCTIONS[name](*arguments)))


def _counted(name: str, n: int, k: int | None = None) -> int:
    """Multiply step by step, up to the first product that 64 bits don't hold: the numbers can be huge."""
    times = n if k is None else k
    if n < 0 or times < 0:
        raise Fault("value")
    if times > n:
        return 0
    if name == "comb":
        times = min(times, n - times)
    result = 1
    for step in range(1, times + 1):
        if name == "comb":
            result = result * (n - times + step) // step
        else:
            result *= n - step + 1
        checked(result)
    return result


def power(base: Number, exponent: Number) -> Number:
    """Return base ** exponent as CPython does, of ints an int unless the exponent is negative.

    0.0 to a negative power is ``zero_division``, a negative number to a power that is not whole ``value`` (in Python it
    is a complex number), too large a result ``overflow``.
    """
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        return whole_power(base, exponent)
    a, b = float(base), float(exponent)
    if a == 0 and b < 0 and math.isfinite(b):
        raise Fault("zero_division")
    finite = math.isfinite(a) and math.isfinite(b)
    if finite and a < 0 and b != math.floor(b):
        raise Fault("value")
    result = _port.get()("pow", (a, b))
    if finite and math.isinf(result):
        raise Fault("overflow")
    return result


def whole_power(base: int, exponent: int) -> int:
    """Return base ** exponent of ints; the exponent is not negative."""
    if exponent > _MOST_BITS and abs(base) > 1:
        raise Fault("overflow")
    return int(checked(base**exponent))


def float_is(value: Number, what: str) -> bool:
    """Return whether a number is ``nan``, ``inf`` or ``finite``."""
    if what == "finite":
        return math.isfinite(value)
    return math.isnan(value) if what == "nan" else math.isinf(value)
