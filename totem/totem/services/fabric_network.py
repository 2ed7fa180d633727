"""The test network of ``network/`` as development uses it: brought up in a folder, and stopped without losing state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from totem.ledger.fabric.membership import Organisation
from totem.services.errors import BadInput, Missing, ProviderSide

__all__ = ["FabricNetwork"]

_CHECKOUT = Path(__file__).resolve().parents[3] / "network"
_ORDERERS = "1"


class FabricNetwork:
    """A Fabric network of plain processes whose state is in ``folder``; its commands are those of ``network/network``.

    Each is a process of its own, which an interrupt of this one doesn't reach: nodes are not left half made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_made(self) -> bool:
        """Whether there is a network in the folder, running or not."""
        return (self.folder / "network.json").exists()

    def check(self) -> None:
        """Check that this machine has what a network needs, before anything is made.

        Raises:
            BadInput: Fabric's programs are not here, or of another version than the network's; the message says what
                to do.
            Missing: the test network's program is not here.
        """
        done = self._call("programs")
        if done.returncode != 0:
            raise BadInput(_said(done), code="network")

    def start(self, names: Sequence[str], *, say: Callable[[str], None] = lambda _: None) -> None:
        """Make a network of these organisations with the contracts, or start what does not run of it.

        ``say`` is told each step as it is done.

        Raises:
            BadInput: no network can be made in the folder; the message says why.
            ProviderSide: a node does not start; the message says which.
        """
        self._run("up", *(() if self.is_made else ("--names", ",".join(names), "--orderers", _ORDERERS)), say=say)
        if json.loads(self._run("status", "--json"))["chaincode"] is None:
            self._run("deploy", say=say)

    def organisations(self) -> dict[str, Organisation]:
        """Return the organisations by name, each with its CA."""
        found: list[dict[str, Any]] = json.loads(self._run("organisations"))
        return {
            item["name"]: Organisation(
                item["msp_id"], Path(item["profile"]), Path(item["ca_certificate"]), Path(item["ca_key"])
            )
            for item in found
        }

    def stop(self) -> None:
        """End all nodes; the state stays."""
        self._run("down", "--keep")

    def _run(self, *words: str, say: Callable[[str], None] = lambda _: None) -> str:
        done = self._call(*words, say=say)
        if done.returncode != 0:
            if not self.is_made:
                raise BadInput(_said(done), code="network")  # it is not a network's folder
            raise ProviderSide(_said(done), code="network", hint=f"the nodes' logs are in {self.folder / 'nodes'}")
        return done.stdout

    def _call(self, *words: str, say: Callable[[str], None] = lambda _: None) -> subprocess.CompletedProcess[str]:
        command = [*_program(), "--state", str(self.folder), *words]
        lines: list[str] = []
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(  # noqa: S603  # our own program, arguments of ours
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=_environment(),
                start_new_session=True,
            ) as process,
        ):
            for line in process.stdout or ():
                say(line.rstrip("\n"))
                lines.append(line)
            status = process.wait()
            errors.seek(0)
            return subprocess.CompletedProcess(command, status, "".join(lines), errors.read())


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").removeprefix("network: ")


def _program() -> list[str]:
    if _CHECKOUT.is_dir() or find_spec("totem_network") is not None:
        return [sys.executable, "-m", "totem_network"]
    raise Missing(
        "the test network's program (totem_network) is not installed with this totem",
        code="no-network",
        hint="use a checkout of TOTEM, or a network of your own: `totem admin join --profile FILE`",
    )


def _environment() -> dict[str, str]:
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_CHECKOUT}{os.pathsep}{path}" if path else str(_CHECKOUT)}
