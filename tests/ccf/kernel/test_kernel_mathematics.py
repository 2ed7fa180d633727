"""Functions of math: every port gives what Python gives, but for the last digits, and the same errors."""

import itertools
import math
import operator
import random

import pytest

from totem_ccf.kernel.mathematics import runtime_port
from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.mathematics import compute, compute_int, cpython_port, power, using
from totem_sdk.mathematics import FLOAT_FUNCTIONS, INT_FUNCTIONS

EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -2.0, -3.0, 1e-300, 5e-324, 1e300, -1e300, 710.0, -746.0, 171.0)
EDGES += (172.0, -0.1, 1e22, 4.5, -2.5, 2.5e305, math.inf, -math.inf, math.nan)
INTS = (0, 1, -1, 2, 3, 20, 21, 34, 67, 68, 10**6, 2**31, 3037000499, 2**62, 2**63 - 1, -(2**63))
LOOSE = {"gamma": 1e-13, "lgamma": 1e-13}
"""Functions for which Python has an implementation of its own."""
ERRORS = {ValueError: "value", OverflowError: "overflow", ZeroDivisionError: "zero_division", TypeError: "value"}
PORTS = pytest.mark.parametrize("port", [cpython_port, runtime_port], ids=["CPython", "runtime"])


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except Fault as fault:
        return fault.kind
    except tuple(ERRORS) as error:
        return ERRORS[type(error)]


def numbers(count, chance):
    drawn = [lambda: chance.uniform(-10, 10), lambda: chance.uniform(-1, 1), lambda: chance.lognormvariate(0, 20)]
    yield from itertools.product(EDGES, repeat=count)
    for _ in range(400):
        yield tuple(chance.choice(drawn)() for _ in range(count))


@PORTS
@pytest.mark.parametrize("name", FLOAT_FUNCTIONS)
def test_a_function_of_floats_is_that_of_python(name, port):
    chance = random.Random(name)  # noqa: S311  no secret: the same numbers every time
    least, most = FLOAT_FUNCTIONS[name]
    for count in range(least, most + 1):
        for given in numbers(count, chance):
            if name == "copysign" and math.isnan(given[1]):
                continue
            with using(port):
                found = outcome(compute, name, given)
            expected = outcome(getattr(math, name), *given)
            if isinstance(expected, str) or isinstance(found, str):
                assert found == expected, given
                continue
            assert math.isnan(found) == math.isnan(expected), given
            if not math.isnan(expected):
                assert math.isclose(found, expected, rel_tol=LOOSE.get(name, 1e-15), abs_tol=1e-14 * (name == "lgamma"))
                assert math.copysign(1, found) == math.copysign(1, expected), given


@PORTS
def test_a_power_is_that_of_python(port):
    chance = random.Random(7)  # noqa: S311  no secret: the same numbers every time
    for a, b in numbers(2, chance):
        with using(port):
            found = outcome(power, a, b)
        expected = outcome(operator.pow, a, b)
        if isinstance(expected, complex) or (-math.inf < a < 0 and math.isfinite(b) and b != math.floor(b)):
            assert found == "value"
        elif isinstance(expected, str):
            assert found == expected, (a, b)
        else:
            assert repr(found) == repr(expected) or math.isclose(found, expected, rel_tol=1e-15), (a, b)


def fits(value):
    return isinstance(value, str) or -(2**63) <= value < 2**63


def test_powers_of_ints_are_those_of_python():
    for a, b in itertools.product(INTS, (0, 1, 2, 3, 5, 31, 62, 63, 64, 2**62)):
        if b > 64 and abs(a) > 1:
            assert outcome(power, a, b) == "overflow"
        else:
            expected = a**b
            assert outcome(power, a, b) == (expected if fits(expected) else "overflow")
    assert power(2, -2) == 0.25
    assert outcome(power, 0, -1) == "zero_division"


@pytest.mark.parametrize("name", INT_FUNCTIONS)
def test_a_function_of_ints_is_that_of_python_within_64_bits(runtime, name):
    for given in itertools.product(INTS, repeat=INT_FUNCTIONS[name]):
        found = outcome(compute_int, name, given)
        huge = name in ("comb", "factorial", "perm") and max(given) > 10**5
        if not huge:
            expected = outcome(getattr(math, name), *given)
            assert found == (expected if fits(expected) else "overflow"), given
        status = runtime.call(f"math_{name}", *given, runtime.START)
        kinds = {0: int(runtime.memory.array(runtime.START, "i8", 1)[0]), 1: "value", 2: "overflow"}
        assert kinds[status] == found, given


def test_binomials_are_exact_up_to_the_last_that_64_bits_hold(runtime):
    near_63_bits = [(2**32 + by, 2) for by in range(-2, 3)] + [(2**63 - 1, k) for k in (1, 2, 2**63 - 2)]
    small = [(n, k) for n in range(72) for k in range(n + 2)]
    for n, k in small + near_63_bits:
        expected = math.comb(n, min(k, n - k) if k <= n else k)
        status = runtime.call("math_comb", n, k, runtime.START)
        found = int(runtime.memory.array(runtime.START, "i8", 1)[0])
        assert (status, found) == (0, expected) if fits(expected) else status == 2, (n, k)


def test_exact_results_are_exact():
    with using(runtime_port):
        assert [compute("log10", (10.0**n,)) for n in range(23)] == list(range(23))
        assert [compute("log2", (2.0**n,)) for n in range(-1074, 1024)] == list(range(-1074, 1024))
        assert [compute("cbrt", (float(n**3),)) for n in range(-50, 50)] == list(range(-50, 50))
        assert [power(10.0, float(n)) for n in range(23)] == [10.0**n for n in range(23)]
        assert compute("hypot", (3.0, 4.0)) == 5.0
