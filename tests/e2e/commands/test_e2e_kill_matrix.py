"""kill -9 of the provider's server, again and again, while jobs of every end are open: all end as undisturbed.

Each start of the server is killed at another point (of its own protocol or of the framework's), then started again.
Afterwards the ledger is whole, no totem is missing, and no process is left.
"""

import json
import os
import signal
from pathlib import Path

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import ENDED, Consumer, Submission
from totem.services.home import Home
from totem.services.publish import prepare, publish
from totem_ccf.faults import KILL_AT, KILL_ONCE

pytestmark = pytest.mark.slow

SUM = """from totem_sdk import TotemJob


class Readings(TotemJob):
    def mapper(self, _, row):
        yield row.meter, row.kwh

    def reducer(self, meter, kwh):
        yield meter, sum(kwh)
"""
FAILS = """from totem_sdk import TotemJob


class Fails(TotemJob):
    def mapper(self, _, row):
        yield row.meter, 10 // (row.meter - 5)

    def reducer(self, meter, numbers):
        yield meter, sum(numbers)
"""
ESCROW = 100_000
JOBS = {
    "completes": ("readings", SUM, ESCROW),
    "halts": ("readings", SUM, 64_400),
    "fails": ("readings", FAILS, ESCROW),
    "has bad data": ("damaged", SUM, ESCROW),
    "is cancelled": ("readings", SUM, ESCROW),
}
POINTS = [
    "server:after-accept",
    "server:before-check",
    "server:before-settle",
    "server:after-settle",
    "host:after-settle",
    "server:after-run",
    "host:after-end",
    "server:before-end",
    "server:after-end",
]
INSIDE = [
    ["manager:after-lease-log", "worker:map-written", "master:after-assign"],
    ["manager:after-settle", "worker:reduce-written", "master:before-end"],
]


class Story:
    """A consortium with a job of each end, served by a server that may be killed."""

    def __init__(self, totem, folder):
        self.totem, self.folder, self.home = totem, folder, Home(totem.home)
        admin = self.home.found(providers=["north"], consumers=["alice"])
        Consortium(admin).issue("alice@AliceMSP", 1_000_000, "tests")
        self.alice = Consumer(self.home.session("alice"))
        self.files = {}
        for name in ("readings", "damaged"):
            self.files[name] = folder / f"{name}.csv"
            rows = "".join(f"{number % 7},{number / 8}\n" for number in range(400))
            self.files[name].write_text("meter,kwh\n" + rows)
            policy = {"precheck": "none", "approval": "auto"}
            publication = prepare(name, [self.files[name]], policy=policy)
            publish(self.home.session("north"), self.home.store("north"), publication)
            self.alice.request_access(name, "tests")
        damaged = self.files["damaged"]
        damaged.write_text(damaged.read_text().replace("1,0.125", "1,9.125"))
        self.jobs = {name: self.submit(*job) for name, job in JOBS.items()}

    def submit(self, dataset, source, escrow):
        submission = Submission(source=source, filename="job.py", datasets=[dataset], totem=escrow)
        return self.alice.submit(submission)["job_id"]

    def serve(self, **environment):
        words = ["provider", "start", "--once", "--workers", 2, "--at-once", 2]
        return self.totem.start(*words, who="north", **environment)

    def killed_at(self, points, number):
        once = self.folder / f"once-{number}"
        once.mkdir()
        done = self.serve(**{KILL_AT: ",".join(points), KILL_ONCE: str(once)})
        return done, [path.name for path in once.iterdir()]

    def ends(self):
        told = {}
        for name, job_id in self.jobs.items():
            job = self.alice.job(job_id)
            result = sorted(self.alice.result(job_id).pairs()) if job["result"] is not None else None
            told[name] = (job["state"], job["paid"], job["returned"], job["error"], result)
        return told

    def is_sound(self):
        assert Consortium(self.home.session("admin")).audit()["balanced"]
        assert self.home.explorer().verify()["problem"] is None
        assert [job["state"] for job in map(self.alice.job, self.jobs.values()) if job["state"] not in ENDED] == []
        assert processes_in(self.home.root) == []


def processes_in(folder):
    """Processes that have a file below the folder open."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                targets = [str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()]
            except OSError:
                continue
            if any(target.startswith(str(folder)) for target in targets):
                found.append(int(process.name))
    return found


def test_jobs_of_every_end_survive_a_server_that_is_killed_again_and_again(command, tmp_path):
    undisturbed = Story(command(tmp_path / "undisturbed"), tmp_path)
    undisturbed.alice.cancel(undisturbed.jobs["is cancelled"])
    assert undisturbed.serve().returncode == 0
    undisturbed.is_sound()
    expected = undisturbed.ends()
    assert {name: end[0] for name, end in expected.items()} == {
        "completes": "completed",
        "halts": "out_of_totem",
        "fails": "failed",
        "has bad data": "provider_failed",
        "is cancelled": "cancelled",
    }
    assert expected["has bad data"][1:3] == (0, ESCROW)
    assert json.dumps(expected["fails"][3]) == '{"kind": "zero_division", "line": 6}'

    other = tmp_path / "other"
    other.mkdir()
    story = Story(command(tmp_path / "disturbed"), other)
    story.alice.cancel(story.jobs["is cancelled"])
    reached = []
    for number, point in enumerate(POINTS):
        # Processes inside are killed too; only the server's own end stops it.
        inside = INSIDE[number % 2] if number < 4 else []
        done, marks = story.killed_at([point, *inside], number)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        reached += marks
    assert len(reached) >= len(POINTS), reached
    assert story.serve().returncode == 0
    story.is_sound()
    assert story.ends() == expected


@pytest.mark.parametrize("moment", ["server:after-accept", "server:before-settle", "server:after-settle"])
def test_a_job_that_is_cancelled_while_its_server_is_dead_pays_what_is_settled(totem, tmp_path, moment):
    story = Story(totem, tmp_path)
    for name in ("completes", "halts", "fails", "has bad data"):
        story.alice.cancel(story.jobs[name])
    done, marks = story.killed_at([moment], 0)
    assert (done.returncode, marks) == (-signal.SIGKILL, [moment.replace(":", "-")])
    job_id = story.jobs["is cancelled"]
    settled = story.alice.job(job_id)["used"]
    assert (settled > 0) == (moment == "server:after-settle")
    assert story.alice.cancel(job_id)["state"] == "cancelling"
    # It is killed once more on the way to its end.
    story.killed_at(["server:before-end"], 1)
    assert story.serve().returncode == 0
    story.is_sound()
    job = story.alice.job(job_id)
    assert (job["state"], job["result"]) == ("cancelled", None)
    assert job["paid"] + job["returned"] == ESCROW
    assert job["paid"] >= settled
