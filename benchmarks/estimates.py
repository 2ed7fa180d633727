"""How near estimates come: every program of the conformance corpus and of the examples on real data.

``python -m benchmarks.estimates [--rows N] [--write docs/estimates.md] [--only NAME]`` runs each of them on the
reference interpreter over rows of each data set that can serve it, computes the estimate from what a provider would
publish of these rows, checks the bounds, and prints a table with the error of what was expected. Programs that end in
an error on these rows are counted apart: an estimate is about runs that complete.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics as means
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.estimated_data import Rows, real_rows
from totem_ccf.storage import open_dataset
from totem_ccf.storage.profile import PUBLISHED, profile
from totem_sdk.cost import price
from totem_sdk.errors import InvalidDocument, Refused
from totem_sdk.estimate import estimate
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.program import Value
from totem_sdk.schema import LINES, Schema
from totem_sdk.table import load

__all__ = ["Outcome", "main", "outcomes"]

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "tests" / "conformance" / "programs"
EXAMPLES = ROOT / "examples"
FRAGMENTS = 3
ESCROW = 100_000_000
"""What is not done with so much is left out: a loop over whatever number stands in a column takes for ever."""
GOAL = 0.10


@dataclass(frozen=True)
class Outcome:
    """What one program cost on one data set, and what was said of it before; ``state`` is how it ended."""

    program: str
    data: str
    state: str
    actual: int
    lower: int
    expected: int
    upper: int | None

    @property
    def error(self) -> float:
        """|expected − actual| / actual."""
        return abs(self.expected - self.actual) / self.actual if self.actual else 0.0

    @property
    def holds(self) -> bool:
        """Whether the bounds held: the upper one does for every end."""
        below = self.upper is None or self.actual <= self.upper
        return below and (self.state != "completed" or self.lower <= self.actual)


def outcomes(data: Path, number: int, only: str = "") -> Iterator[Outcome]:
    """Yield the outcome of each program on each data set that can serve it, over ``number`` rows."""
    for path in [*sorted(PROGRAMS.glob("*.py")), *sorted(EXAMPLES.glob("*.py"))]:
        if only not in path.stem:
            continue
        source = path.read_text(encoding="utf-8")
        header = dict(re.findall(r"^# (schema|params|fails): (.*)$", source, flags=re.MULTILINE))
        if "fails" in header:
            continue
        if path.parent == EXAMPLES:
            served = [*real_rows(data, None, number), *real_rows(data, LINES, number)]
        else:
            schema = Schema.of(json.loads(header["schema"])) if "schema" in header else LINES
            served = list(real_rows(data, schema, number))
        for rows in served:
            found = _outcome(path.stem, source, json.loads(header.get("params", "{}")), rows)
            if found is not None:
                yield found


def _outcome(name: str, source: str, given: dict[str, Value], rows: Rows) -> Outcome | None:
    """Estimate and run a program; None where it is no program for these columns or asks for parameters."""
    try:
        priced = price(compile_job(source, rows.schema), load("standard-1"))
        params = bind(priced.program, given)
    except (Refused, InvalidDocument):
        return None
    if priced.program.lines != (rows.schema == LINES):
        return None
    with tempfile.TemporaryDirectory() as folder:
        dataset = open_dataset([str(path) for path in rows.write(Path(folder), FRAGMENTS)], lines=rows.schema == LINES)
        published = profile(dataset, options=PUBLISHED)
    bounds = estimate(priced, [published], params)
    run = Machine(priced, params).run_job(rows.fragments(FRAGMENTS), ESCROW, precheck=False)
    return Outcome(name, rows.source, run.state, run.used, bounds.lower, bounds.expected, bounds.upper)


def report(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the table, the nearest first."""
    done = sorted(
        (one for one in found if one.state == "completed"), key=lambda one: (one.error, one.program, one.data)
    )
    errors = [one.error for one in done]
    within = sum(error <= GOAL for error in errors)
    bounded = [one for one in done if one.upper is not None]
    holding = sum(one.holds for one in found)
    yield f"* Runs that completed: {len(done)}; the bounds held in {holding} of all {len(found)}."
    yield (
        f"* Median of |expected − actual| / actual: **{means.median(errors):.1%}**; at most {GOAL:.0%} in {within},"
        f" 90 % of runs within {sorted(errors)[len(errors) * 9 // 10]:.0%}."
    )
    exact = sum(one.lower == one.upper for one in bounded)
    yield f"* An upper bound exists for {len(bounded)}; {exact} were exact (lower = upper)."
    yield ""
    yield "| program | data | actual | lower | expected | upper | error |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for one in done:
        upper = "none" if one.upper is None else f"{one.upper:,}"
        yield (
            f"| {one.program} | {one.data} | {one.actual:,} | {one.lower:,} | {one.expected:,} | {upper} |"
            f" {one.error:.1%} |"
        )


def main(words: Sequence[str] | None = None) -> int:
    """Print the table, or write it into a document; the exit status is 1 where a bound did not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000, help="rows of each data set")
    parser.add_argument("--only", default="", help="only programs whose name has this in it")
    parser.add_argument("--data", type=Path, default=ROOT / ".data", help="where `make data` has put the data sets")
    parser.add_argument("--write", type=Path, help="a document whose table is replaced")
    asked = parser.parse_args(words)
    found = list(outcomes(asked.data, asked.rows, asked.only))
    lines = list(report(found))
    if asked.write is None:
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        text = asked.write.read_text(encoding="utf-8")
        head, _, _ = text.partition("<!-- measured -->\n")
        asked.write.write_text(f"{head}<!-- measured -->\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    broken = [one for one in found if not one.holds]
    for one in broken:
        sys.stderr.write(f"the bounds do not hold: {one}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
