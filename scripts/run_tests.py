"""Run the static checks and the tests, and close with a table of what ran and what did not.

``make check`` calls it with ``--fast`` (no test marked slow), ``make test`` without, ``make test-fabric`` with
``--fabric`` (the tests that run real Fabric nodes, and only those). The last line is always ``N passed, N failed``
(a static check counts as one), and the exit status is 1 when anything failed.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET  # reads only the report that pytest wrote a moment ago
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
REPORT = ROOT / "build" / "tests.xml"

STATIC = (
    ("ruff check", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "."]),
    ("mypy --strict", ["mypy"]),
    ("import direction", ["lint-imports"]),
)


@dataclass
class Part:
    """One row of the closing table: a static check or one folder of tests."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)


def run_static(name: str, command: list[str]) -> Part:
    """Run one static check, its output shown only if it fails."""
    started = time.monotonic()
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    passed = done.returncode == 0
    if not passed:
        print(f"--- {name} failed:\n{done.stdout}{done.stderr}", flush=True)
    return Part(name, Counter(passed=int(passed), failed=int(not passed)), time.monotonic() - started)


def run_pytest(which: str) -> int:
    """Run pytest, its output straight to the terminal; returns its exit status.

    ``which`` is "fast", "all" or "fabric". The fast tests run on two processes; all of them on three, because many of
    the slow ones wait; those with Fabric's nodes one after the other, because each has as many processes as the
    machine can bear.
    """
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [
        str(BIN / "pytest"),
        "-q",
        f"--junitxml={REPORT}",
        "-o",
        "junit_family=xunit1",
    ]
    if which == "fabric":
        command += ["-m", "fabric"]
    else:
        command += ["-n", "2" if which == "fast" else "3", "--dist", "worksteal"]
    if which == "fast":
        # Those with Fabric's nodes are collected, so that the table says how many there are; tests/conftest.py skips.
        command += ["-m", "not slow or fabric", "--hypothesis-profile=check"]
    # How many of the tests that need Fabric's binaries: tests/conftest.py.
    nodes = {"fast": "none", "all": "sample", "fabric": "all"}[which]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "TOTEM_FABRIC_TESTS": nodes}, check=False).returncode


def read_report(report: Path) -> list[Part]:
    """One part for each folder of tests named in pytest's report, in the order of their names."""
    parts: dict[str, Part] = {}
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 written by pytest a moment ago
        match = re.match(r"tests[./](\w+)", case.get("classname") or case.get("file") or "")
        name = f"tests/{match[1]}" if match else "tests"
        part = parts.setdefault(name, Part(name))
        part.seconds += float(case.get("time") or 0.0)
        skipped = case.find("skipped")
        if skipped is not None:
            part.counts["not run"] += 1
            part.reasons[skipped.get("message") or "no reason given"] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            part.counts["failed"] += 1
        else:
            part.counts["passed"] += 1
    return [parts[name] for name in sorted(parts)]


def show(parts: list[Part]) -> None:
    """Print the closing table."""
    print(f"\n{'what':<24}{'passed':>8}{'failed':>8}{'not run':>9}{'seconds':>9}")
    for part in parts:
        row = part.counts
        print(f"{part.name:<24}{row['passed']:>8}{row['failed']:>8}{row['not run']:>9}{part.seconds:>9.1f}")
    for part in parts:
        for reason, count in sorted(part.reasons.items()):
            print(f"NOT RUN: {part.name}: {count} × {reason}")


def main() -> int:
    """Run everything asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="leave out the tests marked slow")
    parser.add_argument("--fabric", action="store_true", help="only the tests that run Fabric's nodes, all of them")
    options = parser.parse_args()
    which = "fabric" if options.fabric else "fast" if options.fast else "all"
    if which == "fabric" and not os.environ.get("FABRIC_BIN"):
        print("make test-fabric needs Fabric's binaries: set FABRIC_BIN (network/install-fabric fetches them)")
        return 1

    with ThreadPoolExecutor(1) as beside:
        # Beside the tests: one process is busy with types for a long time, and the others wait now and then.
        checks = () if which == "fabric" else STATIC
        static = beside.submit(lambda: [run_static(name, command) for name, command in checks])
        status = run_pytest(which)
        parts = static.result()
    tests = read_report(REPORT) if REPORT.exists() else []
    if status != 0 and not any(part.counts["failed"] for part in tests):
        # Nothing collected, an internal error, an interrupt: a failure even though no test case says so.
        tests.append(Part(f"pytest (status {status})", Counter(failed=1)))
    parts += tests
    show(parts)
    if which == "fast":
        print("NOT RUN: the tests marked slow (run them with `make test`)")
    passed = sum(part.counts["passed"] for part in parts)
    failed = sum(part.counts["failed"] for part in parts)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
