"""Cell values, results, keys and tokens planted in a real story: where they are afterwards, and where not.

Searched are all files of all peers and orderers (blocks, state, history, private data; databases are unpacked), of the
chaincode servers, of the server with its jobs' logs, and what was said to the people.
"""

import json
import time

import pytest

from demo.stored import stored
from tests.network.real_dev import STATES, Development
from totem.services.home import Home

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

GROUP, CELL, NUMBER = "quixotic-group", "planted-cell-value", 918273645
COUNT = """from totem_sdk import TotemJob


class Count(TotemJob):
    def mapper(self, _, row):
        yield row.word, 1 if row.note == "x" and row.number == 5 else 73918265577

    def reducer(self, word, ones):
        yield word, sum(ones)
"""
MEMBERS_ONLY = ("pvtdataStore", "stateLeveldb")
"""What an organisation's peer keeps its own collection in."""


@pytest.fixture
def story(tmp_path):
    """Planted secrets, with the organisations whose collections may hold them; where everything is when it is over."""
    made = Development(tmp_path / "home")
    try:
        yield made, _tell(made, tmp_path)
    finally:
        if made.process.poll() is None:
            made.stop()


def _tell(made, folder):
    file, schema = folder / "cells.csv", folder / "schema.json"
    schema.write_text('{"word": "str", "note": "str", "number": "int"}')
    file.write_text("word,note,number\n" + f"{GROUP},{CELL},{NUMBER}\nother,b,2\n" * 20)
    made.publish("cells", file, schema)
    consumer = made.started["consumer"]
    location = made.submit(COUNT, "cells")
    job_id = location.rpartition("/")[2]
    home = Home(made.home)
    code = home.session("north").query("access.code", job_id=job_id)["code"]
    end = time.monotonic() + 60
    while made.job(location)["state"] not in STATES:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert made.job(location)["state"] == "completed"
    session = home.session(consumer)
    assert GROUP in session.query("results.get", job_id=job_id)["result"]
    (granted,) = session.query("access.list")["access"]
    key = session.query("access.key", access_id=granted["access_id"])["access_key"]
    private = [json.loads(path.read_text())["credentials"]["privateKey"] for path in made.home.glob("wallet/*.id")]
    home.consortium.close()
    made.stop()
    assert len(private) == 4
    researcher, north = "peer.researcher", "peer.north"
    return {
        GROUP: {researcher},
        str(20 * 73918265577): {researcher},
        CELL: set(),
        str(NUMBER): set(),
        key: {researcher},
        code: {north},
        made.started["token"]: set(),
        **{pem.splitlines()[2]: set() for pem in private},
    }


def test_nothing_that_was_planted_is_where_it_should_not_be(story):
    made, planted = story
    nodes = made.home / "network" / "nodes"
    files = [path for path in nodes.rglob("*") if path.is_file()]
    files += [made.log, *made.home.glob("providers/*/jobs/*/logs/*"), *made.home.glob("providers/*/jobs/*/*.txt")]
    kinds = {part for path in files for part in path.parts}
    assert {"chains", "stateLeveldb", "historyLeveldb", "pvtdataStore", "transientstore", "ledger", "wal"} <= kinds
    found: dict[str, set[str]] = {}
    for path in files:
        data = stored(path)
        for secret in planted:
            if secret.encode() in data:
                found.setdefault(secret, set()).add(
                    str(path.relative_to(made.home)) if nodes in path.parents else path.name
                )
    for text in made.told:
        assert not [secret for secret in planted if secret in text]

    def forbidden(secret, place):
        # An endorser sees what it endorses: its transient store keeps it until the transaction is committed.
        node = place.split("/")[2] if place.startswith("network/nodes/") else ""
        own = node in planted[secret] and any(name in place for name in MEMBERS_ONLY)
        return not own and "/transientstore/" not in place

    leaks = {(secret[:20], place) for secret, places in found.items() for place in places if forbidden(secret, place)}
    assert leaks == set()
    # The search does find what is there.
    for secret, peers in planted.items():
        kept = {place.split("/")[2] for place in found.get(secret, ()) if any(name in place for name in MEMBERS_ONLY)}
        assert kept == peers, secret[:20]
