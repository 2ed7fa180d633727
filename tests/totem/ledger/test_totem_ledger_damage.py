"""A damaged ledger is reported as such, with the place and what to do, wherever the damage is met."""

import sqlite3

import pytest

from totem.ledger import EmbeddedLedger, LedgerError, LedgerUnavailable
from totem.ledger.embedded.chain import CONFIG_KEY
from totem_chaincode import canonical


@pytest.fixture
def closed(embedded):
    """A closed ledger with a revocation list in its configuration."""
    embedded.story.ready()
    embedded.ledger.revoke(embedded.authority.revoke(embedded.identity("grid").certificate))
    embedded.ledger.close()
    return embedded


def execute(site, statement, *values):
    connection = sqlite3.connect(site.folder / "ledger.db")
    found = connection.execute(statement, values).fetchall()
    connection.commit()
    connection.close()
    return found


def configuration(site):
    return canonical.decode(execute(site, "SELECT value FROM state WHERE key = ?", CONFIG_KEY)[0][0])


def put(site, value):
    execute(site, "UPDATE state SET value = ? WHERE key = ?", value, CONFIG_KEY)


def is_reported(site):
    with pytest.raises(LedgerUnavailable) as caught:
        EmbeddedLedger.open(site.folder, chaincode=site.chaincode)
    message = str(caught.value)
    assert message.startswith(f"{site.folder}: the ledger can't be opened: ")
    assert "the channel's configuration" in message
    assert message.endswith("restore the folder from a copy")


def test_a_configuration_that_is_none_is_reported(closed):
    for value in (b"", b"\xff\xfe", b"{", b"[]", b"5", b"null", b'{"channel":"totem"}', "a text", 5, 1.5):
        put(closed, value)
        is_reported(closed)


def test_a_configuration_with_a_wrong_field_is_reported(closed):
    document = configuration(closed)
    for name in ("channel", "node", "authorities", "crl"):
        for value in (5, "nonsense", ["nonsense"], [5], [], {}, True):
            if (name, value) != ("channel", "nonsense"):  # which is a channel's name like any other
                put(closed, canonical.encode({**document, name: value}))
                is_reported(closed)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["node", "authorities", "crl"])
def test_no_damaged_certificate_is_taken_for_a_bug(closed, name):
    """Every place of a certificate: some changes do no harm to its form, none may end in another error."""
    document = configuration(closed)
    pem = document[name][0] if name == "authorities" else document[name]
    for place in range(0, len(pem), 3):
        damaged = pem[:place] + ("A" if pem[place] != "A" else "B") + pem[place + 1 :]
        put(closed, canonical.encode({**document, name: [damaged] if name == "authorities" else damaged}))
        try:
            ledger = EmbeddedLedger.open(closed.folder, chaincode=closed.chaincode)
        except LedgerUnavailable:
            continue
        try:
            assert not ledger.verify().ok
        finally:
            ledger.close()


DAMAGES = [
    ("header", b"{}"),
    ("header", b'{"data_hash":"","number":0,"previous":"","timestamp":99999999999999999999}'),
    ("header", 5),
    ("data", b"\xff"),
    ("data", b"[5]"),
    ("codes", "{"),
    ("codes", "[]"),
    ("codes", b"\xff"),
]


def test_a_damaged_block_is_reported_wherever_it_is_read(closed):
    database = closed.folder / "ledger.db"
    whole = database.read_bytes()
    for column, value in DAMAGES:
        database.write_bytes(whole)
        execute(closed, f"UPDATE block SET {column} = ?", value)  # noqa: S608 -- our own names
        ledger = EmbeddedLedger.open(closed.folder, chaincode=closed.chaincode)
        with pytest.raises(LedgerError, match=r"block 1 is damaged.*totem ledger verify"):
            ledger.block(1)
        if column != "header":
            with pytest.raises(LedgerError, match=r"block 0 is damaged.*totem ledger verify"):
                list(ledger.events())
        assert ledger.verify().problem.startswith("block 0")
        ledger.close()


def test_a_header_that_nothing_can_follow_is_reported_to_whoever_submits(closed):
    execute(closed, "UPDATE block SET header = ? WHERE number = (SELECT max(number) FROM block)", b"{}")
    ledger = closed.open()
    with pytest.raises(LedgerError, match="the last block is damaged"):
        ledger.submit(closed.identity("peter"), "accounts.request", {"amount": 1, "reason": "x"})


def test_what_sqlite_cannot_read_is_the_ledgers_error(closed):
    ledger = closed.open()
    execute(closed, "DROP TABLE state")
    for call in (
        lambda: ledger.evaluate(closed.identity("peter"), "accounts.balance", {}),
        lambda: ledger.submit(closed.identity("peter"), "accounts.request", {"amount": 1, "reason": "x"}),
    ):
        with pytest.raises(LedgerError, match=r"ledger\.db: no such table"):
            call()
    assert "the database is damaged" in ledger.verify().problem


def test_a_file_that_is_no_database_is_reported(closed):
    (closed.folder / "ledger.db").write_bytes(b"not a database" * 1_000)
    with pytest.raises(LedgerUnavailable, match=r"the ledger can't be opened: .*ledger\.db: file is not a database"):
        EmbeddedLedger.open(closed.folder)


def test_a_schema_that_is_no_text_is_reported(closed):
    """SQLite then raises what the text of its own error makes of the damage."""
    path = closed.folder / "ledger.db"
    data = path.read_bytes()
    assert b"CREATE TABLE state" in data
    path.write_bytes(data.replace(b"CREATE TABLE state", b"CREATE TABLE \xacate"))
    with pytest.raises(LedgerUnavailable, match="the ledger can't be opened"):
        EmbeddedLedger.open(closed.folder)
