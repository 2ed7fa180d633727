"""The embedded ledger when things under it fail: no transaction is both reported failed and committed."""

import resource
import sqlite3
from unittest import mock

import pytest

from totem.ledger import CertificateAuthority, EmbeddedLedger, LedgerError
from totem.ledger.certificates import Trust
from totem.ledger.embedded import orderer
from totem.ledger.embedded.chain import Config
from totem_chaincode import canonical
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.testing import PEOPLE, ToyEvaluator, secret

REQUEST = ("accounts.request", {"amount": 5, "reason": "x"})


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk full"), OSError(28, "no space left")])
def test_a_block_that_cannot_be_written_changes_nothing(embedded, error):
    embedded.story.found()
    height = embedded.ledger.height()
    with (
        mock.patch.object(orderer, "insert_block", side_effect=error),
        pytest.raises(LedgerError, match="not be written"),
    ):
        embedded.ledger.submit(embedded.identity("peter"), *REQUEST)
    assert embedded.ledger.height() == height
    assert embedded.ledger.submit(embedded.identity("peter"), *REQUEST).block == height
    assert embedded.ledger.verify().ok


def test_a_ledger_that_can_not_be_made_says_so_and_can_be_made_when_there_is_room(tmp_path):
    authority = CertificateAuthority.create()
    node = authority.issue("node", "ConsortiumMSP", "node")
    options = {"channel": "totem", "authority": authority.certificate, "node": node}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 10, before[1]))
    try:
        with pytest.raises(LedgerError, match=r"the ledger could not be made: .*ledger\.db"):
            EmbeddedLedger.create(tmp_path / "ledger", **options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with_room = EmbeddedLedger.create(tmp_path / "ledger", **options)
    assert with_room.verify().ok
    with_room.close()


def test_a_commit_stands_although_old_private_values_could_not_be_deleted(embedded):
    story = embedded.story
    story.found()
    story.publish("open-homes", approval="auto")
    args = {"dataset_id": "open-homes", "purpose": "x"}
    failing = mock.patch.object(embedded.ledger._private, "settle", side_effect=sqlite3.OperationalError("locked"))
    with failing:
        granted = embedded.ledger.submit(embedded.identity("peter"), "access.request", args, {"access_key": secret()})
    assert granted.block == embedded.ledger.height() - 1
    assert embedded.open().verify().ok


def test_an_interrupted_commit_keeps_nobody_waiting(embedded):
    embedded.story.found()
    with mock.patch.object(orderer, "insert_block", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        embedded.ledger.submit(embedded.identity("peter"), *REQUEST)
    embedded.ledger.submit(embedded.identity("peter"), *REQUEST)
    assert embedded.ledger.verify().ok


def test_a_private_value_that_is_gone_is_an_error_and_not_an_empty_answer(embedded):
    story = embedded.story
    access_id, _ = story.ready()
    path = embedded.folder / "private" / "_implicit_org_StavangerMSP.db"
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM value")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError, match="ledger verify"):
        embedded.invoke("peter", "access.key", {"access_id": access_id})


def test_a_configuration_changes_the_revocation_list_and_nothing_else(embedded):
    """Somebody with the node's key can write such a block; verification says what is wrong with it."""
    embedded.story.found()
    stranger = type(embedded.authority).create()
    embedded.ledger._orderer.configure(
        lambda config: Config(config.channel, config.node, Trust([*config.trust.authorities, stranger.certificate]))
    )
    assert "changes more than the revocation list" in embedded.ledger.verify().problem


def test_an_older_revocation_list_is_found(embedded):
    embedded.story.found()
    peter, paula = (embedded.identity(name).certificate for name in ("peter", "paula"))
    embedded.ledger.revoke(embedded.authority.revoke(peter))
    embedded.authority.crl = None  # forgets whom it has revoked, and counts from 1 again
    older = embedded.authority.revoke(paula)
    embedded.ledger._orderer.configure(
        lambda config: Config(config.channel, config.node, Trust(config.trust.authorities, older))
    )
    assert "not newer" in embedded.ledger.verify().problem


class WithHistory(Chaincode):
    """One more transaction: a key's history, as contracts may ask for it."""

    def invoke(self, stub, function, args):
        if function != "test.history":
            return super().invoke(stub, function, args)
        return [
            [change.tx_id, None if change.value is None else change.value.decode()]
            for change in stub.get_history_for_key(args["key"])
        ]


def test_history_is_newest_first_with_what_was_written(embedded):
    embedded.story.found()
    admin, ledger = embedded.identity("admin"), embedded.ledger
    suspend = {"participant": PEOPLE["peter"].id, "reason": "x"}
    submitted = [
        ledger.submit(admin, "participants.suspend", suspend),
        ledger.submit(admin, "participants.reinstate", {"participant": PEOPLE["peter"].id}),
    ]
    other = type(ledger).open(embedded.folder, chaincode=WithHistory(ToyEvaluator()), clock=embedded.clock)
    embedded.opened.append(other)
    key = f"\x00participant\x00{PEOPLE['peter'].id}\x00"
    history = other.evaluate(admin, "test.history", {"key": key})
    assert [canonical.decode(value)["state"] for _, value in history] == ["active", "suspended", "active"]
    assert [tx_id for tx_id, _ in history][:2] == [submitted[1].tx_id, submitted[0].tx_id]
