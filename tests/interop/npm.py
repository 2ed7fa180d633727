"""Fabric's own JavaScript packages, installed once below ``build`` from the versions that package-lock.json pins."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).with_name("node")
BUILD = Path(__file__).resolve().parents[2] / "build" / "interop"
PROGRAMS = ("client.mjs", "chaincode.js")
NEEDED = (20, 9)
_SECONDS = 300


class NpmMissing(Exception):
    """Node, npm or the packages are not to be had here; the message says what and why."""


def node_folder() -> Path:
    """Return the folder with the packages and our programs; they are installed where that is not done yet.

    Raises:
        NpmMissing: this machine has no node, one that is too old, no npm, or npm can't install.
    """
    _check_node()
    named = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in ("package.json", "package-lock.json")))
    folder = BUILD / named.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("package.json", "package-lock.json", *PROGRAMS):
            shutil.copy(HERE / name, folder)
        if not (folder / "installed").exists():
            _install(folder)
            (folder / "installed").touch()
    return folder


def _check_node() -> None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NpmMissing(f"{program} is not on this machine")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None or tuple(map(int, version.groups())) < NEEDED:
        raise NpmMissing(f"node is {said.strip() or 'of no version'}: {NEEDED[0]}.{NEEDED[1]} or later is needed")


def _install(folder: Path) -> None:
    # No package's own install scripts: what needs compiling (PKCS#11) is optional.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NpmMissing(f"npm has not installed the packages within {_SECONDS} s") from None
    if done.returncode:
        raise NpmMissing(f"npm can't install the packages: {_last_line(done.stderr)}")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line and "log" not in line]
    return lines[0] if lines else "it does not say why"


def steps(folder: Path, config: dict, told: Path) -> list[dict]:
    """Run steps with the JavaScript client; ``told`` is the file in which they are handed over."""
    told.write_text(json.dumps(config))
    done = subprocess.run(
        ["node", folder / "client.mjs", told], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
