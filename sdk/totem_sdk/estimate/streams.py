"""Streams of pairs between phases: what functions emit together, and what that is to the functions that read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from totem_sdk.estimate.forms import Exact, Var, as_float
from totem_sdk.estimate.groups import Emits, different_keys, least_of
from totem_sdk.estimate.known import Known, anything, carried, count, join
from totem_sdk.estimate.source import Range, Source
from totem_sdk.types import STR, Option, Tuple, Type, leaves

__all__ = ["Stream", "collected", "grouped", "pairs", "unknown_stream"]

_ZERO = Range(0, 0, 0.0)


@dataclass(frozen=True)
class Stream:
    """Pairs that leave a phase or enter one.

    ``texts`` are the bytes of each text leaf in all pairs, ``longest`` the most of one. ``groups`` is the number of
    different keys, ``spread`` that of (task, key): what a combiner in these tasks would be called for.
    """

    types: tuple[Type, Type]
    number: Range
    key: Known
    value: Known
    texts: Mapping[int, Range]
    longest: Mapping[int, int | None]
    groups: Range
    spread: Range
    tasks: Range

    def __and__(self, other: Stream) -> Stream:
        """Return what both say of the same pairs."""
        return replace(
            self,
            number=self.number & other.number,
            texts={leaf: total & other.texts[leaf] for leaf, total in self.texts.items()},
            longest={leaf: _tightest(longest, other.longest[leaf]) for leaf, longest in self.longest.items()},
            groups=self.groups & other.groups,
            spread=self.spread & other.spread,
        )

    @property
    def first_value_leaf(self) -> int:
        """The number of the value's first leaf."""
        return sum(1 for _ in leaves(self.types[0]))


def collected(types: tuple[Type, Type], emits: Sequence[Emits], tasks: Range) -> Stream:
    """Return the stream that several functions make together."""
    key: Known | None = None
    value: Known | None = None
    number = _ZERO
    texts = dict.fromkeys(_text_leaves(types), _ZERO)
    for emit in emits:
        for one_key, one_value, _ in emit.pairs:
            key = carried(one_key) if key is None else join(key, carried(one_key))
            value = carried(one_value) if value is None else join(value, carried(one_value))
        number += emit.number
        for leaf in texts:
            texts[leaf] += emit.texts.get(leaf, _ZERO)
    key, value = key or anything(types[0]), value or anything(types[1])
    first = sum(1 for _ in leaves(types[0]))
    known = {**_leaf_knowledge(key, types[0], 0), **_leaf_knowledge(value, types[1], first)}
    longest = {leaf: _tightest(known[leaf].longest, texts[leaf].high) for leaf in texts}
    groups = different_keys(emits, number)
    return Stream(types, number, key, value, texts, longest, groups, groups, tasks)


def _tightest(longest: int | None, total: Exact | None) -> int | None:
    """Return the most bytes of one text from its own bound and that of all together."""
    bounds = [int(bound) for bound in (longest, total) if bound is not None]
    return min(bounds) if bounds else None


def _text_leaves(types: tuple[Type, Type]) -> list[int]:
    return [number for number, leaf in enumerate(leaves(Tuple(types))) if leaf == STR]


def _leaf_knowledge(known: Known, type_: Type, first: int) -> dict[int, Known]:
    """Return what is known of each leaf of a key or value."""
    inner = type_.item if isinstance(type_, Option) else type_
    if not isinstance(inner, Tuple):
        return {first: known}
    found: dict[int, Known] = {}
    for item, part in zip(inner.items, known.items or [Known()] * len(inner.items), strict=True):
        found.update(_leaf_knowledge(part, item, first))
        first += sum(1 for _ in leaves(item))
    return found


def grouped(stream: Stream, groups: Range) -> Source:
    """Return the source of a function that is called for each group."""
    first = stream.first_value_leaf
    high = least_of(groups.high, stream.number.high)
    calls = Range(groups.low, high, groups.mean)
    texts: dict[Var, Range] = {}
    keys = _leaf_knowledge(stream.key, stream.types[0], 0)
    for leaf, total in stream.texts.items():
        if leaf >= first:
            texts[Var("values", leaf)] = total
            continue
        longest = stream.longest[leaf]
        most = None if longest is None or calls.high is None else calls.high * longest
        share = groups.mean / stream.number.mean if stream.number.mean else 0.0
        low = calls.low * keys[leaf].shortest
        texts[Var("text", leaf)] = Range(low, least_of(most, total.high), max(as_float(low), total.mean * share))
    different = None if stream.groups.high is None else int(stream.groups.high)
    key = replace(stream.key, key=True, distinct=_least_int(count(stream.key), different))
    return Source(
        "group",
        calls,
        values=stream.number,
        texts=texts,
        longest=stream.longest,
        key=key,
        value=stream.value,
        first_value_leaf=first,
        different={-1: int(stream.groups.low)},
    )


def _least_int(a: int | None, b: int | None) -> int | None:
    return a if b is None else b if a is None else min(a, b)


def pairs(stream: Stream) -> Source:
    """Return the source of a mapper that is called for each pair."""
    return Source(
        "pair",
        stream.number,
        texts={Var("text", leaf): total for leaf, total in stream.texts.items()},
        longest=stream.longest,
        key=stream.key,
        value=stream.value,
        first_value_leaf=stream.first_value_leaf,
    )


def unknown_stream(types: tuple[Type, Type], records: int, tasks: Range) -> Stream:
    """Return a stream of which only the number of pairs is known."""
    texts = dict.fromkeys(_text_leaves(types), Range(0, None, 16.0 * records))
    groups = Range(min(1, records), records, as_float(records) ** 0.5)
    longest = dict.fromkeys(texts)
    number = Range.exact(records)
    return Stream(types, number, anything(types[0]), anything(types[1]), texts, longest, groups, groups, tasks)
