"""``make demo``: one metered job from end to end, told on a terminal; every command is run for real.

A utility publishes the hourly electricity of 17 homes, a researcher finds out in which hour they use most. Writes
``build/demo/summary.json`` with the figures that were shown. With ``--ledger fabric`` the same story is told on peers
and orderers of Hyperledger Fabric (FABRIC_BIN), and its figures are in ``build/demo-fabric``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from demo.consortium import Api, running
from demo.ledger_scan import cells_found
from demo.terminal import DemoFailed, Terminal
from demo.together import Together

ROOT = Path(__file__).resolve().parent.parent
LEDGERS = {"embedded": Path("build") / "demo", "fabric": Path("build") / "demo-fabric"}
"""On which ledgers the story can be told, and where it keeps what it makes."""

DATA = Path(".data") / "homes.parquet"
JOB = Path("examples") / "peak_hour.py"
BAD_JOB = Path("demo") / "refused" / "nosy_job.py"

UTILITY = "north"
RESEARCHER = "researcher"
ADMIN = "admin"


class Story:
    """The acts, in order; ``figures`` collects what they show. ``out`` is where files are made, below the root."""

    def __init__(self, terminal: Terminal, api: Api, out: Path) -> None:
        self.terminal = terminal
        self.api = api
        self.schema = out / "homes.schema.json"
        self.figures: dict[str, Any] = {}
        self.published: set[float] = set()

    def publish(self) -> None:
        """Act 1: the utility publishes metadata."""
        self.terminal.act("1. A utility publishes its data, without giving them away")
        title = "Hourly electricity of 17 homes, one year"
        words: list[str | Path] = ["provider", "publish", "homes", DATA, "--title", title, "--yes"]
        self.terminal.run(*words, who=UTILITY)
        self.terminal.say(
            "Schema, statistics and salted digests are on the ledger now. The rows stay in the utility's file."
        )

    def look(self) -> None:
        """Act 2: the researcher looks at the metadata."""
        self.terminal.act("2. A researcher looks at what there is")
        self.terminal.run("dataset", "list", who=RESEARCHER)
        dataset = self.api.get("/v1/datasets/homes")
        (ROOT / self.schema).write_text(json.dumps(dataset["schema"], indent=1), "utf-8")
        columns = ", ".join(f"{column['name']}: {column['type']}" for column in dataset["schema"])
        self.terminal.say(f"{dataset['statistics']['rows']:,} rows of {columns}: enough to write a job against.")
        self.figures["dataset"] = {"rows": dataset["statistics"]["rows"], "columns": len(dataset["schema"])}

    def refuse(self) -> None:
        """Act 3: a bad program is refused with reasons."""
        self.terminal.act("3. A job with other intentions is refused, with reasons")
        self.terminal.source(ROOT / BAD_JOB)
        self.terminal.run("check", BAD_JOB, "--schema", self.schema, who=RESEARCHER, status=2)
        self.terminal.say("Nothing of it ran: jobs are read and compiled, never executed as Python.")

    def price(self) -> dict[str, Any]:
        """Act 4: the honest job and its price."""
        self.terminal.act("4. An honest job has a price before it runs")
        self.terminal.source(ROOT / JOB)
        self.terminal.say("The price comes from the compiled job, the estimator table and the published statistics:")
        body = {"source": (ROOT / JOB).read_text("utf-8"), "filename": JOB.name, "datasets": ["homes"]}
        answer = self.api.post("/v1/estimates", body)
        estimate: dict[str, Any] = answer["estimate"]
        self.terminal.show("POST /v1/estimates")
        for name in ("lower", "expected", "upper"):
            self.terminal.show(f"{name:<9}{_totem(estimate[name])}")
        if estimate["upper"] is None:
            raise DemoFailed("the estimate has no upper bound, but the story needs an escrow that is enough")
        self.figures["estimate"] = estimate
        return estimate

    def ask_for_access(self) -> None:
        """Act 5: access is asked for and granted."""
        self.terminal.act("5. The researcher asks, the utility answers")
        purpose = "Find the hour in which a battery helps most"
        self.terminal.run("access", "request", "homes", "--purpose", purpose, who=RESEARCHER)
        self.terminal.run("provider", "requests", who=UTILITY)
        (request,) = self.api.get("/v1/access-requests")["access"]
        self.terminal.run("provider", "approve", request["access_id"], "--days", "30", who=UTILITY)

    def run_job(self, escrow: int) -> dict[str, Any]:
        """Act 6: the job runs, with enough totem in escrow."""
        self.terminal.act("6. The job runs where the data are, every operation paid for in advance")
        self.terminal.run("job", "submit", JOB, "homes", "--totem", str(escrow), "--watch", who=RESEARCHER)
        job = self._newest_job()
        self.terminal.run("job", "bill", job["job_id"], who=RESEARCHER)
        self.terminal.run("job", "result", job["job_id"], who=RESEARCHER)
        result = [json.loads(line) for line in self.api.text("GET", f"/v1/jobs/{job['job_id']}/result").splitlines()]
        hour, kwh = max(result, key=lambda pair: pair[1])
        self.terminal.say(f"Most is used between {hour}:00 and {hour + 1}:00: {kwh:,.0f} kWh in the year.")
        self.figures["completed"] = _ended(job) | {"peak_hour": hour, "peak_kwh": kwh, "groups": len(result)}
        self.figures["bill"] = self.api.get(f"/v1/jobs/{job['job_id']}/bill")["bill"]
        return job

    def run_dry(self, estimate: dict[str, Any], used: int) -> None:
        """Act 7: the same job with too little totem halts."""
        self.terminal.act("7. The same job with too little totem")
        too_little = estimate["lower"] - 1
        self.terminal.say("Less than the job needs at least: refused at once, nothing is spent.")
        self.terminal.run("job", "submit", JOB, "homes", "--totem", str(too_little), who=RESEARCHER, status=2)
        some = (estimate["lower"] + used) // 2
        self.terminal.say("Enough to begin, too little to finish: it halts before the first charge that can't be paid.")
        words: list[str | Path] = ["job", "submit", JOB, "homes", "--totem", str(some), "--watch"]
        self.terminal.run(*words, who=RESEARCHER, status=3)
        job = self._newest_job()
        if not (job["state"] == "out_of_totem" and job["paid"] + job["returned"] == job["escrow"] == some):
            raise DemoFailed(f"the halted job's books are wrong: {json.dumps(job)}")
        self.terminal.say(f"Paid for what was done: {_totem(job['paid'])}. The rest came back.")
        self.figures["refused"] = {"escrow": too_little, "needs": estimate["lower"]}
        self.figures["halted"] = _ended(job)

    def verify(self) -> None:
        """Act 10: the ledger is verified, and searched for the data."""
        self.terminal.act("10. What the ledger knows, and what it never knew")
        self.terminal.run("ledger", "show", "--limit", "8", who=RESEARCHER)
        self.terminal.run("ledger", "verify", who=RESEARCHER)
        self.figures["ledger"] = self.terminal.ask("ledger", "verify", who=RESEARCHER)
        self.terminal.run("admin", "audit", who=ADMIN)
        self.published = self._published_limits()

    def search(self, folder: Path) -> None:
        """Act 10, its end: the ledger's files, in ``folder``, are searched; nobody writes to them any more."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        searched, found = cells_found(files, ROOT / DATA, "kwh")
        if found - self.published:
            raise DemoFailed(f"{len(found - self.published)} cells of the column kwh are on the ledger")
        size = sum(path.stat().st_size for path in files)
        self.terminal.say(
            f"Searched the ledger's {len(files)} files ({size:,} bytes) for {searched:,} different cells of the column "
            f"kwh, as text and as bytes: {_none_but(len(found))}."
        )
        self.figures["search"] = {
            "cells": searched,
            "bytes": size,
            "cells_on_ledger": len(found - self.published),
            "published_limits": len(found),
        }

    def _newest_job(self) -> dict[str, Any]:
        newest = self.api.get("/v1/jobs?limit=1")["jobs"][0]
        job: dict[str, Any] = self.api.get(f"/v1/jobs/{newest['job_id']}")
        return job

    def _published_limits(self) -> set[float]:
        """Return the minimum and maximum of the column that the provider chose to publish."""
        statistics = self.api.get("/v1/datasets/homes")["statistics"]["columns"]["kwh"]
        limits = (statistics.get("minimum"), statistics.get("maximum"))
        return {float(next(iter(limit.values()))) for limit in limits if limit is not None}


def _totem(amount: int | None) -> str:
    return "unbounded" if amount is None else f"{amount:,} totem"


def _none_but(published: int) -> str:
    if published == 0:
        return "none is there"
    return f"none is there but {published} that the utility itself published, as the column's minimum or maximum"


def _ended(job: dict[str, Any]) -> dict[str, Any]:
    return {name: job[name] for name in ("job_id", "state", "escrow", "used", "paid", "returned")}


def tell(ledger: str) -> dict[str, Any]:
    """Tell the whole story; returns its figures.

    Raises:
        DemoFailed: something did not go as the story says.
    """
    began = time.monotonic()
    out = ROOT / LEDGERS[ledger]
    home = out / "consortium"
    out.mkdir(parents=True, exist_ok=True)
    terminal = Terminal(home, ROOT)
    homes = pq.read_table(ROOT / DATA, columns=["home"])["home"].unique()
    what = "a ledger" if ledger == "embedded" else "a Fabric network of four organisations"
    terminal.title(
        f"TOTEM: one job on the electricity of {len(homes)} real homes.\n"
        "A provider owns data that must not leave the house; a consumer wants an answer computed from them.\n"
        f"Two providers, a researcher, {what} and an API are being started on this machine."
    )
    with running(home, out / "totem-dev.log", ledger) as api:
        story = Story(terminal, api, LEDGERS[ledger])
        story.publish()
        story.look()
        story.refuse()
        estimate = story.price()
        story.ask_for_access()
        job = story.run_job(estimate["upper"])
        story.run_dry(estimate, job["used"])
        together = Together(terminal, api, ROOT, LEDGERS[ledger], DATA)
        together.answer(8, (story.figures["completed"]["peak_hour"], story.figures["completed"]["peak_kwh"]))
        together.fail(9)
        story.figures |= together.figures
        story.verify()
    # Of a Fabric network every node's files: blocks, state, private data, write-ahead logs, and what the nodes logged.
    story.search(home / ("ledger" if ledger == "embedded" else "network/nodes"))
    story.figures["seconds"] = round(time.monotonic() - began, 1)
    return story.figures


def main() -> int:
    """Tell the story and write its figures; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", choices=LEDGERS, default="embedded")
    ledger = parser.parse_args().ledger
    try:
        figures = tell(ledger)
    except DemoFailed as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    summary = LEDGERS[ledger] / "summary.json"
    (ROOT / summary).write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(f"\nThe figures are in {summary}; the consortium's folder is {LEDGERS[ledger] / 'consortium'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
