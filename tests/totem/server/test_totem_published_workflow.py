"""The patent's figures 6 and 7: customer, provider, contract and blockchain, step by step in the ledger's events.

Step numbers are the patent's. Figure 8, what happens inside the provider's framework meanwhile, is found in
``tests/ccf/framework/test_published_workflow.py``.
"""

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import NotAllowed, ProgramRefused
from totem.services.provider import Provider
from totem.services.publish import prepare, publish

CUSTOMERS = 20
MAP, REDUCE = 41_600, 7_040
"""What the two functions cost; the estimate says so too."""


class Workflow:
    """A customer and a provider, and what the ledger has told since they began."""

    def __init__(self, home, folder, source):
        self.home, self.source = home, source
        self.begun = home.explorer().height()
        self.customer = Consumer(home.session("alice"))
        self.file = folder / "meters.csv"
        self.file.write_text("cid,bill\n" + "".join(f"{row % CUSTOMERS},{row / 4}\n" for row in range(200)))

    def begin(self, **policy):
        """Go through everything before a job: totem, metadata, the key."""
        asked = self.customer.request_totem(5_000, "to begin with")["request_id"]
        Consortium(self.home.session("admin")).issue("alice@AliceMSP", 5_000, "asked for", request_id=asked)
        north = self.home.session("north")
        publish(north, self.home.store("north"), prepare("meters", [self.file], policy=policy))
        metadata = self.customer.dataset("meters")  # S101
        assert [column["name"] for column in metadata["schema"]] == ["cid", "bill"]
        with pytest.raises(NotAllowed, match="no valid grant"):
            self.submit(MAP + REDUCE)
        access = self.customer.request_access("meters", "to add up")["access_id"]
        Provider(north).approve(access)

    def submit(self, totem):
        submission = Submission(source=self.source, filename="job.py", datasets=["meters"], totem=totem)
        return self.customer.submit(submission)["job_id"]

    def told(self):
        return list(self.home.consortium.ledger.events(self.begun))


@pytest.fixture
def workflow(fresh, tmp_path, job_source):
    return Workflow(fresh, tmp_path, job_source)


STEPS = [
    "accounts.requested",
    "accounts.issued",
    "datasets.published",
    "access.requested",
    "access.granted",  # S404: the key
    "jobs.submitted",  # S103: code and totem; S406, S408: estimated and compared
    "jobs.accepted",
    "jobs.settled",  # S410, S414: the map is executed, the balance updated; S416: checked again
    "jobs.settled",  # the reduce
    "jobs.ended",  # S422, S424: the result; S418: lack of totem
]


@pytest.mark.slow
def test_a_job_that_is_paid_for_completes(workflow, serve):
    workflow.begin()
    before = workflow.told()
    with pytest.raises(ProgramRefused, match=f"needs at least {MAP + REDUCE:,}"):  # S412
        workflow.submit(MAP + REDUCE - 1)
    assert workflow.told() == before

    job_id = workflow.submit(MAP + REDUCE)
    serve(workflow.home)

    told = workflow.told()
    assert [event.name for event in told] == STEPS
    first, second, end = (event.payload for event in told[-3:])
    assert (first["charge"], first["left"], first["verdict"]) == (MAP, REDUCE, "continue")
    assert (second["charge"], second["left"], second["verdict"]) == (REDUCE, 0, "finished")
    assert (end["state"], end["paid"], end["returned"]) == ("completed", MAP + REDUCE, 0)
    assert workflow.customer.job(job_id)["estimate"]["lower"] == MAP + REDUCE
    assert len(workflow.customer.result(job_id).pairs()) == CUSTOMERS


@pytest.mark.slow
def test_a_job_whose_totem_is_spent_is_stopped_and_its_customer_told(workflow, serve):
    workflow.begin(precheck="none")

    job_id = workflow.submit(MAP + REDUCE // 2)
    serve(workflow.home)

    told = workflow.told()
    assert [event.name for event in told] == STEPS
    first, second, end = (event.payload for event in told[-3:])
    assert (first["verdict"], second["verdict"], end["state"]) == ("continue", "out_of_totem", "out_of_totem")
    assert end["paid"] == first["charge"] + second["charge"] <= MAP + REDUCE // 2
    result = workflow.customer.result(job_id)
    assert result.partial
    assert 0 < len(result.pairs()) < CUSTOMERS
