"""`totem dev --ledger fabric` as a process, with its network: real jobs by real workers, over the REST API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from totem_network import nodes
from totem_network.layout import Network

TOTEM = Path(sys.executable).parent / "totem"
STATES = {"completed", "failed", "cancelled", "declined", "expired", "out_of_totem", "provider_failed", "too_few"}


class Development:
    """Providers north and south, a consumer, a Fabric network and the API; it can be killed and started again.

    ``options`` are further ones of `totem dev`.
    """

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.options = options
        self.log = home.with_suffix(".log")
        self.env = {**os.environ, "TOTEM_HOME": str(home), "NO_COLOR": "1"}
        self.process: subprocess.Popen | None = None
        self.told: list[str] = []
        self.start()

    def start(self) -> None:
        with self.log.open("a") as stream:
            command = [str(TOTEM), "dev", "--ledger", "fabric", "--port", "0", "--workers", "1", "--json"]
            command += self.options
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True, env=self.env)
        line = self.process.stdout.readline()
        assert line, self.log.read_text()[-2_000:]
        self.started = json.loads(line)
        headers = {"Authorization": f"Bearer {self.started['token']}"}
        self.api = httpx.Client(base_url=self.started["api"], headers=headers, timeout=120)

    @property
    def network(self) -> Network:
        return Network.load(self.home / "network")

    def totem(self, *words, who, status=0):
        command = [str(TOTEM), *(str(word) for word in words)]
        env = {**self.env, "TOTEM_AS": who}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        self.told.append(done.stderr)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def publish(self, name: str, file: Path, schema: Path) -> None:
        options = ["--schema", schema, "--auto-approve", "--yes"]
        self.totem("provider", "publish", name, file, *options, who="north")
        self.totem("access", "request", name, "--purpose", "tests", who=self.started["consumer"])

    def submit(self, source: str, dataset: str, totem: int = 1_000_000) -> str:
        body = {"source": source, "datasets": [dataset], "totem": totem}
        answer = self.api.post("/v1/jobs", json=body)
        assert answer.status_code == 202, answer.text
        return "/v1/jobs/" + answer.headers["location"].rpartition("/")[2]  # the address changes with each start

    def job(self, location: str) -> dict:
        answer = self.api.get(location)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def kill(self) -> None:
        """Kill the server, as a crash would; the network goes on."""
        self.process.kill()
        self.process.wait()
        self.api.close()

    def stop(self) -> None:
        """End server and network; everything stays in the folder."""
        self.api.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(120) == 0
        else:
            nodes.stop_all(self.network)  # a server that was killed has left them
        self.process.stdout.close()
