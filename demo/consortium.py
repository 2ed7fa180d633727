"""Runs ``totem dev`` for the length of the demo: two providers, a consumer, the ledger, the API."""

from __future__ import annotations

import json
import selectors
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from demo.terminal import TOTEM, DemoFailed

__all__ = ["Api", "running"]

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180
END_SECONDS = 20


@dataclass(frozen=True)
class Api:
    """The REST API as the consumer's programs see it."""

    url: str
    token: str

    def get(self, path: str) -> Any:
        """Return the answer's JSON; see ``text``."""
        return json.loads(self.text("GET", path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the answer's JSON; see ``text``."""
        return json.loads(self.text("POST", path, body))

    def text(self, method: str, path: str, body: dict[str, Any] | None = None) -> str:
        """Return the answer's text.

        Raises:
            DemoFailed: the answer is an error.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60)
        if answer.is_error:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.text


@contextmanager
def running(home: Path, log: Path, ledger: str) -> Iterator[Api]:
    """Start a new consortium in ``home`` (what was there is removed), end it at the end; its log goes to ``log``.

    Raises:
        DemoFailed: it did not come up; the message carries the log.
    """
    _remove(home)
    home.mkdir(parents=True)
    command = [str(TOTEM), "dev", "--ledger", ledger, "--dir", str(home), "--port", "0", "--json"]
    with log.open("w") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as server:
        try:
            first = _first_line(server)
            if not first:
                raise DemoFailed(f"`totem dev` did not come up within {START_SECONDS} s; its log:\n{log.read_text()}")
            started = json.loads(first)
            yield Api(started["api"], started["token"])
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _remove(home: Path) -> None:
    """Remove a consortium; of one on Fabric the nodes are ended and the ports given back."""
    network = home / "network"
    if (network / "network.json").exists():
        command = [str(ROOT / "network" / "network"), "--state", str(network), "down"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoFailed(f"the network of the demo before does not go away: {done.stderr}")
    shutil.rmtree(home, ignore_errors=True)


def _first_line(server: subprocess.Popen[str]) -> str:
    """Return the line with which the server says that it is up; nothing if it ended or said nothing in time."""
    if server.stdout is None:
        return ""
    with selectors.DefaultSelector() as selector:
        selector.register(server.stdout, selectors.EVENT_READ)
        return server.stdout.readline() if selector.select(START_SECONDS) else ""
