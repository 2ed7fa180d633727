"""docs/adr: every decision is listed and has the four parts that a decision needs."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))


def test_the_list_names_every_decision_once():
    listed = re.findall(
        r"^\| \[(\d{4})\]\(([^)]+)\) \| .+ \|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [name for _, name in listed] == [path.name for path in DECISIONS]
    assert all(name.startswith(number) for number, name in listed)


def test_the_list_calls_every_decision_by_its_title():
    listed = re.findall(
        r"^\| \[(\d{4})\]\([^)]+\) \| (.+) \|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE
    )
    titles = [path.read_text("utf-8").partition("\n")[0] for path in DECISIONS]
    assert [f"# {number} {title}" for number, title in listed] == titles


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts(path):
    text = path.read_text("utf-8")
    assert re.match(rf"# {path.name[:4]} \S", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Violated when"]
