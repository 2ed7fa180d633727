"""A story with secrets in it, on a real network: jobs that end in many ways, and who may have what of them afterwards.

Five organisations: north, researcher and consortium endorse everything, south only what is written into its own
collection, and east has no part in anything.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.network import leak_jobs as data
from tests.network.entitled import ENDORSERS, Planted, keys_of, written
from tests.network.real_dev import STATES, Development
from tests.network.real_site import SERVER, until
from totem.ledger.fabric import from_wallet
from totem.ledger.wallet import Wallet
from totem.services.errors import Missing
from totem.services.home import Home
from totem_network import endorse, processes, server

RESEARCHER = "researcher"


class Told:
    """The story as it is told; ``planted`` are the secrets by name, ``said`` what was said to whom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dev = Development(folder / "home", "--providers", "3")
        self.said: list[tuple[str, str]] = []
        self.planted: dict[str, Planted] = {}
        self.raw: dict[str, dict] = {}
        self.wrong_token = "totem_" + secrets.token_urlsafe(32)

    @property
    def home(self) -> Path:
        return self.dev.home

    def limit_endorsers(self) -> None:
        """Give every organisation a profile by which three endorse, and start the server anew with it."""
        self.plant_token()
        self.dev.kill()
        document = json.loads((self.home / "fabric.json").read_text())
        for entry in document["organisations"].values():
            usual = self.home / entry["profile"]
            profile = json.loads(usual.read_text())
            profile |= {"endorsers": sorted(f"{name.title()}MSP" for name in ENDORSERS), "endorsements": len(ENDORSERS)}
            entry["profile"] = str(usual.with_stem(f"{usual.stem}-limited"))
            Path(entry["profile"]).write_text(json.dumps(profile))
        (self.home / "fabric.json").write_text(json.dumps(document))
        self.dev.start()
        self.plant_token()

    def plant_token(self) -> None:
        """Note the token with which the server has started: each time it is another one."""
        self.planted[f"token {len(self.planted)}"] = Planted(self.dev.started["token"])

    def run(self, *words: object, who: str, status: int = 0) -> str:
        """Run a command; what it prints is said to ``who``."""
        printed = self.dev.totem(*words, who=who, status=status)
        self.said.append((who, printed))
        return printed

    def publish(self, name: str, rows: str, header: dict[str, str], *, who: str = "north", options=()) -> Path:
        """Publish a file, and give the researcher access."""
        file, schema = self.folder / f"{name}.csv", self.folder / f"{name}.json"
        schema.write_text(json.dumps(header))
        file.write_text(",".join(header) + "\n" + rows)
        usual = ("--schema", schema, "--auto-approve", "--combining", "any", "--yes")
        self.run("provider", "publish", name, file, *usual, *options, who=who)
        self.run("access", "request", name, "--purpose", "tests", who=RESEARCHER)
        return file

    def job(self, text: str, *datasets: str, totem: int = 10_000_000, **more: object) -> dict:
        """Run a job to its end, following its events; return it."""
        return self.follow(self.submit(text, *datasets, totem=totem, **more))

    def submit(self, text: str, *datasets: str, totem: int, **more: object) -> str:
        body = {"source": text, "datasets": list(datasets), "totem": totem, **more}
        answer = self.dev.api.post("/v1/jobs", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def begun(self, **more: object) -> str:
        """Submit a job that does not end by itself; return its id when groups are in its reducers."""
        job_id = self.submit(data.source(data.ENDLESS, "endless"), "cells", totem=100_000_000_000, **more)
        until(lambda: self.dev.job(f"/v1/jobs/{job_id}")["settled"], 60)
        return job_id

    def cancelled(self) -> dict:
        """Run a job that its consumer cancels while it reduces."""
        job_id = self.begun()
        assert self.dev.api.post(f"/v1/jobs/{job_id}/cancel").status_code == 202
        return self.follow(job_id)

    def expired(self) -> dict:
        """Run a job whose server is killed while it reduces, and comes back when its deadline is over."""
        job_id = self.begun(deadline_seconds=60)
        deadline = self.dev.job(f"/v1/jobs/{job_id}")["deadline"]
        self.dev.kill()
        until(lambda: time.time() * 1000 > deadline + 1000, 90)
        self.dev.start()
        self.plant_token()
        return self.follow(job_id)  # its provider's server ends it

    def follow(self, job_id: str) -> dict:
        with self.dev.api.stream("GET", f"/v1/jobs/{job_id}/events") as events:
            lines = list(events.iter_lines())
        self.said.append((RESEARCHER, "\n".join(lines)))
        job: dict = json.loads([line for line in lines if line.startswith("data:")][-1][5:])
        assert job["state"] in STATES, job
        return job

    def tell(self) -> None:
        """Run everything; at the end nodes and server have ended."""
        self.limit_endorsers()
        jobs = {name: job["job_id"] for name, job in self.run_jobs().items()}
        self.purge(jobs["purged"])
        self.ask_as_others(jobs)
        self.plant(jobs)
        self.raw = self.read_raw(jobs)
        self.dev.stop()

    def run_jobs(self) -> dict[str, dict]:
        """Run jobs that end in every way that there is; return them."""
        cells = {"word": "str", "note": "str", "number": "int", "other": "str", "pay": "int"}
        row = f"{data.GROUP},{data.CELL},{data.NUMBER},{data.HIDDEN},{data.HIDDEN_NUMBER}\n"
        options = ("--hide", "other", "--hide", "pay")
        self.publish("cells", (row + "other,b,2,c,3\n") * data.ROWS, cells, options=options)
        for name, group in data.PARTIAL.items():
            rows = "".join(f"{group}-{number % 9}\n" for number in range(60))
            self.publish(f"words-{name}", rows, {"word": "str"}, who=name)
        pages = "".join(f"{data.LARGE}-{number:06d}-{'x' * 64}\n" for number in range(data.LARGE_ROWS))
        self.publish("pages", pages, {"word": "str"})
        self.publish("words-gone", "other\n", {"word": "str"}, who="south")
        for name in ("spoilt", "gone"):
            file = self.publish(name, "a,b,2\n" * 3, {"word": "str", "note": "str", "number": "int"}, who="south")
            file.write_text(f"word,note,number\na,b,{data.BAD}\n" * 3)
        for name in ("gone", "words-gone"):
            shutil.rmtree(self.home / "providers" / "south" / "datasets" / name)
        schema = self.folder / "spoilt.json"
        bad = ("provider", "publish", "worse", self.folder / "spoilt.csv", "--schema", schema, "--yes")
        self.run(*bad, who="south", status=5)

        count = data.source(data.COUNT, "counted")
        words = [f"words-{name}" for name in data.PARTIAL]
        counted = self.job(count, "cells")
        ended = {
            "counted": counted,
            "purged": self.job(data.source(data.COUNT, "purged"), "cells"),
            "halted": self.job(count, "cells", totem=(counted["estimate"]["lower"] + counted["used"]) // 2),
            "failed": self.job(data.CONVERT, "cells"),
            "spoilt": self.job(count, "spoilt"),
            "declined": self.job(count, "gone"),
            "sealed": self.job(data.WORDS, "pages", totem=10_000_000_000),
            "joined": self.job(data.source(data.DISTINCT, "joined"), *words, combining="south@SouthMSP"),
            "too few": self.job(data.WORDS, "words-north", "words-gone", combining="north@NorthMSP", at_least=2),
            "cancelled": self.cancelled(),
            "expired": self.expired(),
        }
        states = {name: job["state"] for name, job in ended.items()}
        assert states == dict.fromkeys(states, "completed") | {
            "halted": "out_of_totem",
            "failed": "failed",
            "spoilt": "provider_failed",
            "declined": "declined",
            "too few": "too_few",
            "cancelled": "cancelled",
            "expired": "expired",
        }
        return ended

    def purge(self, job_id: str) -> None:
        """Fetch a result for good; wait until its provider has let go of it, too."""
        self.run("job", "result", job_id, "-o", self.folder / "kept.jsonl", who=RESEARCHER)
        until(lambda: not (self.home / "providers" / "north" / "jobs" / job_id / "result.jsonl").exists())
        home = Home(self.home)
        with pytest.raises(Missing) as refused:
            home.session(RESEARCHER).query("results.get", job_id=job_id)
        assert refused.value.code == "purged"
        home.consortium.close()

    def read_raw(self, jobs: dict[str, str]) -> dict[str, dict]:
        """Return what the researcher's peer gives a chaincode of the researcher's own making; it serves that then."""
        network = self.dev.network
        organisation = network.organisation(RESEARCHER)
        processes.stop(network.node_folder(network.chaincode.node(organisation)))
        command = [sys.executable, str(SERVER), "tests.network.raw_reader:chaincode"]
        server.start(network, organisation, dataclasses.replace(network.chaincode, command=command))
        identity = from_wallet(Wallet(self.home / "wallet"), RESEARCHER)

        def read(job_id: str) -> dict | None:
            wanted = {"msp_id": organisation.msp_id, "kind": "result", "parts": [job_id]}
            call = [b"raw.read", json.dumps(wanted).encode()]
            status, _, payload = endorse.ask(network, organisation, "totem", call, identity=identity)
            return json.loads(payload) if status == endorse.OK else None

        return {name: until(lambda name=name: read(jobs[name]), 60) for name in ("counted", "purged")}

    def ask_as_others(self, jobs: dict[str, str]) -> None:
        """Ask for the jobs, with all that is told about them, in the name of everybody else."""
        home = Home(self.home)
        for name in ("north", "south", "east", "admin"):
            session = home.session(name)
            for event in session.gateway.ledger.events(0):
                self.said.append((name, json.dumps(dataclasses.asdict(event))))
            token, _ = home.tokens.issue(name)
            headers = {"Authorization": f"Bearer {token}"}
            self.planted[f"token of {name}"] = Planted(token)
            for job_id in jobs.values():
                for what in ("", "/events", "/result", "/bill"):
                    answer = self.dev.api.get(f"/v1/jobs/{job_id}{what}", headers=headers)
                    self.said.append((name, answer.text))
                    assert what != "/result" or answer.is_error, (name, job_id)
        for name in ("south", "east"):
            self.run("ledger", "show", "--limit", "200", who=name)
            self.run("provider", "jobs", who=name)
        wrong = self.dev.api.get(f"/v1/jobs/{self.wrong_token}", headers={"Authorization": self.wrong_token})
        assert wrong.status_code == 401
        home.consortium.close()

    def plant(self, jobs: dict[str, str]) -> None:
        """Note every secret, and who may have it."""
        own = "providers/north/jobs/{}/result.jsonl"
        left = tuple(own.format(jobs[name]) for name in ("counted", "halted"))
        self.planted |= {
            "group": written(data.GROUP, RESEARCHER, files=(*left, "cells.csv", "kept.jsonl")),
            "cell": Planted(data.CELL, files=("cells.csv",)),
            "number": Planted(data.NUMBER, files=("cells.csv",)),
            "hidden cell": Planted(data.HIDDEN, files=("cells.csv",)),
            "hidden number": Planted(data.HIDDEN_NUMBER, files=("cells.csv",)),
            "spoilt cell": Planted(data.BAD, files=("spoilt.csv", "gone.csv")),
            "sealed result": Planted(data.LARGE, files=(own.format(jobs["sealed"]), "pages.csv")),
            "result": written(data.ROWS * data.SHARE["counted"], RESEARCHER, files=left),
            "purged result": written(
                data.ROWS * data.SHARE["purged"], RESEARCHER, files=("kept.jsonl",), is_purged=True
            ),
            "joint result": written(
                data.JOINT_WORDS * data.SHARE["joined"],
                RESEARCHER,
                with_=("south",),  # it purges the partial groups from south's collection, and south has made it
                files=(f"providers/south/jobs/{jobs['joined']}-c/result.jsonl",),
            ),
            "sum that nobody gets": Planted(data.ROWS * data.SHARE["endless"]),
            "wrong token": Planted(self.wrong_token),
        }
        for name, group in data.PARTIAL.items():
            self.planted[f"partial groups of {name}"] = Planted(group, files=(f"words-{name}.csv",))
        self.planted |= self.in_private_data(jobs) | keys_of(self.home)

    def in_private_data(self, jobs: dict[str, str]) -> dict[str, Planted]:
        """Return the access keys, one-time codes and salts, each from whom it is for."""
        home = Home(self.home)
        north, south, researcher = (home.session(name) for name in ("north", "south", RESEARCHER))
        found = {}
        for granted in researcher.query("access.list", limit=100)["access"]:
            key = researcher.query("access.key", access_id=granted["access_id"])["access_key"]
            found[f"access key of {granted['dataset_id']}"] = written(key, RESEARCHER)
        joined, few = jobs["joined"], jobs["too few"]
        alone = ("counted", "purged", "halted", "failed", "sealed", "cancelled", "expired")
        for session, job_id, others in (
            *((north, jobs[name], ()) for name in alone),
            *((south, jobs[name], ()) for name in ("spoilt", "declined")),
            *((north if part == "1" else south, f"{joined}-{part}", ("north", "south")) for part in "12c"),
            *((south if part == "2" else north, f"{few}-{part}", ("north", "south")) for part in "12c"),
        ):
            code = session.query("access.code", job_id=job_id)["code"]
            found[f"one-time code of {job_id}"] = written(code, session.name, with_=others)
        for job_id in (jobs["counted"], jobs["sealed"]):
            for number, receipt in enumerate(north.query("results.receipts", job_id=job_id)["receipts"]):
                found[f"salt {number} of {job_id}"] = written(receipt["salt"], RESEARCHER, "north")
        home.consortium.close()
        return found
