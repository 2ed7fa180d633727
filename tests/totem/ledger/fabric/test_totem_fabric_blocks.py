"""Blocks, their verification, and events with checkpoints."""

import hashlib
import threading

import pytest
from fabric_protos.common import common_pb2

from totem.ledger import LedgerUnavailable
from totem.ledger.fabric.blocks import header_bytes, header_hash
from totem.ledger.fabric.events import Checkpoint, CheckpointFile
from totem.ledger.fabric.signing import serialized
from totem.ledger.fabric.verification import verify
from totem_chaincode.testing import PEOPLE

pytestmark = pytest.mark.slow


def test_headers_are_encoded_as_der():
    header = common_pb2.BlockHeader(number=128, previous_hash=b"\x01" * 32, data_hash=b"\x02" * 32)
    expected = bytes.fromhex("3048" + "02020080" + "0420" + "01" * 32 + "0420" + "02" * 32)
    assert header_bytes(header) == expected
    assert header_hash(header) == hashlib.sha256(expected).hexdigest()
    assert header_bytes(common_pb2.BlockHeader()) == bytes.fromhex("300702010004000400")
    long = common_pb2.BlockHeader(previous_hash=b"\x01" * 100, data_hash=b"\x02" * 200)
    assert header_bytes(long)[:3] == b"\x30\x82\x01"


def copy(fabric):
    return [common_pb2.Block.FromString(block.SerializeToString()) for block in fabric.network.blocks]


def change_data(blocks, fabric):
    blocks[3].data.data[0] = blocks[2].data.data[0]


def change_header(blocks, fabric):
    blocks[3].data.data[0] = blocks[2].data.data[0]
    blocks[3].header.data_hash = hashlib.sha256(blocks[3].data.data[0]).digest()


def skip(blocks, fabric):
    del blocks[3]


def break_chain(blocks, fabric):
    blocks[3].header.previous_hash = b"\x00" * 32


def unsign(blocks, fabric):
    blocks[3].metadata.metadata[0] = b""


def sign_as_a_stranger(blocks, fabric):
    sign(blocks[3], fabric.people["admin"])


def sign(block, identity):
    metadata = common_pb2.Metadata.FromString(block.metadata.metadata[0])
    header = common_pb2.SignatureHeader(creator=serialized(identity)).SerializeToString()
    signature = identity.sign(metadata.value + header + header_bytes(block.header))
    del metadata.signatures[:]
    metadata.signatures.add(signature_header=header, signature=signature)
    block.metadata.metadata[0] = metadata.SerializeToString()


def forge_transaction(blocks, fabric):
    block = blocks[-1]
    envelope = common_pb2.Envelope.FromString(block.data.data[0])
    envelope.signature = fabric.people["paula"].sign(envelope.payload)
    block.data.data[0] = envelope.SerializeToString()
    block.header.data_hash = hashlib.sha256(block.data.data[0]).digest()
    sign(block, fabric.network.orderer)


def damage(blocks, fabric):
    block = blocks[-1]
    block.data.data[0] = b"\xff\xff"
    block.header.data_hash = hashlib.sha256(b"\xff\xff").digest()
    sign(block, fabric.network.orderer)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_data, "block 3: its transactions are not those of its header"),
        (change_header, "block 3: 0 orderers of the channel signed it, 1 are needed"),
        (skip, "block 3: it says that it is block 4"),
        (break_chain, "block 3: it does not follow"),
        (unsign, "block 3: 0 orderers"),
        (sign_as_a_stranger, "block 3: 0 orderers"),
        (forge_transaction, "is not signed by its creator"),
        (damage, "can't be read"),
    ],
)
def test_verification_finds_what_was_changed(fabric, change, said):
    blocks = copy(fabric)
    assert verify(blocks).problem is None
    change(blocks, fabric)
    assert said in verify(blocks).problem


def test_a_verification_says_what_it_has_seen(fabric):
    report = fabric.ledger.verify()
    assert (report.ok, report.blocks, report.transactions) == (True, fabric.ledger.height(), fabric.ledger.height())
    first, last = fabric.ledger.block(0), fabric.ledger.block(fabric.ledger.height() - 1)
    assert (report.genesis, report.head) == (first.hash, last.hash)
    assert (first.transactions[0].function, first.previous) == ("config", "0" * 64)
    assert fabric.ledger.verify(last.previous).problem is None
    assert "not in the chain" in fabric.ledger.verify("ab" * 32).problem
    assert verify([]).problem == "there is no block"


def test_a_transactions_writes_are_in_its_record(fabric):
    record = fabric.ledger.block(2).transactions[0]
    assert (record.function, record.creator) == ("participants.enrol", PEOPLE["admin"].id)
    assert any(PEOPLE["utility"].msp_id in key and value for key, value in record.writes)


def test_blocks_go_on_with_another_peer(fabric):
    fabric.network.faults.deliver.extend(["", "", "unavailable"])
    assert len(list(fabric.ledger.events())) == 5


def test_events_are_followed_over_failing_peers_without_loss_or_double(fabric):
    everything = list(fabric.ledger.events())
    stop, seen = threading.Event(), []
    fabric.network.faults.events.extend(["", "", "", "unavailable", "", "unavailable"])

    def follow():
        seen.extend(fabric.ledger.events(follow=True, stop=stop))

    follower = threading.Thread(target=follow)
    follower.start()
    fabric.story.fund("peter", 1)
    for _ in range(500):
        if len(seen) == 6:
            break
        stop.wait(0.01)
    stop.set()
    follower.join(5)
    assert not follower.is_alive()
    assert seen[:5] == everything
    assert (len(seen), seen[5].payload["amount"]) == (6, 1)


def test_a_checkpoint_goes_on_behind_what_was_seen(fabric, tmp_path):
    everything = list(fabric.ledger.events())
    file = CheckpointFile(tmp_path / "checkpoint")
    assert file.load() == Checkpoint()
    file.save(Checkpoint.after(everything[1]))
    assert list(fabric.ledger.events_behind(file.load())) == everything[2:]
    followed = fabric.ledger.events_behind(file.load(), follow=True)
    assert [next(followed) for _ in range(3)] == everything[2:]
    followed.close()
    (tmp_path / "checkpoint").write_text("[]")
    with pytest.raises(LedgerUnavailable, match="is no checkpoint"):
        file.load()
