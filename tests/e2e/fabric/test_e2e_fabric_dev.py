"""``totem dev --ledger fabric`` on real nodes: every command, the published example, the examples' figures."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.test_conformance_examples import EXAMPLES as EXAMPLES_OF_CONFORMANCE
from tests.conformance.test_conformance_examples import PARAMS, Sample
from tests.e2e.commands.test_e2e_development import (
    test_a_job_by_commands_and_by_http as the_story_on_the_embedded_ledger,
)
from tests.e2e.fabric.running import Process, remove_at_the_end, totem_dev
from totem.services.consortium import Consortium
from totem.services.consumer import ENDED, Consumer, Submission
from totem.services.development import prepare_home
from totem.services.errors import ProgramRefused
from totem.services.home import Home
from totem.services.publish import prepare, publish
from totem.services.runner import RunnerOptions
from totem.services.serving import serve_providers
from totem_ccf.storage.profile import OWN, profile
from totem_sdk.schema import LINES

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
JOBS = {**EXAMPLES_OF_CONFORMANCE, "total_bill": "paper-bills"}
TOGETHER = {"community_peak": "homes", "word_count": "descriptions"}
"""Papers' jobs that two providers answer together."""

WAIT_SECONDS = 240


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dev")
    with totem_dev(folder / "home", folder / "log") as running:
        yield running


@pytest.fixture(scope="module")
def home(dev):
    opened = Home(Path(dev.started["home"]))
    yield opened
    opened.consortium.close()


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Those of the conformance suite: rows spread over the real data, as several files each."""
    subprocess.run([sys.executable, str(EXAMPLES.parent / "scripts" / "fetch_data.py")], check=True)
    folder = tmp_path_factory.mktemp("samples")
    return {data: Sample(data, folder) for data in sorted(set(EXAMPLES_OF_CONFORMANCE.values()))}


@pytest.mark.sample
def test_the_story_of_the_embedded_ledger_by_commands_and_by_http(dev, tmp_path):
    the_story_on_the_embedded_ledger((dev.totem, dev.started, dev.log), tmp_path, EXAMPLES)


@pytest.mark.sample
def test_the_published_example_costs_198_completes_with_198_and_is_refused_with_197(home):
    publish_exactly(home, "paper")
    alice = Consumer(home.session("researcher"))
    table = Consortium(alice.session).table_id("paper-2019", "active")
    source = (EXAMPLES / "paper1" / "total_bill.py").read_text()
    job = Submission(source=source, filename="total_bill.py", datasets=["paper"], table=table)
    assert alice.estimate(job)["estimate"] == {"lower": 198, "expected": 198, "upper": 198}
    height = home.explorer().height()
    with pytest.raises(ProgramRefused, match="needs at least 198 totem, the escrow is 197"):
        alice.submit(replace(job, totem=197))
    assert home.explorer().height() == height
    ended = wait_for(alice, [alice.submit(replace(job, totem=198))["job_id"]])[0]
    assert (ended["state"], ended["used"], ended["paid"], ended["returned"]) == ("completed", 198, 198, 0)
    assert sorted(alice.result(ended["job_id"]).pairs()) == [[1, 100.0], [2, 400.0], [3, 200.0]]
    functions = transactions(home, height)
    phases = len(ended["phases"])
    assert functions == ["jobs.submit", "jobs.accept", *["jobs.settle"] * phases, "jobs.complete"]
    assert len(functions) <= 3 + phases


def test_without_a_pre_check_the_published_example_halts_with_197(home):
    publish_exactly(home, "paper-unchecked", precheck="none")
    alice = Consumer(home.session("researcher"))
    table = Consortium(alice.session).table_id("paper-2019", "active")
    source = (EXAMPLES / "paper1" / "total_bill.py").read_text()
    job = Submission(source=source, filename="total_bill.py", datasets=["paper-unchecked"], table=table, totem=197)
    (ended,) = wait_for(alice, [alice.submit(job)["job_id"]])
    assert ended["state"] == "out_of_totem"
    # Customers 1 and 3 are done and paid for; of customer 2 the key is read, its values (56) can't be paid any more.
    assert (ended["used"], ended["paid"], ended["returned"]) == (142, 142, 55)
    found = alice.result(ended["job_id"])
    assert (found.pairs(), found.partial) == ([[1, 100.0], [3, 200.0]], True)


def test_all_examples_have_the_embedded_ledger_s_figures(home, samples, tmp_path):
    embedded = Home(tmp_path / "embedded")
    prepare_home(embedded)
    with serve_providers(embedded, RunnerOptions(workers=1)):
        expected = run_all(embedded, samples)
    embedded.consortium.close()
    found = run_all(home, samples)
    assert found.keys() == expected.keys() == {*JOBS, *(f"{example} of two" for example in TOGETHER)}
    for example, figures in expected.items():
        assert found[example] == figures, example
        assert (figures["state"], bool(figures["result"])) == ("completed", True)
    assert found["word_count of two"]["result"] == found["word_count"]["result"]


def run_all(home, samples):
    """Publish the samples, run every job, return what each estimated, cost and found."""
    alice, submitted = Consumer(home.session("researcher")), {}
    for data, sample in samples.items():
        offer(home, "north", data, sample, sample.parts)
        if data in TOGETHER.values():
            offer(home, "north", f"{data}-of-north", sample, sample.parts[:1])
            offer(home, "south", f"{data}-of-south", sample, sample.parts[1:])
    publish_exactly(home, JOBS["total_bill"])

    def submit(name, example, datasets):
        path = EXAMPLES / ("paper1" if example == "total_bill" else "") / f"{example}.py"
        params = PARAMS.get(example, {})
        job = Submission(path.read_text(), path.name, datasets, params=params, totem=10**9)
        submitted[alice.submit(job)["job_id"]] = name

    for example, data in JOBS.items():
        submit(example, example, [data])
    for example, data in TOGETHER.items():
        submit(f"{example} of two", example, [f"{data}-of-north", f"{data}-of-south"])
    figures = {}
    for job in wait_for(alice, list(submitted)):
        job_id = job["job_id"]
        figures[submitted[job_id]] = {
            **{name: job[name] for name in ("state", "estimate", "escrow", "used", "paid", "returned")},
            "phases": [job["phases"], *(part["phases"] for part in job.get("parts", ()))],
            "bill": alice.bill(job_id)["bill"],
            "result": alice.result(job_id).lines,
        }
    return figures


def offer(home, provider, name, sample, parts):
    """Publish files of a sample, and get access to them."""
    policy = {"approval": "auto", "combining_providers": "any"}
    made = prepare(name, parts, policy=policy, lines=sample.schema == LINES)
    publish(home.session(provider), home.store(provider), made)
    Consumer(home.session("researcher")).request_access(name, "to compare")


def publish_exactly(home, name, **policy):
    """Publish the published example's data with exact statistics, as the publication has them; grant it at once."""
    paper = EXAMPLES / "paper1"
    publication = prepare(
        name, [paper / "bills.csv"], schema=paper / "schema.json", policy={"approval": "auto", **policy}
    )
    exact = profile(publication.dataset, frozenset(), options=OWN)
    publish(home.session("north"), home.store("north"), replace(publication, statistics=exact))
    Consumer(home.session("researcher")).request_access(name, "to add up")


def wait_for(consumer, job_ids):
    """Wait until jobs have ended; return their records in this order."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        jobs = [consumer.job(job_id) for job_id in job_ids]
        if all(job["state"] in ENDED for job in jobs):
            return jobs
        assert time.monotonic() < end, [job["state"] for job in jobs]
        time.sleep(0.1)


def transactions(home, height):
    """Return the functions of the transactions about jobs since a height, in order; all of them must be valid."""
    explorer = home.explorer()
    found = [tx for block in range(height, explorer.height()) for tx in explorer.block(block)["transactions"]]
    assert all(tx["valid"] for tx in found)
    return [tx["function"] for tx in found if tx["function"].startswith("jobs.")]


def test_state_stays_when_it_ends_and_goes_on_at_the_next_start(tmp_path):
    home, log = tmp_path / "home", tmp_path / "log"
    data = tmp_path / "bills.csv"
    data.write_text("cid,bill\n" + "".join(f"{row % 5},{row / 4}\n" for row in range(50)))
    job = EXAMPLES / "paper1" / "total_bill.py"
    with remove_at_the_end(home / "network"):
        words = ("dev", "--ledger", "fabric", "--dir", home)
        first = Process(home, log, *words)
        totem = first.totem
        assert totem.tell("provider", "publish", "bills", data, "--auto-approve", "--yes", who="north").exit_code == 0
        totem.ask("access", "request", "bills", "--purpose", "to add up", who="researcher")
        done = totem.ask("job", "submit", job, "bills", "--totem", 100_000, "--watch", who="researcher")
        assert done["state"] == "completed"
        head = totem.ask("ledger", "show", "--limit", 1)["blocks"][0]["hash"]
        again = totem.start(*words, "--port", "0")
        assert (again.returncode, "another `totem dev` runs" in again.stderr) == (2, True)
        first.end()
        stopped = totem.start("job", "list", who="researcher")
        assert stopped.returncode == 2
        assert "no peer of the Fabric network can be reached" in stopped.stderr
        second = Process(home, log, *words)
        assert second.started["providers"] == ["north", "south"]
        assert [item["job_id"] for item in totem.ask("job", "list", who="researcher")] == [done["job_id"]]
        assert totem.ask("ledger", "verify", "--anchor", head)["ok"]
        more = totem.ask("job", "submit", job, "bills", "--totem", 100_000, "--watch", who="researcher")
        assert (more["state"], more["used"]) == ("completed", done["used"])
        assert totem.ask("admin", "audit", who="admin")["balanced"]
        second.end()
