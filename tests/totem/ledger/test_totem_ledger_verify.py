"""Verification finds every changed, missing or added row, and every flipped byte that changes anything."""

import copy
import shutil
import sqlite3
from random import Random

import pytest

from totem.ledger import EmbeddedLedger, LedgerUnavailable
from totem.ledger.embedded.storage import MAIN_TABLES

SEEDS = 2
FLIPS = 100


@pytest.fixture(scope="module")
def original(make_site, tmp_path_factory):
    """A closed ledger on which a job has run, and a second transaction was void."""
    embedded = make_site(tmp_path_factory.mktemp("original") / "ledger")
    story = embedded.story
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id)
    embedded.ledger.revoke(embedded.authority.revoke(embedded.identity("grid").certificate))
    assert embedded.ledger.verify().ok
    checkpoint(embedded)
    return embedded


@pytest.fixture
def finished(original, tmp_path):
    """A copy of it that a test may damage."""
    twin = copy.copy(original)
    twin.folder = tmp_path / "ledger"
    shutil.copytree(original.folder, twin.folder)
    return twin


def checkpoint(site):
    for ledger in site.opened:
        ledger.close()
    for path in (site.folder / "ledger.db", *(site.folder / "private").glob("*.db")):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


def verify(site):
    ledger = EmbeddedLedger.open(site.folder, chaincode=site.chaincode)
    try:
        return ledger.verify()
    finally:
        ledger.close()


def change(path, statement, *values):
    connection = sqlite3.connect(path)
    assert connection.execute(statement, values).rowcount >= 1
    connection.commit()
    connection.close()


def columns(site):
    connection = sqlite3.connect(site.folder / "ledger.db")
    found = [
        (table, row[1]) for table in MAIN_TABLES for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
    ]
    connection.close()
    return found


def flip(value):
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, str):
        return flip(value.encode()).decode("latin-1")
    middle = len(value) // 2
    return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]


def test_a_report_counts_and_names_first_and_last_block(finished):
    report = verify(finished)
    assert (report.ok, report.problem) == (True, None)
    assert report.blocks == report.transactions > 10
    ledger = EmbeddedLedger.open(finished.folder, chaincode=finished.chaincode)
    assert (report.genesis, report.head) == (ledger.block(0).hash, ledger.block(report.blocks - 1).hash)
    ledger.close()


@pytest.mark.slow
def test_each_column_of_each_table_is_checked(finished, tmp_path):
    database, original = finished.folder / "ledger.db", tmp_path / "original.db"
    shutil.copy(database, original)
    for table, column in columns(finished):
        shutil.copy(original, database)
        connection = sqlite3.connect(database)
        values = [row[0] for row in connection.execute(f"SELECT {column} FROM {table}")]  # noqa: S608 -- our names
        connection.close()
        old = values[len(values) // 2]
        change(database, f"UPDATE {table} SET {column} = ? WHERE {column} = ?", flip(old), old)  # noqa: S608 -- our names
        assert not verify(finished).ok, f"{table}.{column}"
    assert len(columns(finished)) == 21


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM block WHERE number = 3",
        "DELETE FROM block WHERE number = (SELECT max(number) FROM block)",
        "DELETE FROM tx WHERE block = 3",
        "DELETE FROM state WHERE key = (SELECT max(key) FROM state WHERE key < x'01')",
        "DELETE FROM history WHERE block = 3",
        "DELETE FROM private_hash WHERE key_hash = (SELECT min(key_hash) FROM private_hash)",
    ],
)
def test_a_missing_row_is_found(finished, statement):
    change(finished.folder / "ledger.db", statement)
    assert not verify(finished).ok


def test_a_signature_has_one_form(finished):
    change(finished.folder / "ledger.db", "UPDATE block SET signature = upper(signature) WHERE number = 3")
    assert "block 3: the node's signature" in verify(finished).problem


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("header", "text, not as bytes"),
        ("data", "text, not as bytes"),
        ("signature", "bytes, not as text"),
        ("codes", "bytes, not as text"),
    ],
)
def test_a_column_of_another_kind_is_named(finished, column, kinds):
    kind = "TEXT" if kinds.startswith("text") else "BLOB"
    change(finished.folder / "ledger.db", f"UPDATE block SET {column} = CAST({column} AS {kind}) WHERE number = 3")  # noqa: S608 -- our names
    assert verify(finished).problem == (
        f"block 3: its {column} is stored as {kinds}: whoever changed this row was no ledger"
    )


def test_a_private_key_of_another_kind_is_found(finished):
    path = finished.folder / "private" / "_implicit_org_StavangerMSP.db"
    change(path, "UPDATE value SET key = CAST(key AS BLOB)")
    assert "a value that no hash on the chain belongs to" in verify(finished).problem


def test_an_added_row_is_found(finished):
    database = finished.folder / "ledger.db"
    for statement in (
        "INSERT INTO state SELECT CAST(key || x'00' AS BLOB), value, block, position FROM state LIMIT 1",
        "INSERT INTO tx VALUES ('ff', 1, 0)",
        "INSERT INTO history SELECT key, block, position + 1 FROM history LIMIT 1",
        "INSERT INTO private_hash SELECT collection, 'ff', 'ff', 'ff', 1, 0 FROM private_hash LIMIT 1",
    ):
        backup = database.read_bytes()
        change(database, statement)
        assert verify(finished).problem.startswith("table ")
        database.write_bytes(backup)


RICHER = """
UPDATE state SET value = CAST('999' AS BLOB) WHERE key > x'0062616c616e636500' AND key < x'0062616c616e636501'
"""


def test_a_balance_that_was_edited_is_found_and_named(finished):
    change(finished.folder / "ledger.db", RICHER)
    report = verify(finished)
    assert "table state" in report.problem
    assert "not what the chain says" in report.problem


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE value SET value = value || 'x'",
        "DELETE FROM value",
        "UPDATE value SET key = key || 'x'",
        "UPDATE value SET tx_id = 'ff'",
    ],
)
def test_a_changed_private_value_is_found(finished, statement):
    path = finished.folder / "private" / "_implicit_org_StavangerMSP.db"
    change(path, statement)
    assert verify(finished).problem.startswith("private data of _implicit_org_StavangerMSP")


def test_a_lost_private_file_is_found(finished):
    (finished.folder / "private" / "_implicit_org_UtilityMSP.db").unlink()
    assert "the value is missing" in verify(finished).problem


def test_blocks_cut_off_with_their_state_are_found_by_an_anchor(finished, tmp_path):
    """From inside nothing is wrong with a ledger restored from an old copy: a hash seen before tells."""
    shutil.copytree(finished.folder, tmp_path / "old")
    ledger = EmbeddedLedger.open(finished.folder, chaincode=finished.chaincode)
    ledger.submit(finished.identity("peter"), "accounts.request", {"amount": 1, "reason": "x"})
    head = ledger.block(ledger.height() - 1).hash
    assert ledger.verify(head).ok
    ledger.close()
    old = EmbeddedLedger.open(tmp_path / "old", chaincode=finished.chaincode)
    assert old.verify().ok
    assert "is not in the chain" in old.verify(head).problem
    old.close()


def content(folder):
    """Return every row of every table, or None where SQLite can't read them."""
    rows = []
    for path in (folder / "ledger.db", *sorted((folder / "private").glob("*.db"))):
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                found = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 -- the file's own names
                rows.append((path.name, table, sorted(found, key=repr)))
        except sqlite3.Error:
            return None
        finally:
            connection.close()
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_flipped_byte_is_found_wherever_it_changes_anything(finished, tmp_path, seed):
    whole = content(finished.folder)
    assert whole is not None
    random = Random(seed)  # noqa: S311 -- no secret
    found = 0
    for number in range(FLIPS):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(finished.folder, copy)
        files = [copy / "ledger.db", copy / "ledger.db", *sorted((copy / "private").glob("*.db"))]
        path = files[number % len(files)]
        data = bytearray(path.read_bytes())
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path.write_bytes(data)
        found += is_found(copy, finished, whole)
        shutil.rmtree(copy)
    assert found > FLIPS // 4


def is_found(folder, site, whole):
    """Return whether the damage is reported; undamaged content may pass."""
    try:
        ledger = EmbeddedLedger.open(folder, chaincode=site.chaincode)
    except LedgerUnavailable:
        return True
    try:
        report = ledger.verify()
    finally:
        ledger.close()
    if report.ok:
        assert content(folder) == whole
    return not report.ok
