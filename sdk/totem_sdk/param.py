"""``Param``: how a job declares its parameters."""

from __future__ import annotations

import inspect
from typing import Any

from totem_sdk.program import PARAM_TYPES, ParamSpec, Value

__all__ = ["Declaration", "Param", "declared"]

_TYPES: dict[str, Any] = {str(type_): type_ for type_ in PARAM_TYPES}


class Declaration:
    """A job parameter as an attribute of the job: its value where one was given, else its default."""

    def __init__(self, default: Value, help_text: str) -> None:
        self.default = default
        self.help = help_text
        self.name = ""
        self.type = ""

    def __set_name__(self, owner: type, name: str) -> None:
        annotation = inspect.get_annotations(owner).get(name)
        self.name = name
        self.type = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
        if self.type not in _TYPES:
            # A TypeError here is what Python reports with the line of the class.
            raise TypeError(f"job parameter {name!r} needs a type: write {name}: float = Param(...) (int, bool, str)")

    def __get__(self, job: object | None, owner: type) -> Any:
        del owner
        if job is None:
            return self
        if self.default is None:
            raise AttributeError(f"job parameter {self.name!r} has no default: give it with --{self.name}")
        return self.default

    def spec(self) -> ParamSpec:
        """Return the parameter as a program declares it."""
        return ParamSpec(self.name, _TYPES[self.type], self.default)


# Named like a class because that is what it is to a consumer; Any, because it stands where a float or text is declared.
def Param(default: Value = None, *, help: str = "") -> Any:  # noqa: A002, N802 - the word users know from argparse
    """Declare a job parameter in the class.

    Written ``rate: float = Param(0.27, help="price of a kWh")``: its type is int, float, bool or str; without a
    default it must be given when the job is submitted (``--param rate=0.3``; under plain mrjob ``--rate 0.3``).
    """
    return Declaration(default, help)


def declared(job: type) -> dict[str, Declaration]:
    """Return the parameters that a job class and its bases declare."""
    return {
        name: value
        for owner in reversed(job.__mro__)
        for name, value in vars(owner).items()
        if isinstance(value, Declaration)
    }
