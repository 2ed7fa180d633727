"""A process that hangs while it writes makes no other one hang."""

import fcntl

import pytest

from totem.ledger import EmbeddedLedger, LedgerError, LedgerUnavailable


@pytest.fixture
def hung(embedded):
    """A ledger opened with little patience, and what lets the process that has the turn go on."""
    embedded.story.found()
    ledger = EmbeddedLedger.open(embedded.folder, chaincode=embedded.chaincode, patience=0.05)
    with (embedded.folder / "commit.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield ledger, lock
    ledger.close()


def request(embedded, ledger):
    return ledger.submit(embedded.identity("peter"), "accounts.request", {"amount": 1, "reason": "x"})


@pytest.mark.slow
def test_what_cannot_be_written_is_an_error_and_may_be_repeated(embedded, hung):
    ledger, lock = hung
    height = ledger.height()
    for _ in range(2):
        with pytest.raises(LedgerError, match=r"another process has been writing to the ledger for 0\.05 s"):
            request(embedded, ledger)
    assert ledger.height() == height
    fcntl.flock(lock, fcntl.LOCK_UN)
    assert request(embedded, ledger).block == height


def test_reading_needs_no_turn(embedded, hung):
    ledger, _ = hung
    assert ledger.evaluate(embedded.identity("peter"), "accounts.balance", {})["available"] == 0


@pytest.mark.usefixtures("hung")
def test_a_ledger_that_cannot_be_cleaned_up_is_not_opened(embedded):
    with pytest.raises(LedgerUnavailable, match="another process has been writing"):
        EmbeddedLedger.open(embedded.folder, chaincode=embedded.chaincode, patience=0.05)
