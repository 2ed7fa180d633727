"""The rules of docs/adr/0006-dependencies.md that a machine can check."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements" / "lock.txt").read_text()


def name_of(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


def declared():
    lists = [PROJECT["project"]["dependencies"], PROJECT["build-system"]["requires"]]
    lists += PROJECT["project"]["optional-dependencies"].values()
    return {name_of(requirement) for requirements in lists for requirement in requirements} - {"totem-platform"}


def pins():
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    return {name_of(line): line.split("==")[1] for line in lines}


def test_every_dependency_has_its_row_in_the_decision():
    text = (ROOT / "docs" / "adr" / "0006-dependencies.md").read_text()
    cells = {name for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for name in row.split(", ")}
    assert declared() <= cells, f"add a row to ADR 0006 for {sorted(declared() - cells)}"
    assert {cell.strip() for cell in cells} - {"package", "---"} <= declared()


def test_the_lock_pins_the_core_and_the_development_extra():
    needed = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    missing = {name_of(requirement) for requirement in needed} - pins().keys() - {"totem-platform"}
    assert not missing


def test_the_lock_names_no_package_index():
    assert "://" not in LOCK
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;@]+", line) for line in LOCK.splitlines() if line[:1] != "#")
