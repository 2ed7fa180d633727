"""``make calibrate``: what table ``standard-1`` charges against what the kernel takes; writes ``build/calibrate.json``.

Every microbenchmark and every conformance program runs in two sizes; their difference, in processor seconds, is set
against the difference of their bills. From the microbenchmarks weights are fitted; nothing is changed by them: a table
is agreed by the providers, and a job is bound to one. ``TOTEM_METER_TURNS`` is how many runs of each size (7).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus import load_all
from rich.console import Console
from rich.table import Table as Shown

from benchmarks.meter.fit import Fit, Measured, fitted
from benchmarks.meter.micro import micros
from benchmarks.meter.progress import machine, shown
from benchmarks.meter.running import Prepared
from benchmarks.meter.timing import TURNS, Limits, TooSmall, Worth, worth
from benchmarks.meter.whole import conformance, median_ns
from totem_sdk.table import load

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "calibrate.json"
TABLE = "standard-1"
DEAR = 3.0
"""How many times the conformance programs' median a totem may cost."""


def measure(console: Console, limits: Limits) -> tuple[dict[str, Worth], dict[str, Worth], dict[str, str]]:
    """Return the worth of microbenchmarks and of conformance programs by name, and why some have none."""
    small: dict[str, Worth] = {}
    whole: dict[str, Worth] = {}
    without: dict[str, str] = {}
    jobs = list(micros())
    for micro in shown(console, "microbenchmarks", jobs, len(jobs)):
        try:
            small[micro.name] = worth(Prepared(micro.source, micro.schema), micro.rows, limits)
        except TooSmall as reason:
            without[micro.name] = str(reason)
    programs = load_all()
    for name, found in shown(console, "conformance", conformance(limits, programs), len(programs)):
        if isinstance(found, Worth):
            whole[name] = found
        else:
            without[name] = found
    return small, whole, without


def report(small: Mapping[str, Worth], whole: Mapping[str, Worth], without: Mapping[str, str], fit: Fit) -> Any:
    """Return everything as it stands in ``build/calibrate.json``."""
    return {
        "machine": machine(),
        "table": TABLE,
        "conformance_median_ns": median_ns(whole.values()),
        "weights": {"now": dict(load(TABLE).weights), "proposed": dict(fit.weights), "ns": dict(fit.ns)},
        "unit_ns": fit.unit,
        "fit_median_error": fit.median_error,
        "micro": {
            name: {
                "ns": each.ns, "totem": each.totem, "spread": each.spread, "fit": fit.errors[name],
                "proposed_ns": fit.proposed[name],
            }
            for name, each in small.items()
        },
        "conformance": {
            name: {"ns": each.ns, "totem": each.totem, "spread": each.spread} for name, each in whole.items()
        },
        "not_measured": dict(without),
    }  # fmt: skip


def show_weights(console: Console, fit: Fit) -> None:
    """Print the classes: what they weigh, what the fit says."""
    table = Shown("class", "ns / byte", "weight", "proposed")
    for column in table.columns[1:]:
        column.justify = "right"
    now = load(TABLE).weights
    for name, value in sorted(fit.ns.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{value:.3f}", str(now[name]), str(fit.weights[name]))
    console.print(table)
    console.print(f"a totem is {fit.unit:.2f} ns; the fit is off by {fit.median_error:.0%} (median)")


def show_ends(console: Console, title: str, found: Mapping[str, Worth], middle: float) -> None:
    """Print the dearest and the cheapest."""
    ordered = sorted(found.items(), key=lambda item: -item[1].ns)
    table = Shown(title, "ns / totem", "of the median", "spread")
    for column in table.columns[1:]:
        column.justify = "right"
    dear = sum(each.ns > DEAR * middle for _, each in ordered)
    shown = ordered if len(ordered) <= 40 else [*ordered[: max(20, min(dear, 60))], *ordered[-5:]]
    for name, each in shown:
        table.add_row(name, f"{each.ns:.2f}", f"{each.ns / middle:.2f}", f"{each.spread:.2f}{' noisy' * each.noisy}")
    console.print(table)
    console.print(f"{dear} of {len(ordered)} cost more than {DEAR:.0f} times the conformance programs' median")


def main() -> int:
    """Measure, fit, print, write; returns the exit status."""
    started = time.monotonic()
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(machine())
    small, whole, without = measure(console, Limits(turns=int(os.environ.get("TOTEM_METER_TURNS", TURNS))))
    fit = fitted([Measured(name, each.seconds, each.totem, each.units) for name, each in small.items()])
    middle = median_ns(whole.values())
    show_weights(console, fit)
    show_ends(console, "microbenchmark", small, middle)
    show_ends(console, "conformance program", whole, middle)
    for name, reason in without.items():
        console.print(f"not measured: {name}: {reason}")
    console.print(f"median of the conformance programs: {middle:.2f} ns per totem")
    spread = statistics.median(each.spread for each in (*small.values(), *whole.values()))
    noisy = sum(each.noisy for each in (*small.values(), *whole.values()))
    if noisy * 10 > len(small) + len(whole):
        console.print(f"The machine is too noisy: {noisy} figures spread by more than 25 % (median {spread:.2f}).")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(report(small, whole, without, fit), indent=1) + "\n", "utf-8")
    console.print(f"written to {OUT.relative_to(ROOT)} ({(time.monotonic() - started) / 60:.1f} min)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
