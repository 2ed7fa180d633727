"""Whatever text the checker is given, it is a program or refused: with places inside the text, in less than a second.

``make fuzz`` goes on for as long as one likes.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

import pytest
from broken import Breaker

from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.source import parse
from totem_sdk.lang.structure import read_job
from totem_sdk.schema import LINES, Schema

TESTS = Path(__file__).parents[1]
SECONDS = 1.0
"""Of a processor's time for one source."""
SCHEMAS = [
    LINES,
    Schema.of(
        {"name": "str", "n": "int", "x": "float", "on": "bool", "at": "datetime", "day": "date", "salary": "int"}
        | {"kwh": "float?", "city": "str?", "maybe": "int?", "when": "datetime?", "größe": "int"}
    ),
]


def texts() -> list[str]:
    folders = [TESTS / "conformance" / "programs", TESTS / "sdk" / "refused", TESTS.parent / "examples"]
    return [path.read_text() for folder in folders for path in sorted(folder.rglob("*.py"))]


def outcome(source: str, schema: Schema) -> str:
    """Return how the checker ends, having seen that it ends as it should."""
    began = time.process_time()
    try:
        read_job(parse(source, "job.py", findings := Findings(), names=None), findings)
        findings.check()
    except Refused as error:
        check_places(source, error)
    try:
        compile_job(source, schema)
        ended = "accepted"
    except Refused as error:
        check_places(source, error)
        ended = "refused"
    assert time.process_time() - began < SECONDS, "it takes too long"
    return ended


def check_places(source: str, error: Refused) -> None:
    lines = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for refusal in error.refusals:
        assert refusal.message, refusal
        assert refusal.hint, refusal
        assert re.fullmatch(r"[a-z][a-z-]*", refusal.code), refusal
        assert 1 <= refusal.line <= len(lines), refusal
        assert 1 <= refusal.column <= len(lines[refusal.line - 1]) + 1, refusal


@pytest.mark.slow
def test_broken_sources_are_refused_in_their_place_and_in_time() -> None:
    seconds = os.environ.get("TOTEM_FUZZ_SECONDS")
    seed = int(os.environ.get("TOTEM_FUZZ_SEED", "1" if seconds is None else str(secrets.randbits(32))))
    until = time.monotonic() + float(seconds or 8)
    breaker, ends = Breaker(seed, texts()), {"accepted": 0, "refused": 0}
    number = 0
    while time.monotonic() < until:
        number += 1
        source = breaker.source()
        try:
            ends[outcome(source, SCHEMAS[number % len(SCHEMAS)])] += 1
        except Exception as error:
            error.add_note(f"source {number} of seed {seed}: {source[:2000]!r}")
            raise
    assert ends["refused"] > ends["accepted"] // 2 > 0, ends
