"""Versions of variables: what ``flow`` finds out about a function, and what follows from it alone.

Every assignment of a name makes a new *version* of it; where paths meet, versions are merged into a further one whose
*sources* they are. Versions that flow into one use become one *variable* with one type: a name that is reused for
something else (``hour = text`` … ``hour = int(hour)``) is two variables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["UNASSIGNED", "Flow", "LoopFlow", "doubtful", "variables_of"]

UNASSIGNED = 0
"""The version of every name before it is assigned."""


@dataclass(frozen=True)
class LoopFlow:
    """One loop: the names (``self.x`` for fields) that a round may assign, and whether a continue is reached.

    ``heads`` are the versions that its rounds merge, ``first`` and ``last`` limit the versions made inside.
    ``bounded``: the number of rounds is limited by a constant or by the parts of one text. ``ends``: the loop can end
    by itself, and if it is ``sure`` it does so only after a round.
    """

    assigned: frozenset[str]
    continues: bool
    heads: tuple[int, ...]
    first: int
    last: int
    bounded: bool
    ends: bool
    sure: bool


@dataclass
class Flow:
    """What is known of one function; names and statements are found by ``id`` of their nodes.

    ``sources`` lists, for every version, the versions that it merges; ``variables`` gives the variable of a version.
    ``stops`` are the statements after which nothing runs, ``elses`` the loops whose else can be reached. ``final`` are
    the versions at the end of the function, where they are used (a snippet). ``gaps``: a statement was refused, so what
    its paths do is not known. ``ends``: some path through the function ends without an error.
    """

    sources: list[list[int]] = field(default_factory=lambda: [[]])
    names: list[str] = field(default_factory=lambda: [""])
    reads: dict[int, int] = field(default_factory=dict)
    writes: dict[int, int] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    variables: list[int] = field(default_factory=list)
    stops: set[int] = field(default_factory=set)
    loops: dict[int, LoopFlow] = field(default_factory=dict)
    elses: set[int] = field(default_factory=set)
    final: dict[str, int] = field(default_factory=dict)
    gaps: bool = False
    ends: bool = True


def doubtful(flow: Flow) -> set[int]:
    """Return the versions that hold no value on some path."""
    merged: dict[int, list[int]] = {}
    for version, sources in enumerate(flow.sources):
        for source in sources:
            merged.setdefault(source, []).append(version)
    found = {UNASSIGNED}
    pending = [UNASSIGNED]
    while pending:
        for version in merged.get(pending.pop(), ()):
            if version not in found:
                found.add(version)
                pending.append(version)
    return found


def variables_of(flow: Flow) -> list[int]:
    """Return the variable of each version: versions that flow into one use are one variable."""
    parent = list(range(len(flow.sources)))

    def root(version: int) -> int:
        while parent[version] != version:
            parent[version] = parent[parent[version]]
            version = parent[version]
        return version

    pending = [*flow.reads.values(), *flow.final.values()]
    seen = set(pending)
    while pending:
        version = pending.pop()
        for source in flow.sources[version]:
            parent[root(source)] = root(version)
            if source not in seen:
                seen.add(source)
                pending.append(source)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(version), len(numbers)) for version in range(len(parent))]
