"""What each role may not do: every transaction is tried by everybody who may not call it."""

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import NotAllowed, ProgramRefused, Unauthorised
from totem.services.provider import Provider


def submission(source, **more):
    return Submission(source=source, filename="job.py", datasets=["bills"], totem=more.pop("totem", 10_000), **more)


@pytest.fixture
def access(home):
    consumer = Consumer(home.session("alice"))
    granted = [item for item in consumer.access("granted") if item["dataset_id"] == "bills"]
    return granted[0] if granted else consumer.request_access("bills", "tests")


FORBIDDEN = {
    "a consumer enrols": ("alice", lambda h, a: Consortium(h).enrol("eve@EveMSP", "provider")),
    "a provider enrols": ("north", lambda h, a: Consortium(h).enrol("eve@EveMSP", "provider")),
    "a consumer issues totem": ("alice", lambda h, a: Consortium(h).issue("alice@AliceMSP", 5, "me")),
    "a provider issues totem": ("north", lambda h, a: Consortium(h).issue("north@NorthMSP", 5, "me")),
    "a consumer suspends": ("alice", lambda h, a: Consortium(h).suspend("north@NorthMSP", "why")),
    "a consumer audits": ("alice", lambda h, a: Consortium(h).audit()),
    "a provider audits": ("north", lambda h, a: Consortium(h).audit()),
    "a consumer proposes a table": ("alice", lambda h, a: Consortium(h).propose_table({"format": "totem-table-1"})),
    "the consortium approves a table": ("admin", lambda h, a: Consortium(h).approve_table("0" * 64)),
    "a consumer approves access": ("alice", lambda h, a: Provider(h).approve(a["access_id"])),
    "another provider approves access": ("south", lambda h, a: Provider(h).approve(a["access_id"])),
    "another provider revokes": ("south", lambda h, a: Provider(h).revoke(a["access_id"], "why")),
    "the consortium approves access": ("admin", lambda h, a: Provider(h).approve(a["access_id"])),
    "another consumer reads a grant": ("bob", lambda h, a: Consumer(h).access_record(a["access_id"])),
    "another consumer reads its key": ("bob", lambda h, a: h.query("access.key", access_id=a["access_id"])),
    "the provider reads the consumer's key": ("north", lambda h, a: h.query("access.key", access_id=a["access_id"])),
    "a consumer withdraws a dataset": ("alice", lambda h, a: Provider(h).withdraw("bills", "why")),
    "another provider withdraws a dataset": ("south", lambda h, a: Provider(h).withdraw("bills", "why")),
    "a provider asks for access": ("south", lambda h, a: Consumer(h).request_access("bills", "spying")),
    "the consortium asks for access": ("admin", lambda h, a: Consumer(h).request_access("bills", "spying")),
    "a consumer looks at another's account": (
        "bob",
        lambda h, a: h.query("accounts.balance", account="alice@AliceMSP"),
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden(home, access, name):
    who, act = FORBIDDEN[name]
    height = home.explorer().height()
    with pytest.raises((NotAllowed, ProgramRefused)) as caught:
        act(home.session(who), access) if name != "the consortium approves a table" else home.session(who).submit(
            "tables.approve", table_id="0" * 64
        )
    assert isinstance(caught.value, NotAllowed), caught.value
    assert home.explorer().height() == height


def test_a_job_of_another_is_not_there_for_anybody_else(home, access, job_source):
    mine = Consumer(home.session("alice"))
    job_id = mine.submit(submission(job_source))["job_id"]
    for who, act in {
        "bob": lambda h: Consumer(h).job(job_id),
        "south": lambda h: Provider(h).job(job_id),
    }.items():
        with pytest.raises(NotAllowed):
            act(home.session(who))
    for who, act in {
        "bob": lambda h: Consumer(h).cancel(job_id),
        "north": lambda h: Consumer(h).cancel(job_id),
        "admin": lambda h: Consumer(h).cancel(job_id),
        "south": lambda h: Provider(h).decline(job_id, "why"),
        "alice": lambda h: Provider(h).decline(job_id, "why"),
    }.items():
        with pytest.raises(NotAllowed):
            act(home.session(who))
    for who in ("bob", "south", "admin"):
        with pytest.raises(NotAllowed):
            Consumer(home.session(who)).bill(job_id)
    for who in ("bob", "north", "south", "admin"):
        with pytest.raises(NotAllowed):
            Consumer(home.session(who)).result(job_id)
    mine.cancel(job_id)


def test_a_job_without_a_grant_is_not_accepted(home, job_source):
    with pytest.raises(NotAllowed, match="no valid grant of bills to bob@BobMSP"):
        Consumer(home.session("bob")).submit(submission(job_source))


def test_nobody_acts_without_an_identity_of_the_wallet(home):
    with pytest.raises(Unauthorised, match="no identity 'eve'"):
        home.session("eve")


def test_a_suspended_participant_can_do_nothing(fresh):
    Consortium(fresh.session("admin")).suspend("alice@AliceMSP", "for the test")
    with pytest.raises(NotAllowed, match="suspended"):
        Consumer(fresh.session("alice")).request_access("bills", "anything")
