"""Job parameters on the ledger: ``{"name", "type", "value"}`` with the value as text, because state has no floats.

The text is decimal digits, the shortest float text that reads back, ``true`` / ``false``, or the text itself.
``from_ledger`` is for whoever runs the job; what a program's parameters are is the SDK's matter
(``totem_sdk.parameters``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from totem_chaincode.errors import Refused
from totem_sdk.errors import InvalidDocument
from totem_sdk.parameters import bind, parse
from totem_sdk.program import ParamSpec, Program, Value
from totem_sdk.type_texts import parse_type

__all__ = ["from_ledger", "read_params", "to_ledger"]


def read_params(program: Program, given: Mapping[str, Any]) -> dict[str, Value]:
    """Return every parameter's typed value: what was given, else the default.

    A value may be given as a text (``"0.5"``, ``"true"``), as the command line does (a float always is, because
    arguments have no floats), or as JSON's own int, bool or str.

    Raises:
        Refused: code ``parameters``: one is unknown, missing or not of its type; the message names it.
    """
    specs = {spec.name: spec for spec in program.params}
    try:
        typed = {
            name: parse(specs[name], value) if isinstance(value, str) and name in specs else value
            for name, value in given.items()
        }
        return bind(program, typed)
    except InvalidDocument as error:
        raise Refused(str(error), code="parameters") from None


def to_ledger(program: Program, values: Mapping[str, Value]) -> list[dict[str, str]]:
    """Return the values in the program's order as ``{"name", "type", "value": text}``."""
    return [{"name": spec.name, "type": str(spec.type), "value": _text(values[spec.name])} for spec in program.params]


def from_ledger(documents: Iterable[Mapping[str, str]]) -> dict[str, Value]:
    """Return the typed values of what ``to_ledger`` gave.

    Raises:
        InvalidDocument: a value is not of its type.
    """
    return {item["name"]: parse(ParamSpec(item["name"], parse_type(item["type"])), item["value"]) for item in documents}


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
