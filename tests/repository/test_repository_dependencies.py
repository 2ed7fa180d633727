"""The rules of docs/adr/0006-dependencies.md that a machine can check."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

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


def imported(folder):
    """Return the names of the distributions that the modules below a folder import, wherever in a module."""
    packages = packages_distributions()
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    modules = [alias.name for alias in node.names]
                case ast.ImportFrom(level=0):
                    modules = [node.module]
                case _:
                    continue
            found |= {name_of(name) for module in modules for name in packages.get(module.partition(".")[0], ())}
    return found


@pytest.mark.slow
def test_every_core_dependency_is_imported_by_what_is_shipped():
    core = {name_of(requirement) for requirement in PROJECT["project"]["dependencies"]}
    used = set().union(*(imported(folder) for folder in ("sdk", "chaincode", "ccf", "totem")))
    assert core - used == {"setuptools"}, "setuptools is for mrjob; anything else belongs into an extra"


def test_the_lock_pins_the_core_and_the_development_extra():
    needed = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    missing = {name_of(requirement) for requirement in needed} - pins().keys() - {"totem-platform"}
    assert not missing


def test_the_lock_names_no_package_index():
    assert "://" not in LOCK
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;@]+", line) for line in LOCK.splitlines() if line[:1] != "#")
