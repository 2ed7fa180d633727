"""The types of tuples whose items have names, which a Program doesn't know (docs/adr/0028-tuples-with-names.md)."""

from __future__ import annotations

from dataclasses import dataclass

from totem_sdk.types import Match, Option, Tuple, Type, Union

__all__ = ["Named", "nameless"]


@dataclass(frozen=True, slots=True)
class Named(Tuple):
    """A tuple whose items have names, while a program is checked; the Program has the tuple (``plain``)."""

    name: str = ""
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(str(item) for item in self.items)})"

    def of_joined(self, other: Tuple, items: tuple[Type, ...]) -> Tuple:
        """Return a type with the names only where both have the same."""
        same = isinstance(other, Named) and (self.name, self.names) == (other.name, other.names)
        return Named(items, name=self.name, names=self.names) if same else Tuple(items, self.listed)


def nameless(type_: Type) -> Type:
    """Return a type without the names of tuples' items; lists keep what they have."""
    match type_:
        case Match() | Union():
            return type_
        case Tuple(items=items, listed=listed):
            return Tuple(tuple(map(nameless, items)), listed)
        case Option(item=item):
            return Option(nameless(item))
        case _:
            return type_
