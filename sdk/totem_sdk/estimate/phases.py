"""From phase to phase: what the calls of each phase cost, and what its emits are for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from totem_sdk.cost import PricedProgram
from totem_sdk.estimate.analysis import Analysis, Setting
from totem_sdk.estimate.blocks import Blocks
from totem_sdk.estimate.forms import NOTHING, Exact, Var
from totem_sdk.estimate.known import Known, anything, carried, count, join
from totem_sdk.estimate.selectivity import Columns
from totem_sdk.estimate.shape import Budget, Shape
from totem_sdk.estimate.source import Range, Source, joint, split
from totem_sdk.estimate.tally import EMITS, TOTAL, Path
from totem_sdk.program import Step, Value
from totem_sdk.types import STR, Option, Tuple, Type, leaves

__all__ = ["MAX_LINES", "PhaseCost", "Phases", "Stream", "pairs", "unknown_stream"]

_ZERO = Range(0, 0, 0.0)
MAX_LINES = 300
"""Programs with operations in more source lines get no estimate by line: it would take longer than all the rest."""


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


@dataclass
class PhaseCost:
    """What a phase costs in all and by source line."""

    total: Range = _ZERO
    lines: dict[int, Range] = field(default_factory=dict)

    def __and__(self, other: PhaseCost) -> PhaseCost:
        """Return what both say of the same phase; what one does not know of costs nothing there."""
        lines = {
            line: self.lines.get(line, _ZERO) & other.lines.get(line, _ZERO) for line in {**self.lines, **other.lines}
        }
        return PhaseCost(self.total & other.total, lines)


@dataclass(frozen=True)
class _Emits:
    """What one function emits in all its calls.

    ``pairs`` gives for each emit what its key and value may be, and how many different keys it certainly gives (0
    where it isn't certain that each call executes it). ``most`` bounds the pairs of one call.
    """

    pairs: Sequence[tuple[Known, Known, int]]
    number: Range
    texts: Mapping[int, Range]
    most: Exact | None


class Phases:
    """Follows the phases of a program one after the other."""

    def __init__(self, priced: PricedProgram, params: Mapping[str, Value] | None, columns: Columns) -> None:
        shape = Shape(priced.program)
        self._setting = Setting(priced, params, columns, shape, Budget(), lines=shape.lines <= MAX_LINES)

    def map(
        self, step: Step, source: Source, tasks: Range, rows: Sequence[int] = (), nulls: Mapping[int, int] | None = None
    ) -> tuple[PhaseCost, Stream]:
        """Follow a map phase with its combiner.

        ``rows`` are those of each task and ``nulls`` those in which a column (of some) is None, where they are known.
        """
        cost, stream = self._mapped(step, [source], tasks, rows)
        for column, number in (nulls or {}).items():
            if self._setting.budget.spent:
                break
            # What a mapper does with rows that miss a value is often very different: such rows by themselves.
            other_cost, other = self._mapped(step, split(source, column, number), tasks, rows)
            cost, stream = other_cost & cost, other & stream
        if step.combiner is None:
            return cost, stream
        once = [Source("none", tasks)]
        emits = [
            *self._run(step.combiner_init, once, cost),
            *self._run(step.combiner, [_groups(stream, stream.spread)], cost),
            *self._run(step.combiner_final, once, cost),
        ]
        return cost, _collected(step.shuffled or step.emits, emits, tasks)

    def _mapped(
        self, step: Step, parts: Sequence[Source], tasks: Range, rows: Sequence[int]
    ) -> tuple[PhaseCost, Stream]:
        """Follow a map phase up to its combiner, over rows in one or several parts."""
        cost = PhaseCost()
        once = [Source("none", tasks)]
        around = [*self._run(step.mapper_init, once, cost), *self._run(step.mapper_final, once, cost)]
        emits = self._run(step.mapper, parts, cost)
        stream = _collected(step.shuffled or step.emits, [*around, *emits], tasks)
        return cost, replace(stream, spread=_spread(stream, around, emits, rows))

    def reduce(self, step: Step, stream: Stream) -> tuple[PhaseCost, Stream]:
        """Follow a reduce phase over what its map phase has emitted."""
        cost = PhaseCost()
        tasks = Range.exact(step.partitions)
        once = [Source("none", tasks)]
        emits = [
            *self._run(step.reducer_init, once, cost),
            *self._run(step.reducer, [_groups(stream, stream.groups)], cost),
            *self._run(step.reducer_final, once, cost),
        ]
        return cost, _collected(step.emits, emits, tasks)

    def _run(self, number: int | None, parts: Sequence[Source], cost: PhaseCost) -> list[_Emits]:
        """Follow all calls of a function (None: the step has none), add what they cost, return what they emit.

        ``parts`` are what the calls read: all in one, or rows in several parts.
        """
        parts = [source for source in parts if source.calls.high != 0]
        if number is None or not parts:
            return []
        followed: list[tuple[Analysis, Path]] = []
        for source in parts:
            analysis = Analysis(self._setting, source)
            followed.append((analysis, analysis.run(number)))
        tally = {
            key: joint(
                [(source, end.tally.get(key, NOTHING)) for source, (_, end) in zip(parts, followed, strict=True)]
            )
            for key in {key: None for _, end in followed for key in end.tally}
        }
        cost.total += tally.get(TOTAL, _ZERO)
        for (what, line), amount in tally.items():
            if what == "line":
                cost.lines[line] = cost.lines.get(line, _ZERO) + amount
        texts = {leaf: amount for (what, leaf), amount in tally.items() if what == "bytes"}
        peaks: list[Exact | None] = []
        for source, (_, end) in zip(parts, followed, strict=True):
            high = end.tally.get(EMITS, NOTHING).high
            peaks.append(None if high is None else source.peak(high))
        most = None if None in peaks else max(peak or 0 for peak in peaks)
        pairs = _pairs(parts, [(analysis.blocks, end) for analysis, end in followed])
        return [_Emits(pairs, tally.get(EMITS, _ZERO), texts, most)]


def _pairs(parts: Sequence[Source], followed: Sequence[tuple[Blocks, Path]]) -> list[tuple[Known, Known, int]]:
    """Return what each emit gives over all parts of what a function reads (see ``_Emits``)."""
    found: list[tuple[Known, Known, int]] = []
    for at in sorted({at for blocks, _ in followed for at in blocks.emitted}):
        reached = [(blocks, end) for blocks, end in followed if at in blocks.emitted]
        keys = [blocks.emitted[at][0] for blocks, _ in reached]
        values = [blocks.emitted[at][1] for blocks, _ in reached]
        certain = len(reached) == len(parts) and all(
            end.emitted >> blocks.emit_numbers[at] & 1 and source.calls.low >= 1
            for source, (blocks, end) in zip(parts, reached, strict=True)
        )
        least = _surely_different(keys, parts[0]) if certain else 0
        found.append((reduce(join, keys), reduce(join, values), least))
    return found


def _collected(types: tuple[Type, Type], emits: Sequence[_Emits], tasks: Range) -> Stream:
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
    groups = _different_keys(emits, number)
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


# How many groups there are.


def _different_keys(emits: Sequence[_Emits], number: Range) -> Range:
    """Return how many different keys are emitted."""
    low: Exact = 1 if number.low >= 1 else 0
    high: Exact | None = 0
    constants: set[object] = set()
    certain: set[object] = set()
    for key, least in ((key, least) for emit in emits for key, _, least in emit.pairs):
        low = max(low, least)
        if (one := _identity(key)) is not None:
            constants.add(one)
            certain.update([one] if least else [])
        else:
            different = count(key)
            high = None if high is None or different is None else high + different
    low = max(low, len(certain))
    high = _least(None if high is None else high + len(constants), number.high)
    # What is certain comes from exact counts; where a published bound contradicts it, it is the bound that is wrong.
    high = None if high is None else max(low, high)
    return Range(low, high, _expected_groups(low, high, number))


def _least(*bounds: Exact | None) -> Exact | None:
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known else None


def _expected_groups(low: Exact, high: Exact | None, number: Range) -> float:
    """Return how many different ones are expected among so many draws.

    They are taken for draws out of ``high`` equally frequent keys; where no bound is published, out of as many keys
    as the square root of the number of pairs.
    """
    draws = number.mean
    keys = float(high) if high is not None and float(high) < draws else draws**0.5
    expected = keys * (1.0 - (1.0 - 1.0 / keys) ** draws) if keys > 1.0 else min(1.0, draws)
    return max(float(low), expected if high is None else min(expected, float(high)))


def _surely_different(keys: Sequence[Known], source: Source) -> int:
    """Return how many different keys there certainly are where every call emits one.

    ``keys`` is what is known of them in each part of what is read; at least one call emits.
    """
    first = keys[0]
    if all(key.key for key in keys):
        return source.different.get(-1, 1)
    if first.column is not None and all(key.column == first.column for key in keys):
        return source.different.get(first.column, 1)
    items = zip(*(key.items for key in keys), strict=True) if all(key.items for key in keys) else ()
    return max((_surely_different(list(item), source) for item in items), default=1)


def _identity(key: Known) -> object:
    """Return something equal for equal keys, of a key that is one known value; None of any other."""
    if key.items:
        parts = tuple(_identity(item) for item in key.items)
        return None if None in parts else parts
    if key.text is not None and not key.none:
        return key.text, "str"
    if not key.some:
        return ("none",)
    if count(key) == 1 and key.low == key.high and type(key.low) is type(key.high) and key.low is not None:
        return repr(key.low), type(key.low).__name__
    return None


def _spread(stream: Stream, around: Sequence[_Emits], emits: Sequence[_Emits], rows: Sequence[int]) -> Range:
    """Return how many different (task, key) there are."""
    groups, tasks = stream.groups, stream.tasks
    if not rows:
        most = None if groups.high is None or tasks.high is None else groups.high * tasks.high
        most = _least(most, stream.number.high)
        return Range(groups.low, most, min(groups.mean * max(1.0, tasks.mean), stream.number.mean))
    outside = _most([emit.most for emit in around])
    inside = _most([emit.most for emit in emits])
    high: Exact | None = 0
    mean = 0.0
    total = sum(rows)
    for number in rows:
        part = _least(groups.high, None if outside is None or inside is None else outside + number * inside)
        high = None if high is None or part is None else high + part
        share = stream.number.mean * number / total if total else 0.0
        mean += min(groups.mean, _expected_groups(0, groups.high, Range(0, None, share)))
    in_every_task = any(least for emit in around for _, _, least in emit.pairs)
    for_every_row = any(least for emit in emits for _, _, least in emit.pairs)
    low = len(rows) if in_every_task else sum(for_every_row and number > 0 for number in rows)
    low_all = max(groups.low, low)
    return Range(low_all, _least(high, stream.number.high), max(float(low_all), mean))


def _most(bounds: Sequence[Exact | None]) -> Exact | None:
    total: Exact = 0
    for bound in bounds:
        if bound is None:
            return None
        total += bound
    return total


# What the functions of a phase read.


def _groups(stream: Stream, groups: Range) -> Source:
    """Return the source of a function that is called for each group."""
    first = stream.first_value_leaf
    high = _least(groups.high, stream.number.high)
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
        texts[Var("text", leaf)] = Range(low, _least(most, total.high), max(float(low), total.mean * share))
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
    groups = Range(min(1, records), records, float(records) ** 0.5)
    longest = dict.fromkeys(texts)
    number = Range.exact(records)
    return Stream(types, number, anything(types[0]), anything(types[1]), texts, longest, groups, groups, tasks)
