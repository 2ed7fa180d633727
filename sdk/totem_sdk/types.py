"""The types of the language: what a column, a variable, a key or a value can be.

A type has one canonical text (``str(type)``), which is also how it stands in schemas and in the encoded Program:

=====================  ====================================================================================
``int``                64-bit signed integer; leaving the range is an error of the program
``float``              IEEE 754 binary64
``bool``               True or False
``str``                Unicode text; its size is its number of UTF-8 bytes
``date``               day of the proleptic Gregorian calendar
``datetime``           naive timestamp with microseconds
``timedelta``          span of time, in microseconds that 64 bits hold
``none``               only None
``num``                int or float, decided by the data (a tagged union)
``T?``                 T or None (``T`` is no none and no option itself)
``(T1,T2)``            tuple
``[T1,T2]``            a tuple after a shuffle, where JSON has turned it into a list of fixed length
``union[T1,T2]``       one of several types, by the data, or None
``list[T]``            what ``str.split`` makes: pieces of a text, only read
``array[T]``           a list of any length, which can be changed
``dict[K,V]``          values by key, in the order in which keys came
``values[T]``          a reducer's values: can be drawn once
=====================  ====================================================================================

``leaves`` gives the scalar types a compound type is made of: costs, columns and registers are laid out by leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "BOOL",
    "DATE",
    "DATETIME",
    "FLOAT",
    "INT",
    "NONE",
    "NUM",
    "SCALARS",
    "STR",
    "TIMEDELTA",
    "Array",
    "Dict",
    "List",
    "Match",
    "Option",
    "Scalar",
    "Tuple",
    "Type",
    "Union",
    "Values",
    "after_shuffle",
    "has_match",
    "has_union",
    "join",
    "leaves",
    "part_of_entry",
    "plain",
    "as_packed",
    "has_list",
    "travelling",
    "union_kind",
    "words",
]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type that has no parts; ``name`` is its text."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Option:
    """``item`` or None."""

    item: Type

    def __str__(self) -> str:
        return f"{self.item}?"


@dataclass(frozen=True, slots=True)
class Tuple:
    """A fixed number of items; ``listed`` when JSON has turned the tuple into a list after a shuffle."""

    items: tuple[Type, ...]
    listed: bool = False

    def __str__(self) -> str:
        inner = ",".join(str(item) for item in self.items)
        return f"[{inner}]" if self.listed else f"({inner})"

    def of_joined(self, other: Tuple, items: tuple[Type, ...]) -> Tuple:
        """Return the type that joins this one and another, with their joined items."""
        del other
        return Tuple(items, self.listed)


@dataclass(frozen=True, slots=True)
class Match(Tuple):
    """A match of a regular expression, while a program is checked; the Program has the tuple (``plain``).

    Its items are the text of the match, where there are groups the tuple of their texts, then for the match and each
    group the pair of its start and end. ``names`` are those of groups.
    """

    names: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return "match"


@dataclass(frozen=True, slots=True)
class Union(Tuple):
    """One of several types, as the data decide, or None: a tuple of options, of which at most one is not None.

    There is one option of each kind (``union_kind``), in the order of ``_KINDS``.
    """

    def __str__(self) -> str:
        return f"union[{','.join(str(item.item) for item in self.items if isinstance(item, Option))}]"

    def place_of(self, kind: str | None) -> int | None:
        """Return the position of the option of a kind, None if the union has none of it."""
        kinds = [union_kind(item.item) for item in self.items if isinstance(item, Option)]
        return kinds.index(kind) if kind in kinds else None


@dataclass(frozen=True)
class List:
    """Any number of ``item``, only read."""

    item: Type

    def __str__(self) -> str:
        return f"list[{self.item}]"


@dataclass(frozen=True)
class Array(List):
    """Any number of ``item``: a list that can be changed; its value is a reference."""

    def __str__(self) -> str:
        return f"array[{self.item}]"


@dataclass(frozen=True)
class Dict(Array):
    """Values by key: its items are pairs of a key and its value, in the order in which keys came; a reference."""

    item: Tuple

    @property
    def key(self) -> Type:
        """The type of a key."""
        return self.item.items[0]

    @property
    def value(self) -> Type:
        """The type of a value."""
        return self.item.items[1]

    def __str__(self) -> str:
        return f"dict[{self.key},{self.value}]"


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a reducer's or combiner's key, drawn once, in their order."""

    item: Type

    def __str__(self) -> str:
        return f"values[{self.item}]"


Type = Scalar | Option | Tuple | List | Values

INT = Scalar("int")
FLOAT = Scalar("float")
BOOL = Scalar("bool")
STR = Scalar("str")
DATE = Scalar("date")
DATETIME = Scalar("datetime")
TIMEDELTA = Scalar("timedelta")
NONE = Scalar("none")
NUM = Scalar("num")
SCALARS: dict[str, Scalar] = {t.name: t for t in (INT, FLOAT, BOOL, STR, DATE, DATETIME, TIMEDELTA, NONE, NUM)}


def part_of_entry(entry: Tuple, view: str) -> Type:
    """Return the type of what a view of a dict (``keys``, ``values``, ``items``) gives, from that of an entry."""
    key, value = entry.items
    return {"keys": key, "values": value, "items": entry}[view]


def leaves(type_: Type) -> Iterator[Scalar]:
    """Yield the scalar types that ``type_`` is made of, in order; an option counts as its item.

    A list or a reducer's values have no fixed number of leaves and yield those of one item.
    """
    match type_:
        case Scalar():
            yield type_
        case Tuple(items=items):
            for item in items:
                yield from leaves(item)
        case Option(item=item) | List(item=item) | Values(item=item):
            yield from leaves(item)


def words(type_: Type) -> int:
    """Return how many words of 8 bytes a value takes as the item of a container (abstract machine, §9)."""
    match type_:
        case Tuple(items=items):
            return sum(words(item) for item in items)
        case Option(item=item):
            return 1 + words(item)
        case Scalar(name="none"):
            return 0
        case Scalar(name="num"):
            return 2
        case _:
            return 1


_KINDS = ("bool", "number", "text", "tuple")


def union_kind(type_: Type) -> str | None:
    """Return which of a union's options a type is; None if it can't be one."""
    match type_:
        case Match() | Union():
            return None
        case Tuple():
            return "tuple"
        case Scalar():
            return {BOOL: "bool", INT: "number", FLOAT: "number", NUM: "number", STR: "text"}.get(type_)
        case _:
            return None


def _by_kind(type_: Type) -> dict[str, Type] | None:
    match type_:
        case Union(items=items):
            return {union_kind(item.item) or "": item.item for item in items if isinstance(item, Option)}
        case Option(item=item):
            return _by_kind(item)
    kind = union_kind(type_)
    return {} if type_ == NONE else None if kind is None else {kind: type_}


def _united(left: Type, right: Type, unite: bool) -> Type | None:
    found, more = _by_kind(left), _by_kind(right)
    if found is None or more is None:
        return None
    for kind, type_ in more.items():
        joined = join(found[kind], type_, unite=unite) if kind in found else type_
        if joined is None:
            return None
        found[kind] = joined
    return Union(tuple(Option(found[kind]) for kind in _KINDS if kind in found))


def join(left: Type, right: Type, *, unite: bool = False) -> Type | None:
    """Return the smallest type that holds both, or None where there is none.

    int and float give ``num`` (nothing is promoted silently), None and T give ``T?``, tuples join item by item. With
    ``unite`` bools, numbers, texts and tuples that don't join give a union of them; without it only what is one grows.
    """
    if left == right:
        return left
    if isinstance(left, Union) or isinstance(right, Union):
        return _united(left, right, unite)
    if NONE in (left, right):
        other = right if left == NONE else left
        if isinstance(other, Option):
            return other
        return None if isinstance(other, List | Values) else Option(other)
    if isinstance(left, Option) or isinstance(right, Option):
        return _joined_options(left, right, unite)
    numeric = (INT, FLOAT, NUM)
    if left in numeric and right in numeric:
        return NUM
    if isinstance(left, Match) or isinstance(right, Match):
        return None
    if isinstance(left, Tuple) and isinstance(right, Tuple):
        return _joined_tuples(left, right, unite)
    return _united(left, right, unite) if unite else None


def _joined_options(left: Type, right: Type, unite: bool) -> Type | None:
    bare = [side.item if isinstance(side, Option) else side for side in (left, right)]
    inner = join(*bare, unite=unite)
    if inner is None or isinstance(inner, Union):
        return inner
    return None if isinstance(inner, Option) else Option(inner)


def _joined_tuples(left: Tuple, right: Tuple, unite: bool) -> Type | None:
    if len(left.items) != len(right.items) or left.listed != right.listed:
        return None
    items = [join(a, b, unite=unite) for a, b in zip(left.items, right.items, strict=True)]
    if any(item is None for item in items):
        return None
    return left.of_joined(right, tuple(item for item in items if item is not None))


def has_union(type_: Type) -> bool:
    """Return whether a value of the type is of a union or has one in it."""
    return _has(type_, Union)


def has_match(type_: Type) -> bool:
    """Return whether a value of the type is a match or has one in it."""
    return _has(type_, Match)


def has_list(type_: Type) -> bool:
    """Return whether a value of the type is a list or dict, or has one in it."""
    return _has(type_, List)


def _has(type_: Type, kind: type[List | Match | Union]) -> bool:
    if isinstance(type_, kind):
        return True
    match type_:
        case Tuple(items=items):
            return any(_has(item, kind) for item in items)
        case Option(item=item) | List(item=item) | Values(item=item):
            return _has(item, kind)
        case _:
            return False


def plain(type_: Type) -> Type:
    """Return the type that a value has in the Program, where a match is a tuple."""
    match type_:
        case Union(items=items):
            return Union(tuple(plain(item) for item in items))
        case Tuple(items=items, listed=listed):
            return Tuple(tuple(plain(item) for item in items), listed)
        case Option(item=item):
            return Option(plain(item))
        case Dict(key=key, value=value):
            return Dict(Tuple((plain(key), plain(value))))
        case Array(item=item):
            return Array(plain(item))
        case _:
            return type_


def after_shuffle(type_: Type) -> Type:
    """Return the type that a key or value has after a shuffle: JSON turns tuples into lists, as in mrjob."""
    match type_:
        case Union(items=items):
            return Union(tuple(after_shuffle(item) for item in items))
        case Tuple(items=items):
            return Tuple(tuple(after_shuffle(item) for item in items), listed=True)
        case Option(item=item):
            return Option(after_shuffle(item))
        case Dict(item=item):
            return Dict(Tuple((item.items[0], after_shuffle(item.items[1]))))
        case Array(item=item):
            return Array(after_shuffle(item))
        case _:
            return type_


def travelling(pair: tuple[Type, Type]) -> tuple[Type, Type]:
    """Return the types as which a key and a value travel between phases: what has lists in it as a text."""
    key, value = pair
    return key, STR if has_list(value) else value


def as_packed(type_: Type) -> List:
    """Return the list or dict as which a value with lists in it is packed: itself, or a list that has a tuple in it."""
    return type_ if isinstance(type_, List) else Array(type_)
