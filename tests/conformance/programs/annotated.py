# schema: {"name": "str", "n": "int", "x": "float", "kwh": "float?"}
# rows: 60
from __future__ import annotations

import re
import typing
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Dict, Final, Generator, List, NamedTuple, Optional, Tuple, Union

from mrjob.step import MRStep
from totem_sdk import TotemJob

LIMIT: Final = 40
STEPS: Final[int] = 3
BOUNDS: Tuple[int, int] = (0, 9)
NAMES: List[str] = ["a", "b"]
WORD: re.Pattern[str] = re.compile(r"[a-z]+")


class Reading(NamedTuple):
    name: str
    kwh: Optional[float] = None


def used(reading: "Reading", other: "Optional[float]" = None) -> float:
    return reading.kwh if reading.kwh is not None else other if other is not None else 0.0


def below(values: list, limit: Union[int, None] = LIMIT) -> "list[int]":
    return [value for value in values if limit is None or value < limit]


class Annotated(TotemJob):
    """Annotations as programs have them that a type checker reads: none changes what runs."""

    scale: Final[float] = 0.5

    def mapper_init(self) -> None:
        self.seen: Dict[str, int] = {}
        self.words: Counter[str] = Counter()

    def firsts(self, text: str) -> Iterator[str]:
        for found in WORD.findall(text):
            yield found

    def mapper(self, _: None, row: Any) -> Iterator[Tuple[str, Any]]:
        reading: Reading = Reading(row.name, row.kwh)
        kwh: Optional[float] = row.kwh
        either: int | float = row.n if row.n % 2 else row.x
        pair: tuple[int, ...] = (row.n, STEPS)
        groups: defaultdict[str, List[int]] = defaultdict(list)
        groups[row.name].append(row.n)
        found: "re.Match[str] | None" = WORD.search(row.name)
        self.seen[row.name] = row.n
        for word in self.firsts(row.name):
            self.words[word] += 1
        small: typing.List[int] = below([row.n, *pair, *BOUNDS], None if found else 5)
        yield row.name, (used(reading, kwh), either * self.scale, len(groups[row.name]), sum(small), NAMES[0])

    def mapper_final(self) -> Generator[Tuple[str, Any], None, None]:
        for name, n in self.seen.items():
            yield name, (float(self.words[name]), 0.0, n, 0, NAMES[1])

    def reducer(self, key: str, values: typing.Iterable[Tuple[float, float, int, int, str]]) -> Iterator[Any]:
        total: float = 0.0
        numbers: List[int] = []
        for spent, _, _, count, _ in values:
            total += spent
            numbers.append(count)
        yield key, (total, sorted(numbers))

    def steps(self) -> List[MRStep]:
        return [
            MRStep(
                mapper_init=self.mapper_init,
                mapper=self.mapper,
                mapper_final=self.mapper_final,
                reducer=self.reducer,
            )
        ]
