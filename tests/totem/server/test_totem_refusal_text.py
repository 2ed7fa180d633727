"""Refusals as a compiler prints them."""

from totem.cli.refusals import refusal_text
from totem_sdk.errors import Refusal


def test_place_reason_line_caret_and_hint():
    source = "import os\n\nclass Job:\n    x = eval('1')\n"
    refusals = [Refusal(1, 1, "import", "no modules"), Refusal(4, 9, "call", "eval is not allowed", "write it out")]
    assert refusal_text(refusals, "job.py", source).splitlines() == [
        "job.py:1:1: error[import]: no modules",
        "    1 | import os",
        "      | ^",
        "job.py:4:9: error[call]: eval is not allowed",
        "    4 |     x = eval('1')",
        "      |         ^",
        "  hint: write it out",
    ]


def test_tabs_keep_the_caret_in_place():
    text = refusal_text([Refusal(1, 2, "x", "m")], "job.py", "\tbad")
    assert text.splitlines()[1:] == ["    1 | \tbad", "      | \t^"]


def test_a_very_long_line_is_cut_around_the_column():
    lines = refusal_text([Refusal(1, 5001, "x", "m")], "job.py", "a" * 5000 + "!" + "b" * 5000).splitlines()
    assert len(lines[1]) < 200
    assert lines[1][lines[2].index("^")] == "!"


def test_control_characters_do_not_reach_the_terminal():
    text = refusal_text([Refusal(1, 1, "x", "m")], "job.py", "\x1b[31mred")
    assert "\x1b" not in text


def test_a_place_outside_the_source_has_no_excerpt():
    assert refusal_text([Refusal(9, 1, "x", "m")], "job.py", "a\n") == "job.py:9:1: error[x]: m"
    assert refusal_text([Refusal(1, 1, "x", "m")], "job.py", None) == "job.py:1:1: error[x]: m"
