"""Partial groups that are too large for private data: the combined word count of two libraries."""

import pytest
from joint_home import JointHome

from totem.services.errors import NotAllowed
from totem.services.publish import prepare, publish
from totem_chaincode.contracts.sealed import INLINE_BYTES

pytestmark = pytest.mark.slow

WORDS = """from mrjob.job import MRJob


class WordCount(MRJob):
    def mapper(self, _, line):
        for word in line.lower().split():
            yield word, 1

    def combiner(self, word, counts):
        yield word, sum(counts)

    def reducer(self, word, counts):
        yield word, sum(counts)
"""
DISTINCT = 45_000


class Libraries(JointHome):
    """Two providers with a text each; a third of the words is in both."""

    def __init__(self, folder):
        super().__init__(folder, ("north", "south"))
        self.counts = {}
        for place, name in enumerate(self.providers):
            words = [f"word{number:08d}-of-a-book" for number in range(place * 30_000, place * 30_000 + DISTINCT)]
            for word in words:
                self.counts[word] = self.counts.get(word, 0) + 1
            file = folder / f"{name}.txt"
            file.write_text("".join(f"{' '.join(words[at : at + 10])}\n" for at in range(0, DISTINCT, 10)))
            policy = {"approval": "auto", "combining_providers": "any"}
            publication = prepare(f"text-{name}", [file], policy=policy, lines=True)
            publish(self.home.session(name), self.home.store(name), publication)
            self.alice.request_access(f"text-{name}", "tests")


def test_the_combined_word_count_goes_through_the_result_stores(tmp_path, engine):
    joint = Libraries(tmp_path)
    job_id = joint.submit(WORDS, ["text-north", "text-south"], totem=900_000_000)
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed", seconds=200)
    told = joint.home.session("north").query("joint.partials", job_id=f"{job_id}-1")
    assert told["bytes"] > INLINE_BYTES
    assert told["content"] is None
    assert told["sealed"]["location"].startswith("file://")
    with pytest.raises(NotAllowed):
        joint.home.session("alice").query("joint.partials", job_id=f"{job_id}-1")
    stores = [joint.home.store(name).root for name in joint.providers]
    assert ciphertexts(stores) == [told["sealed"]["ciphertext"]]
    assert [path for root in stores for path in root.rglob("*") if b"word00000007" in read(path)] == [
        stores[0] / "jobs" / f"{job_id}-1" / "partial.jsonl"
    ]
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id, seconds=200)
        assert (job["state"], job["missing"]) == ("completed", [])
        assert dict(joint.alice.result(job_id).pairs()) == joint.counts
        # Of what was sealed the result stays for its consumer; partial groups go, sealed or not.
        result = job["result"]["sealed"]["ciphertext"]
        joint.until(lambda: ciphertexts(stores) == [result])
        joint.until(lambda: not [path for root in stores for path in root.rglob("partial.jsonl")])
    joint.is_sound()
    left = [path.name for root in stores for path in root.glob(f"jobs/{job_id}-[12]/*sealed*")]
    assert left == []


def ciphertexts(stores):
    """Return the names of all files in the providers' result stores."""
    return sorted(path.name for root in stores for path in root.glob("results/**/*") if path.is_file())


def read(path):
    return path.read_bytes() if path.is_file() else b""
