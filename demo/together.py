"""The demo's acts about several providers: three utilities answer one question, also when one of them fails."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demo.consortium import Api
from demo.terminal import TOTEM, DemoFailed, Terminal
from totem_ccf.faults import KILL_AT, KILL_ONCE

__all__ = ["Together"]

JOB = Path("examples") / "community_peak.py"
ADMIN, RESEARCHER = "admin", "researcher"
COMMUNITIES = {"north": range(1, 7), "south": range(7, 13), "east": range(13, 18)}
"""Each utility's homes. North and south are served by `totem dev`; east is made here, with a server of its own."""

COMBINING = "south"
FAILING = "east"
PARTS_SECONDS = 30
"""The shortest time that data parts can be given: so long the others wait for the one that has failed."""

END_SECONDS = 20


class Together:
    """Tells the acts; ``figures`` collects what they show. ``out`` is where files are made, below ``root``."""

    def __init__(self, terminal: Terminal, api: Api, root: Path, out: Path, data: Path) -> None:
        self._terminal = terminal
        self._api = api
        self._root = root
        self._out = out
        self._data = data
        self._datasets = [f"homes-{name}" for name in COMMUNITIES]
        self.figures: dict[str, Any] = {}

    def answer(self, number: int, alone: tuple[int, float]) -> None:
        """Tell the act of three utilities that answer together; ``alone`` is what one with all data has answered."""
        say, run = self._terminal.say, self._terminal.run
        self._terminal.act(f"{number}. Three utilities answer one question together")
        say("Now the 17 homes are three communities of 6, 6 and 5, each with a utility of its own. A third one joins:")
        run("provider", "init", FAILING, "--by", ADMIN, who=ADMIN, last=2)
        say("Each publishes its own homes, and lets south combine what comes out of them with the others':")
        for name, homes in COMMUNITIES.items():
            file = self._share(name, homes)
            words: list[str | Path] = ["provider", "publish", f"homes-{name}", file, "--combining", COMBINING]
            run(*words, "--auto-approve", "--yes", who=name, last=1)
            self._terminal.ask("access", "request", f"homes-{name}", "--purpose", "Peak of all three", who=RESEARCHER)
        self._terminal.source(self._root / JOB)
        run("job", "estimate", JOB, *self._datasets, who=RESEARCHER)
        with self._serving(FAILING):
            job = self._submit()
            run("job", "result", job["job_id"], who=RESEARCHER)
        hour, kwh = self._result(job)
        if (hour, kwh) != alone:
            raise DemoFailed(f"together they answer {(hour, kwh)}, one with all homes has answered {alone}")
        rows = pq.read_metadata(self._root / self._data).num_rows
        say(
            f"Most is used at {hour}:00, {kwh:,.0f} kWh: to the last digit what the one utility with all homes has"
            f" answered. Of {rows:,} rows none has left its utility; 24 sums have left each."
        )
        self.figures["together"] = _figures(job) | {"peak_hour": hour, "peak_kwh": kwh}

    def fail(self, number: int) -> None:
        """Tell the act in which one of them fails, and the others answer."""
        self._terminal.act(f"{number}. One of the three fails, and two are enough")
        self._terminal.say(
            f"East's server dies in the middle of its part (kill -9). The researcher has said that two of three are"
            f" enough, so the others wait for it {PARTS_SECONDS} seconds:"
        )
        with tempfile.TemporaryDirectory() as once, self._serving(FAILING, "server:before-settle", once):
            job = self._submit("--at-least", "2", "--parts-within", str(PARTS_SECONDS))
        self._terminal.run("job", "result", job["job_id"], who=RESEARCHER)
        hour, kwh = self._result(job)
        lost = next(part for part in job["parts"] if part["provider"].startswith(f"{FAILING}@"))
        if job["missing"] != [lost["provider"]] or lost["paid"] != 0:
            raise DemoFailed(f"the books of a job with a failed part are wrong: {json.dumps(job)}")
        self._terminal.say(
            f"The result says whose data are missing. {job['paid']:,} totem went to north and south for what they did,"
            f" none to east; {job['returned']:,} came back."
        )
        self.figures["two_of_three"] = _figures(job) | {"peak_hour": hour, "peak_kwh": kwh}

    def _submit(self, *more: str) -> dict[str, Any]:
        """Submit the job over all three, follow it to its end, and return it."""
        body = {"source": (self._root / JOB).read_text("utf-8"), "filename": JOB.name, "datasets": self._datasets}
        escrow = self._api.post("/v1/estimates", body)["estimate"]["upper"]
        words: list[str | Path] = ["job", "submit", JOB, *self._datasets, "--combine-at", COMBINING, *more]
        self._terminal.run(*words, "--totem", str(escrow), "--watch", who=RESEARCHER)
        newest = self._api.get("/v1/jobs?limit=1")["jobs"][0]
        job: dict[str, Any] = self._api.get(f"/v1/jobs/{newest['job_id']}")
        if job["paid"] + job["returned"] != escrow or job["paid"] != sum(part["paid"] for part in job["parts"]):
            raise DemoFailed(f"the joint job's books are wrong: {json.dumps(job)}")
        return job

    def _result(self, job: dict[str, Any]) -> tuple[int, float]:
        (line,) = self._api.text("GET", f"/v1/jobs/{job['job_id']}/result").splitlines()
        hour, kwh = json.loads(line)
        return hour, kwh

    def _share(self, name: str, homes: range) -> Path:
        """Write the rows of some homes into a file of their own; return its path below the root."""
        file = self._out / f"{name}.parquet"
        rows = pq.read_table(self._root / self._data)
        pq.write_table(rows.filter(pc.is_in(rows["home"], pa.array(homes, pa.int64()))), self._root / file)
        return file

    @contextmanager
    def _serving(self, name: str, killed_at: str = "", once: str = "") -> Iterator[None]:
        """Run a provider's server in a process of its own; ``killed_at``: it is killed at this point of a job, once."""
        faults = {KILL_AT: killed_at, KILL_ONCE: once} if killed_at else {}
        environment = {**os.environ, **self._terminal.environment, "TOTEM_AS": name, **faults}
        command = [str(TOTEM), "provider", "start", "--workers", "2"]
        with (
            (self._root / self._out / f"{name}.log").open("a") as log,
            subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self._root) as server,
        ):
            try:
                yield
            finally:
                server.terminate()
                try:
                    server.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    server.kill()


def _figures(job: dict[str, Any]) -> dict[str, Any]:
    names = ("job_id", "state", "escrow", "used", "paid", "returned", "missing")
    parts = [{name: part[name] for name in ("part", "provider", "state", "used", "paid")} for part in job["parts"]]
    return {name: job[name] for name in names} | {"parts": parts}
