"""``make dearest SECONDS=n``: search for the program with the most seconds per totem; writes ``build/dearest.json``.

First the conformance programs' median, then every class of attack and every microbenchmark, then mutations of the
dearest programs and of generated ones, of their sources and of their data, for so long. Each class keeps its dearest;
what looks dear is measured again before it is believed. ``TOTEM_DEAREST_SECONDS`` is how long (600),
``TOTEM_DEAREST_SEED`` where to begin (by default another each time).
"""

from __future__ import annotations

import ast
import datetime
import json
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from corpus import load_all
from generator import generate
from mutator import Mutator
from rich.console import Console
from rich.table import Table as Shown

from benchmarks.meter.attacks import Candidate, attacks
from benchmarks.meter.progress import machine, shown
from benchmarks.meter.running import JobFailed, Prepared
from benchmarks.meter.timing import Limits, TooSmall, Worth, worth
from benchmarks.meter.whole import conformance, median_ns
from totem_ccf.mapreduce.executor import InputError
from totem_sdk.errors import Refused

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "dearest.json"

LOOK = Limits(turns=1, seconds=0.002, totem=20_000_000, rows=1 << 14)
AGAIN = Limits(turns=3, seconds=0.006, totem=50_000_000, rows=1 << 16)
GATE = 3.0
"""How many times the conformance programs' median the dearest program may cost."""
KEPT = 40
"""Programs of which mutants are made: the dearest, at most ``ALIKE`` of a class."""
ALIKE = 3

INTS = (0, 1, -1, 2, 7, 63, 64, 255, 1000, 65_537, 1 << 31, (1 << 53) + 1, (1 << 63) - 1, -(1 << 63))
FLOATS = (0.0, -0.0, 1.0, 0.1, 1e-308, 5e-324, 2.2e-308, 1e308, 3e-308, 1e22, 1e16, 123456789.125, 1e-7, float("inf"))
LETTERS = ("a", "ab", "abc ", " ", "é", "ß", "😀", "Σ", "1", "9.", "A;B,", "\n", "aA", "\u0130", "\ufb03")
LENGTHS = (0, 1, 7, 15, 63, 255, 1024, 4096, 20_000)


class Search:
    """The dearest programs so far, and how to find dearer ones."""

    def __init__(self, chance: random.Random, look: Limits = LOOK, again: Limits = AGAIN) -> None:
        self.chance = chance
        self.ends: Counter[str] = Counter()
        self.lost: list[str] = []
        self.found: list[tuple[Candidate, Worth]] = []
        self._look, self._again = look, again

    def judge(self, candidate: Candidate) -> None:
        """Measure a candidate, and keep it if it is among the dearest."""
        try:
            job = Prepared(candidate.source, candidate.schema, candidate.params)
            found = worth(job, candidate.rows, self._look)
            if found.ns > self._bar(candidate.kind):
                found = worth(job, candidate.rows, self._again)
        except (Refused, JobFailed, TooSmall) as reason:
            self.ends[type(reason).__name__] += 1
            return
        except InputError as error:
            # What the kernel's memory does not hold is the provider's loss: not dear, but not right either.
            self.ends["lost"] += 1
            self.lost.append(f"{error}\n{candidate.source}")
            return
        self.ends["measured"] += 1
        if found.ns > self._bar(candidate.kind):
            self._keep(candidate, found)

    def next(self) -> Candidate:
        """Return a new candidate: a mutant of a dear program, or a generated one."""
        if not self.found or self.chance.random() < 0.2:
            job = generate(self.chance.getrandbits(32), self.chance.randint(1, 6), 12)
            rows = [row for fragment in job.fragments for row in fragment]
            return Candidate("generated", job.source, job.schema, rows, job.params)
        old, _ = min(self.chance.sample(self.found, min(3, len(self.found))), key=lambda each: -each[1].ns)
        kind = old.kind.removeprefix("mutant of ")
        source, rows = old.source, old.rows
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            how = self.chance.randrange(3)
            if how == 0:
                source = Mutator(source, self.chance).mutant()
            elif how == 1:
                source = _other_constant(source, self.chance)
            else:
                rows = [_other_cell(row, self.chance) for row in rows]
        return Candidate(f"mutant of {kind}", source, old.schema, rows, old.params)

    def _bar(self, kind: str) -> float:
        """Return above which figure a program of this kind is kept."""
        alike = [each.ns for candidate, each in self.found if candidate.kind == kind]
        if len(alike) >= ALIKE:
            return min(alike)
        return self.found[-1][1].ns if len(self.found) >= KEPT else 0.0

    def _keep(self, candidate: Candidate, found: Worth) -> None:
        alike = [each for each in self.found if each[0].kind == candidate.kind]
        if len(alike) >= ALIKE:
            self.found.remove(min(alike, key=lambda each: each[1].ns))
        self.found = sorted([*self.found, (candidate, found)], key=lambda each: -each[1].ns)[:KEPT]


def _other_constant(source: str, chance: random.Random) -> str:
    """Return the source with another number or text in the place of one."""
    tree = ast.parse(source)
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    constants = [node for node in constants if isinstance(node.value, int | float | str)]
    if constants:
        node = chance.choice(constants)
        node.value = _other(node.value, chance)
    return ast.unparse(tree)


def _other_cell(row: tuple[Any, ...], chance: random.Random) -> tuple[Any, ...]:
    if not row:
        return row
    position = chance.randrange(len(row))
    return (*row[:position], _other(row[position], chance), *row[position + 1 :])


def _other(value: Any, chance: random.Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return chance.choice((*INTS, max(-1 << 62, min(value * 2, 1 << 62)), chance.getrandbits(62)))
        case float():
            return chance.choice((*FLOATS, value * 1e3, value / 1e3, chance.random()))
        case str():
            text = chance.choice(LETTERS) * chance.choice(LENGTHS)
            return chance.choice(
                (text, text + value[:64], value[:64] + text, value + value if len(value) < 9999 else "")
            )
        case datetime.date():
            return value + datetime.timedelta(days=chance.randrange(-4000, 4000))
        case _:
            return value


def search(
    seconds: float, chance: random.Random, seeds: Iterable[Candidate], judged: Callable[[Search], None]
) -> Search:
    """Judge the seeds, then new candidates until ``seconds`` have passed; ``judged`` hears of every candidate."""
    until = time.monotonic() + seconds
    found = Search(chance)
    for candidate in seeds:
        found.judge(candidate)
        judged(found)
    while time.monotonic() < until:
        found.judge(found.next())
        judged(found)
    return found


def _reporting(console: Console) -> Callable[[Search], None]:
    started = last = time.monotonic()

    def judged(found: Search) -> None:
        nonlocal last
        if time.monotonic() - last < 20 or not found.found:
            return
        last = time.monotonic()
        candidate, best = found.found[0]
        console.print(
            f"  {last - started:.0f} s: {sum(found.ends.values())} judged, dearest {best.ns:.2f} ns ({candidate.kind})"
        )

    return judged


def main() -> int:
    """Search, print, write; returns the exit status."""
    seconds = float(os.environ.get("TOTEM_DEAREST_SECONDS", "600"))
    seed = int(os.environ.get("TOTEM_DEAREST_SEED", secrets.randbits(32)))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"{machine()}; seed {seed}, {seconds:.0f} s")
    programs = load_all()
    measured = shown(console, "conformance", conformance(Limits(turns=3), programs), len(programs))
    whole = [found for _, found in measured]
    middle = median_ns(found for found in whole if isinstance(found, Worth))
    # A seed gives the same candidates, as long as it keeps the same ones: that is up to the clock.
    found = search(seconds, random.Random(seed), list(attacks()), _reporting(console))  # noqa: S311  no secret
    table = Shown("program", "ns / totem", "of the median", "spread")
    for column in table.columns[1:]:
        column.justify = "right"
    for candidate, each in found.found:
        table.add_row(candidate.kind, f"{each.ns:.2f}", f"{each.ns / middle:.1f}", f"{each.spread:.2f}")
    console.print(table)
    console.print(", ".join(f"{count} {end}" for end, count in found.ends.most_common()))
    dearest = found.found[0][1].ns / middle
    verdict = "met" if dearest <= GATE else "missed"
    console.print(
        f"conformance median {middle:.2f} ns; {verdict}: the dearest costs {dearest:.1f} times it, target {GATE}"
    )
    document = {
        "machine": machine(),
        "seed": seed,
        "seconds": seconds,
        "conformance_median_ns": middle,
        "ends": dict(found.ends),
        "lost": found.lost,
        "dearest": [
            {
                "kind": candidate.kind, "ns": each.ns, "times": each.ns / middle, "spread": each.spread,
                "source": candidate.source, "schema": candidate.schema.to_json(), "params": repr(candidate.params),
                "rows": repr(candidate.rows[:3]),
            }
            for candidate, each in found.found
        ],
    }  # fmt: skip
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    console.print(f"written to {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
