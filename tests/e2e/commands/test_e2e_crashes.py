"""kill -9 of the provider's server at every point of its protocol: after a restart everything ends as undisturbed."""

import json
import signal

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.home import Home
from totem.services.killpoints import POINTS
from totem.services.publish import prepare, publish
from totem_ccf.faults import KILL_AT, KILL_ONCE
from totem_ccf.faults import POINTS as FRAMEWORK_POINTS

JOB = """from totem_sdk import TotemJob


class Readings(TotemJob):
    def mapper(self, _, row):
        yield row.meter, row.kwh

    def reducer(self, meter, kwh):
        yield meter, sum(kwh)
"""
ROWS = 400
TOO_LITTLE = 90_000
HOST_POINTS = tuple(point for point in FRAMEWORK_POINTS if point.startswith("host:"))


def submit(home, folder):
    """Submit a job that completes and one that runs out of totem; returns their ids."""
    data = folder / "readings.csv"
    data.write_text("meter,kwh\n" + "".join(f"{number % 7},{number / 8}\n" for number in range(ROWS)))
    admin = home.found(providers=["north"], consumers=["alice"])
    Consortium(admin).issue("alice@AliceMSP", 1_000_000, "tests")
    policy = {"precheck": "none", "approval": "auto"}
    publish(home.session("north"), home.store("north"), prepare("readings", [data], policy=policy))
    alice = Consumer(home.session("alice"))
    alice.request_access("readings", "tests")
    return [
        alice.submit(Submission(source=JOB, filename="job.py", datasets=["readings"], totem=escrow))["job_id"]
        for escrow in (150_000, TOO_LITTLE)
    ]


def serve(totem, **environment):
    return totem.start("provider", "start", "--once", "--workers", 1, "--at-once", 1, who="north", **environment)


def ends(home, jobs):
    """Return how the jobs ended, with all that must be the same whatever happened on the way."""
    alice = Consumer(home.session("alice"))
    told = []
    for job_id in jobs:
        job = alice.job(job_id)
        result = alice.result(job_id).lines if job["result"] is not None else None
        told.append((job["state"], job["paid"], job["returned"], job["error"], alice.bill(job_id)["bill"], result))
    return told


def is_sound(home):
    assert Consortium(home.session("admin")).audit()["balanced"]
    assert home.explorer().verify()["problem"] is None


@pytest.fixture(scope="module")
def undisturbed(command, tmp_path_factory):
    """How the jobs end where nothing happens to the server."""
    folder = tmp_path_factory.mktemp("undisturbed")
    home = Home(folder / "home")
    jobs = submit(home, folder)
    assert serve(command(home.root)).returncode == 0
    is_sound(home)
    return ends(home, jobs)


@pytest.mark.slow
def test_undisturbed(undisturbed):
    completed, halted = undisturbed
    assert completed[0] == "completed"
    found = sorted(json.loads(line) for line in completed[5].splitlines())
    assert found == [[m, sum(n / 8 for n in range(ROWS) if n % 7 == m)] for m in range(7)]
    assert halted[0] == "out_of_totem"
    assert halted[1] + halted[2] == TOO_LITTLE
    assert 0 < len(halted[5].splitlines()) < 7


@pytest.mark.slow
@pytest.mark.parametrize("point", [*POINTS, *HOST_POINTS])
def test_killed_and_started_again(totem, tmp_path, point, undisturbed):
    home = Home(totem.home)
    jobs = submit(home, tmp_path)
    once = tmp_path / "once"
    once.mkdir()
    killed = serve(totem, **{KILL_AT: point, KILL_ONCE: str(once)})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list(once.iterdir())
    again = serve(totem)
    assert again.returncode == 0, again.stderr
    is_sound(home)
    assert ends(home, jobs) == undisturbed
