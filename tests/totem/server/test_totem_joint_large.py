"""Joint jobs whose partial groups and result are over 1 MB: sealed from provider to provider, and to the consumer."""

import json

import pytest
from joint_home import JointHome

from totem.services.consortium import Consortium
from totem.services.keeping import ResultKeeper
from totem.services.purging import Purging
from totem_chaincode.contracts.sealed import INLINE_BYTES

pytestmark = pytest.mark.slow

PLANTED = "planted-cell-value"
ROWS = 1_100
TOTEM = 1_000_000_000


class LargeHome(JointHome):
    """Every row is a group of its own."""

    def put(self, folder, name, rows, **options):
        alone = [(f"{PLANTED}-{number:05}-{'x' * 1_000}", kwh) for number, (_, kwh) in enumerate(rows)]
        return super().put(folder, name, alone, **options)


def ciphertexts(home, name):
    return {path.name: path for path in (home.store(name).root / "results").rglob("*") if path.is_file()}


def test_large_partial_groups_and_results_are_sealed_and_deleted_in_the_end(tmp_path, engine):
    joint = LargeHome(tmp_path, ("north", "south"), rows=ROWS)
    home = joint.home
    Consortium(home.session("admin")).issue(home.participant("alice"), TOTEM, "to test with")
    with joint.serving(engine):
        (job,) = joint.until_ended(joint.submit(totem=TOTEM), seconds=240)
    assert job["state"] == "completed", job
    parts = {part["job_id"].rpartition("-")[2]: part for part in job["parts"]}
    combining = parts["c"]["provider"].partition("@")[0]
    for part in (parts["1"], parts["2"]):
        assert part["result"]["bytes"] > INLINE_BYTES
        assert part["result"]["sealed"]["recipient"] != job["result"]["sealed"]["recipient"]
    found = joint.alice.result(job["job_id"])
    assert len(found.pairs()) == ROWS
    assert found.content.size == job["result"]["bytes"] > INLINE_BYTES
    blocks = home.explorer()
    channel = json.dumps([blocks.block(number, content=True) for number in range(blocks.height())])
    stores = [path for name in joint.providers for path in ciphertexts(home, name).values()]
    assert f"{PLANTED}-0" not in channel
    assert not any(PLANTED.encode() in path.read_bytes() for path in stores)
    # Partial groups are gone with the joint job, its result when its consumer wants it.
    for name in joint.providers:
        assert ResultKeeper(Purging(home.session(name), home.store(name)), lambda: 0.0).look()
    left = {name: set(ciphertexts(home, name)) for name in joint.providers}
    assert left == {name: {job["result"]["sealed"]["ciphertext"]} if name == combining else set() for name in left}
    joint.alice.purge(job["job_id"])
    Purging(home.session(combining), home.store(combining)).forget(job["job_id"])
    assert ciphertexts(home, combining) == {}
    joint.is_sound()
