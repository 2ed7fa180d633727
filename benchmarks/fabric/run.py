"""Measure the ledger on Fabric; writes ``build/bench-fabric.json``.

    FABRIC_BIN=… .venv/bin/python -m benchmarks.fabric.run [--quick] [--many N …]

Two networks of two organisations each stand side by side, one with a small contract on TOTEM's shim, one with the same
on npm's; they are measured in turn, so a slow minute of the machine hits both. Then whole jobs, then 10 and 30
organisations (``--quick``: without these).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.fabric.figures import IN_FLIGHT, SmallFigures, latencies, measure_small
from benchmarks.fabric.jobs import jobs_site, measure_jobs
from benchmarks.fabric.sites import ROOT, Site, site
from totem_network.binaries import find
from totem_network.errors import NetworkError

OUT = ROOT / "build" / "bench-fabric.json"
BATCH_MS = 100.0
TARGET_MS = BATCH_MS + 30.0
"""Submit and commit one at a time: the batch timeout, since no block fills, and 30 ms for everything else."""

OURS = [sys.executable, str(ROOT / "benchmarks" / "fabric" / "small_contract.py")]
_TURNS = 3
_MANY = (10, 30)


def small_contracts() -> dict[str, Any]:
    """Measure the small contract on both shims, in turn; npm's is left out with the reason where it can't be had."""
    servers = {"totem": OURS}
    npm = import_module("tests.interop.npm")  # the packages are those of the tests, which have no types
    without = None
    try:
        servers["npm"] = ["node", str(npm.node_folder() / "chaincode.js")]
    except npm.NpmMissing as error:
        without = str(error)
    turns: dict[str, list[SmallFigures]] = {name: [] for name in servers}
    with ExitStack() as stack:
        sites = {name: stack.enter_context(site(command, name=name)) for name, command in servers.items()}
        for turn in range(_TURNS):
            for name, at in sites.items():
                turns[name].append(measure_small(at))
                print(f"  small contract on {name}'s shim, turn {turn + 1}: {turns[name][-1]}", flush=True)
    found: dict[str, Any] = {name: _medians([asdict(each) for each in measured]) for name, measured in turns.items()}
    if without is None:
        pairs = zip(turns["totem"], turns["npm"], strict=True)
        found["ratio"] = _medians([_ratios(asdict(ours), asdict(theirs)) for ours, theirs in pairs])
    else:
        found["npm_not_run"] = without
    return found


def many_organisations(count: int) -> dict[str, Any]:
    """Measure how long so many organisations take to come up, and a submission that a majority endorses.

    Where they don't come up on this machine, ``problem`` says why.
    """
    try:
        with site(OURS, name="small", organisations=count) as at:
            at.put("first")
            times = latencies(_writer(at), 10)
    except NetworkError as error:
        return {"problem": str(error)}
    return {
        "up_seconds": at.up_seconds,
        "deploy_seconds": at.deploy_seconds,
        "endorsers": count // 2 + 1,
        "submit_ms": statistics.median(times),
    }


def _writer(at: Site) -> Callable[[], object]:
    keys = iter(range(1_000_000))
    return lambda: at.put(f"many {next(keys)}")


def _medians(turns: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}


def _ratios(ours: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
    return {name: value / theirs[name] for name, value in ours.items()}


def show(console: Console, found: dict[str, Any]) -> None:
    """Print what was found as tables."""
    small = found["small"]
    table = Table("two organisations, batch 100 ms", "TOTEM's shim", "npm's fabric-shim", "ratio")
    for name, text in (
        ("evaluate_ms", "evaluate, median, ms"),
        ("evaluate_least_ms", "evaluate, least, ms"),
        ("submit_ms", "submit + commit, median, ms"),
        ("submit_least_ms", "submit + commit, least, ms"),
        ("servers_evaluate_ms", "both servers' processor time for an evaluate, ms"),
        ("servers_submit_ms", "both servers' processor time for a submit, ms"),
        ("evaluates_per_second", f"evaluates a second, {IN_FLIGHT} in flight"),
        ("submits_per_second", f"submits + commits a second, {IN_FLIGHT} in flight"),
    ):
        values = [small.get(who, {}).get(name) for who in ("totem", "npm", "ratio")]
        table.add_row(text, *("–" if value is None else f"{value:.2f}" for value in values))
    console.print(table)
    if "npm_not_run" in small:
        console.print(f"npm's fabric-shim not run: {small['npm_not_run']}")
    ours = small["totem"]["submit_ms"]
    verdict = "met" if ours <= TARGET_MS else "missed"
    console.print(f"{verdict}: submit + commit {ours:.0f} ms, {ours / BATCH_MS:.2f} × the batch timeout, target 1.30")
    jobs = found["jobs"]
    console.print(
        f"whole jobs: {jobs['seconds']:.2f} s alone, {jobs['per_second']:.1f} a second with ten at once,"
        f" {jobs['transactions']:.1f} transactions each"
    )
    for count, each in found["organisations"].items():
        if "problem" in each:
            console.print(f"{count} organisations: not measured: {each['problem']}")
            continue
        console.print(
            f"{count} organisations: up in {each['up_seconds']:.1f} s, deployed in {each['deploy_seconds']:.1f} s,"
            f" submit + commit with {each['endorsers']:.0f} endorsers {each['submit_ms']:.0f} ms"
        )


def main() -> int:
    """Measure, print, write; returns the exit status."""
    parser = argparse.ArgumentParser(description="Measure the ledger on Fabric.")
    parser.add_argument("--quick", action="store_true", help="without many organisations")
    parser.add_argument("--many", type=int, nargs="*", default=_MANY, help="how many organisations come up (10 30)")
    options = parser.parse_args()
    try:
        version = find().version
    except NetworkError as error:
        print(f"the ledger on Fabric is not measured: {error}")
        return 0
    started = time.monotonic()
    load = [os.getloadavg()[0]]
    found: dict[str, Any] = {"fabric": version, "small": small_contracts()}
    load.append(os.getloadavg()[0])
    with jobs_site() as jobs:
        found["jobs"] = asdict(measure_jobs(jobs))
    load.append(os.getloadavg()[0])
    found["organisations"] = {count: many_organisations(count) for count in (() if options.quick else options.many)}
    found["load"] = load
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"Fabric {version}, {os.cpu_count()} cores, load {', '.join(f'{each:.1f}' for each in load)}")
    show(console, found)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(f"written to {OUT.relative_to(ROOT)} ({(time.monotonic() - started) / 60:.1f} min)")
    return 1 if any("problem" in each for each in found["organisations"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
