"""Canonical JSON: the one way in which contracts turn values into bytes.

Endorsers must agree byte for byte, so keys are sorted, there are no spaces, text is UTF-8 and floats are refused
wherever they stand: a float's text is no matter of agreement between machines. Quantities that are not integers
travel as texts.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

__all__ = ["JSON", "MAX_DEPTH", "NotCanonical", "decode", "encode", "find_float"]

JSON: TypeAlias = dict[str, Any] | list[Any] | str | int | bool | None
"""What a contract takes and returns: JSON without floats."""

MAX_DEPTH = 32
"""How deep values may be nested: checked before anything recurses over them."""


class NotCanonical(ValueError):
    """A value can't be written as canonical JSON; the message names the place and the reason."""


def find_float(value: object, place: str = "", depth: int = 0) -> str | None:
    """Return why ``value`` is not canonical (place and reason), or None where it is.

    Accepted are dicts with text keys, lists, tuples, texts that UTF-8 can carry, integers, booleans and None.
    """
    if value is None or isinstance(value, bool | int):
        return None
    if isinstance(value, str):
        return None if _is_text(value) else f"{place or 'value'}: the text is not valid Unicode"
    if depth >= MAX_DEPTH:
        return f"{place or 'value'}: nested more than {MAX_DEPTH} deep"
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not _is_text(key):
                return f"{place or 'value'}: the key {key!r} is not a text"
            problem = find_float(item, f"{place}.{key}" if place else key, depth + 1)
            if problem:
                return problem
        return None
    if isinstance(value, list | tuple):
        for position, item in enumerate(value):
            problem = find_float(item, f"{place}[{position}]", depth + 1)
            if problem:
                return problem
        return None
    if isinstance(value, float):
        return f"{place or 'value'}: a float has no agreed text; give it as a text"
    return f"{place or 'value'}: {type(value).__name__} is not JSON"


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def encode(value: object) -> bytes:
    """Return the canonical bytes of a value.

    Raises:
        NotCanonical: the value holds a float, something that is not JSON, or is nested too deeply.
    """
    problem = find_float(value)
    if problem:
        raise NotCanonical(problem)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _no_float(text: str) -> Any:
    raise NotCanonical(f"{text}: a float has no agreed text; give it as a text")


def decode(data: bytes | str) -> Any:
    """Read JSON without floats.

    Raises:
        NotCanonical: not JSON, holds a float, or is nested too deeply.
    """
    try:
        return json.loads(data, parse_float=_no_float, parse_constant=_no_float)
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from None
