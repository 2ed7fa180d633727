"""What partial groups say is nowhere once the job has ended: in no file of the ledger, of a provider, or in a log."""

import logging

import pytest
from joint_home import JointHome

from totem.logs import Logger
from totem.services.publish import prepare, publish

pytestmark = pytest.mark.slow

WORD = "quixotic-cell"
DISTINCT = """from mrjob.step import MRStep

from totem_sdk import TotemJob


class DistinctWords(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.count), MRStep(mapper=self.one, reducer=self.add_up)]

    def read(self, _, row):
        yield row.word, 1

    def count(self, word, ones):
        yield word, sum(ones)

    def one(self, word, number):
        yield "words", 1

    def add_up(self, _, ones):
        yield "words", sum(ones)
"""
"""Only partial groups, and what is shuffled from them, have the words; the result is their number."""


def test_partial_groups_are_nowhere_after_the_end(tmp_path, engine, capsys, monkeypatch):
    monkeypatch.setattr(Logger, "level", logging.DEBUG)
    joint = JointHome(tmp_path, ("north", "south"))
    outside = tmp_path / "data"
    outside.mkdir()
    for name in joint.providers:
        file = outside / f"{name}.csv"
        file.write_text("word,number\n" + "".join(f"{WORD}-{name}-{number % 9},{number}\n" for number in range(60)))
        policy = {"approval": "auto", "combining_providers": "any", "hidden_columns": []}
        publication = prepare(f"words-{name}", [file], policy=policy)
        publish(joint.home.session(name), joint.home.store(name), publication)
        joint.alice.request_access(f"words-{name}", "tests")

    def found():
        files = [path for path in joint.home.root.rglob("*") if path.is_file()]
        return [str(path.relative_to(joint.home.root)) for path in files if WORD.encode() in path.read_bytes()]

    published = set(found())  # minimum and maximum of the column are its provider's to publish
    job_id = joint.submit(DISTINCT, ["words-north", "words-south"], totem=10_000_000)
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed")
    assert set(found()) - published, "partial groups that nobody could find here would not be missed either"
    with joint.serving(engine):
        joint.until_ended(job_id)
        assert joint.alice.result(job_id).pairs() == [["words", 18]]
        joint.until(lambda: not list(joint.home.root.rglob("partial.jsonl")))
    assert set(found()) - published == set()
    logged = capsys.readouterr().err
    assert "provider's server stopped" in logged
    assert WORD not in logged
    joint.is_sound()
