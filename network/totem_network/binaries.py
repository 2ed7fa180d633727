"""Fabric's programs: where they are, which version they are, and how one is run to its end."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from totem_network.errors import NetworkError

__all__ = ["PROGRAMS", "SUPPORTED", "Binaries", "find"]

PROGRAMS = ("peer", "orderer", "cryptogen", "configtxgen", "osnadmin", "configtxlator")
SUPPORTED = ("2.5", "3.1")
"""Minor versions of Fabric that this network is tested with."""

_ADVICE = (
    "Set FABRIC_BIN to the folder that has them, or, on a machine with internet, run network/install-fabric "
    "and set FABRIC_BIN as it says."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that has all of Fabric's programs, of one version (such as 2.5.16)."""

    folder: Path
    version: str

    @property
    def minor(self) -> str:
        """``2.5`` or ``3.1``."""
        return ".".join(self.version.split(".")[:2])

    def path(self, program: str) -> str:
        """Return the path of one of ``PROGRAMS``."""
        return str(self.folder / program)

    def run(
        self,
        program: str,
        *arguments: str,
        config: Path | None = None,
        input_: bytes | None = None,
        timeout: float = 60,
    ) -> bytes:
        """Run a program to its end and return its standard output; ``config`` is its configuration folder.

        Raises:
            NetworkError: it failed, or took longer than ``timeout`` seconds; the message has its last lines.
        """
        command = [self.path(program), *arguments]
        try:
            done = subprocess.run(
                command, input=input_, capture_output=True, env=environment(config), check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            raise NetworkError(f"{_shown(command)}: no end after {timeout:g} s") from None
        if done.returncode != 0:
            raise NetworkError(f"{_shown(command)}: status {done.returncode}: {_last_lines(done.stderr, done.stdout)}")
        return done.stdout


def environment(config: Path | None = None, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of Fabric's programs: none of the caller's CORE_*, ORDERER_* or FABRIC_* settings."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    if config is not None:
        kept["FABRIC_CFG_PATH"] = str(config)
    # A single place decides about proxies: nobody here talks to anything but loopback.
    kept["NO_PROXY"] = kept["no_proxy"] = "127.0.0.1,localhost"
    return {**kept, **(extra or {})}


def find(version: str | None = None) -> Binaries:
    """Return Fabric's programs from FABRIC_BIN, or else from PATH.

    ``version`` ("2.5", "3.1", or a whole version) must be theirs where it is given.

    Raises:
        NetworkError: there are none, some are missing, or their version is another one.
    """
    folder = _folder()
    missing = [program for program in PROGRAMS if not os.access(folder / program, os.X_OK)]
    if missing:
        raise NetworkError(f"{folder} has not all of Fabric's programs ({', '.join(missing)} missing). {_ADVICE}")
    found = Binaries(folder, _version(folder / "peer"))
    if found.minor not in SUPPORTED:
        raise NetworkError(f"{folder} has Fabric {found.version}; needed is one of {', '.join(SUPPORTED)}. {_ADVICE}")
    if version is not None and version not in {found.minor, found.version}:
        raise NetworkError(f"{folder} has Fabric {found.version}, not {version}. {_ADVICE}")
    return found


def _folder() -> Path:
    named = os.environ.get("FABRIC_BIN")
    if named:
        folder = Path(named).expanduser().resolve()
        if not folder.is_dir():
            raise NetworkError(f"FABRIC_BIN is {named}, which is no folder. {_ADVICE}")
        return folder
    on_path = shutil.which("peer")
    if on_path is None:
        raise NetworkError(f"Fabric's programs ({', '.join(PROGRAMS)}) are not on this machine. {_ADVICE}")
    return Path(on_path).resolve().parent


def _version(peer: Path) -> str:
    try:
        said = subprocess.run([peer, "version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise NetworkError(f"{peer} version: {error}. {_ADVICE}") from None
    match = re.search(r"Version:\s*v?(\d+\.\d+\.\d+)", said)
    if match is None:
        raise NetworkError(f"{peer} version says {said.strip()!r}: no version of Fabric. {_ADVICE}")
    return match[1]


def _shown(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]])


def _last_lines(*outputs: bytes, lines: int = 4) -> str:
    text = "\n".join(output.decode(errors="replace") for output in outputs)
    return " | ".join([line for line in text.splitlines() if line.strip()][-lines:]) or "it said nothing"
