"""Whoever endorses a joint job sees its transient data: partial groups are not in it, only their ciphertext."""

import pytest
from joint_home import PROVIDERS, JointHome

from totem.services.errors import ProviderSide
from totem.services.joint_parts import fetch_partials
from totem.services.session import Session
from totem_chaincode import canonical

pytestmark = pytest.mark.slow


@pytest.fixture
def proposed(monkeypatch):
    """Everything that is given to endorsers: function, arguments and transient data, as bytes."""
    found = []
    submit = Session.submit

    def spied(self, function, *, transient=None, **arguments):
        found.append((function, canonical.encode({"transient": transient or {}, "arguments": arguments}).decode()))
        return submit(self, function, transient=transient, **arguments)

    monkeypatch.setattr(Session, "submit", spied)
    return found


def test_no_endorser_sees_partial_groups(tmp_path, engine, proposed):
    joint = JointHome(tmp_path, PROVIDERS)
    job_id = joint.submit()
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed")
    groups = (joint.home.store("north").root / "jobs" / f"{job_id}-1" / "partial.jsonl").read_text().splitlines()
    assert len(groups) > 3
    (delivery,) = [text for function, text in proposed if function == "jobs.complete"]
    salt = joint.home.store("north").salt("result", f"{job_id}-1")
    for secret in (salt, *groups):
        assert canonical.encode(secret).decode().strip('"') not in delivery
        assert secret not in delivery
    assert '"content":"' in delivery
    assert joint.alice.job(job_id)["parts"][0]["result"]["sealed"]["location"] is None
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
        # Nothing of the sealing is left. Who has stopped serving tidies up at the next start.
        roots = [joint.home.store(name).root for name in joint.providers]
        joint.until(lambda: not [path for root in roots for path in root.rglob("sealed-partial.*")])
    assert (job["state"], job["missing"]) == ("completed", [])
    joint.is_sound()
    for root in roots:  # and nothing is in a store
        assert [path for path in (root / "results").rglob("*") if path.is_file()] == []


def test_what_does_not_open_to_what_the_ledger_says_is_the_data_providers_fault(tmp_path, engine, monkeypatch):
    joint = JointHome(tmp_path, ("north", "south"))
    job_id = joint.submit(combining="south@SouthMSP")
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed")
    south, store = joint.home.session("south"), joint.home.store("south")
    # It has not been accepted yet: nothing of it can be left out.
    part = south.query("jobs.get", job_id=f"{job_id}-c") | {"accepted_at": 0}
    program = south.query("jobs.source", job_id=f"{job_id}-c")["program"].encode()
    assert len(fetch_partials(south, store, part, program, 0)) == 1
    query, changes = Session.query, {}

    def changed(self, function, **arguments):
        found = query(self, function, **arguments)
        return {**found, **changes} if function == "joint.partials" else found

    monkeypatch.setattr(Session, "query", changed)
    for change, code in (
        ({"hash": "ab" * 32}, "sealed_wrong"),
        ({"bytes": 1}, "sealed_wrong"),
        ({"content": "AAAA"}, "ciphertext_damaged"),
    ):
        changes = change
        with pytest.raises(ProviderSide) as fault:
            fetch_partials(south, store, part, program, 0)
        assert fault.value.code == code
