"""Job parameters: what was given at submission, checked against what the program declares."""

from __future__ import annotations

from collections.abc import Mapping

from totem_sdk.errors import InvalidDocument
from totem_sdk.program import ParamSpec, Program, Value
from totem_sdk.types import BOOL, FLOAT, INT

__all__ = ["MAX_TEXT_BYTES", "bind", "parse"]

MAX_TEXT_BYTES = 1 << 20
"""Most bytes of UTF-8 that a parameter of type str has: a list of words fits, and a data set is no parameter."""


def bind(program: Program, given: Mapping[str, Value]) -> dict[str, Value]:
    """Return the value of every parameter of the program: what was given, else its default.

    An int is taken for a float.

    Raises:
        InvalidDocument: a name is unknown, a parameter without default was not given, or a value has the wrong type
            or doesn't fit; the message names the parameter.
    """
    known = {spec.name: spec for spec in program.params}
    if unknown := sorted(set(given) - set(known)):
        listed = ", ".join(known) or "none"
        raise InvalidDocument(f"parameter {unknown[0]!r}: the job has no such parameter (it has: {listed})")
    bound: dict[str, Value] = {}
    for name, spec in known.items():
        value = given.get(name, spec.default)
        if value is None:
            raise InvalidDocument(f"parameter {name!r}: it has no default and must be given ({spec.type})")
        bound[name] = _typed(spec, value)
    return bound


def _typed(spec: ParamSpec, value: Value) -> Value:
    wanted = spec.type
    if wanted == FLOAT and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value).__name__ != str(wanted):
        raise InvalidDocument(f"parameter {spec.name!r}: expected {wanted}, not {type(value).__name__}")
    if wanted == INT and isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise InvalidDocument(f"parameter {spec.name!r}: the value is outside of 64 bits")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidDocument(f"parameter {spec.name!r}: the text is not valid Unicode")
    if isinstance(value, str) and len(value.encode()) > MAX_TEXT_BYTES:
        raise InvalidDocument(f"parameter {spec.name!r}: the text has more than {MAX_TEXT_BYTES:,} bytes")
    return value


def parse(spec: ParamSpec, text: str) -> Value:
    """Return the value that a text on a command line gives a parameter.

    Raises:
        InvalidDocument: the text is no value of the parameter's type; the message names the parameter.
    """
    if spec.type == BOOL:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise InvalidDocument(f"parameter {spec.name!r}: expected true or false, not {text!r}")
        return words[text.lower()]
    try:
        if spec.type == INT:
            return _typed(spec, int(text))
        return float(text) if spec.type == FLOAT else _typed(spec, text)
    except ValueError:
        raise InvalidDocument(f"parameter {spec.name!r}: expected {spec.type}, not {text!r}") from None
