"""The embedded ledger under contracts of a later release: its state is brought forward, its chain stays in order."""

import pytest

from tests.chaincode.older_format import newer, older
from totem.ledger import Gateway
from totem.services.consortium import Consortium
from totem.services.errors import Missing, NotAllowed
from totem.services.session import Session
from totem_chaincode.errors import Conflict

pytestmark = pytest.mark.slow


def test_a_ledger_of_an_earlier_release_goes_on_after_its_migration(embedded):
    story = embedded.story
    embedded.ledger.close()
    embedded.chaincode = older()
    embedded.ledger = embedded.open()
    access = story.ready()
    job_id = story.submit(access)
    story.accept(job_id)
    story.settle(job_id, 0, 5)
    before = story.audit()
    embedded.ledger.close()

    embedded.chaincode = newer()
    embedded.ledger = embedded.open()
    with pytest.raises(Conflict, match=r"consortium\.migrate"):
        story.settle(job_id, 1, 5)
    session = Session(Gateway(embedded.ledger, embedded.identity("peter")))
    with pytest.raises(Missing, match="format 1") as waits:
        session.query("accounts.balance")
    assert "totem admin migrate" in waits.value.hint
    with pytest.raises(NotAllowed):
        Consortium(session).migrate()
    consortium = Consortium(Session(Gateway(embedded.ledger, embedded.identity("admin"))))
    done = consortium.migrate()
    assert (done["version"], done["migrating"], done["remaining"]) == (2, None, [])
    assert done["changed"] > 3
    assert consortium.migrate() == {**done, "changed": 0}
    assert story.audit() == before
    story.settle(job_id, 1, 5)
    story.complete(job_id)
    assert story.audit()["balanced"]
    assert embedded.ledger.verify().problem is None
