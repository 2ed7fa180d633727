"""What real peers said, said to the shim again: it answers with the same bytes. Recorded by tests/tapes/record.py."""

from collections import Counter

import pytest
from fabric_protos.peer.chaincode_pb2 import ChaincodeAdditionalParams
from fabric_protos.peer.chaincode_shim_pb2 import ChaincodeMessage
from fabric_protos.peer.proposal_response_pb2 import Response

from tests.tapes.chaincode_replay import ReplayedPeer, conversations
from tests.tapes.drill import Drill
from tests.tapes.tape import Tape, recorded
from totem_chaincode.shim.wire import kind_name, read_transaction

pytestmark = pytest.mark.slow

NODES = ("drill.org1", "drill.org2")
M = ChaincodeMessage


@pytest.fixture(scope="module", params=recorded("chaincode"), ids=lambda path: path.name.removesuffix(".tape.xz"))
def tape(request):
    return Tape.read(request.param)


def messages(tape, who="peer"):
    return [M.FromString(bytes.fromhex(each["message"])) for each in tape.entries if each["from"] == who]


def began(tape):
    """Return when the tape was recorded: the shim looks at the clock."""
    first = next(message for message in messages(tape) if message.type == M.TRANSACTION)
    return read_transaction(first).timestamp


@pytest.fixture
def replay(serve, monkeypatch):
    """Replay one node's part of a tape; return what was not as on the tape."""
    # What the shim took when the tapes were recorded; a refusal says it.
    monkeypatch.setattr("totem_chaincode.shim.answer.MAX_SKEW", 300_000)

    def play(tape, node, at_once=1, chaincode=None):
        now = began(tape)
        peer = ReplayedPeer(serve(chaincode or Drill(), clock=lambda: now).address, tape, node)
        try:
            peer.replay(at_once)
        finally:
            peer.close()
        assert peer.count > 30
        return peer.differences

    return play


def test_both_supported_versions_are_on_tape():
    assert {Tape.read(path).about["fabric"].rpartition(".")[0] for path in recorded("chaincode")} == {"2.5", "3.1"}


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("at_once", [1, 20])
def test_the_shim_answers_a_real_peer_as_it_did(tape, replay, node, at_once):
    assert replay(tape, node, at_once) == []


def test_everything_that_a_contract_may_ask_is_on_tape(tape):
    asked = Counter(kind_name(message.type) for message in messages(tape, "shim"))
    batched = {"GET_STATE_MULTIPLE"} if tape.about["fabric"].startswith("3.") else set()
    assert set(asked) == batched | {
        *("REGISTER", "COMPLETED", "GET_STATE", "PUT_STATE", "DEL_STATE", "GET_STATE_BY_RANGE", "QUERY_STATE_NEXT"),
        *("QUERY_STATE_CLOSE", "GET_HISTORY_FOR_KEY", "GET_PRIVATE_DATA_HASH", "PURGE_PRIVATE_DATA"),
    }
    announced = {message.payload for message in messages(tape) if message.type == M.READY}
    features = [ChaincodeAdditionalParams.FromString(payload).use_get_multiple_keys for payload in announced]
    assert features == [bool(batched)]
    said = [message.payload.decode() for message in messages(tape) if message.type == M.ERROR]
    for text in ("private data matching public hash version is not available", "collection", "could not be found"):
        assert any(text in each for each in said)
    statuses = {
        Response.FromString(message.payload).status for message in messages(tape, "shim") if message.type == M.COMPLETED
    }
    assert statuses == {200, 400, 500}


def forged(tape, forge):
    """Return the tape with one of the peer's messages replaced: the first for which ``forge`` returns one."""
    entries = [dict(each) for each in tape.entries]
    for entry in entries:
        message = M.FromString(bytes.fromhex(entry["message"]))
        if entry["from"] == "peer" and entry["node"] == NODES[0] and forge(message):
            entry["message"] = message.SerializeToString().hex()
            return Tape(tape.about, entries)
    raise AssertionError("nothing was forged")


def test_a_shim_that_takes_a_peers_error_for_an_answer_would_be_noticed(tape, replay):
    def swallow(message):
        if message.type != M.ERROR:
            return False
        message.type, message.payload = M.RESPONSE, b""
        return True

    assert len(replay(forged(tape, swallow), NODES[0])) == 1


def test_another_answer_of_the_peer_is_noticed(tape, replay):
    def change(message):
        if message.type != M.RESPONSE or message.payload != b"one":
            return False
        message.payload = b"two"
        return True

    (difference,) = replay(forged(tape, change), NODES[0])
    assert "COMPLETED" in difference


def test_another_chaincode_is_noticed(tape, replay):
    class Forgetful(Drill):
        def on_put(self, stub, key, value):
            return key

    puts = [
        each
        for each in conversations(tape, NODES[0])
        if read_name(each) == b"put"  # each gives its one write away
    ]
    assert len(replay(tape, NODES[0], chaincode=Forgetful())) == len(puts) > 3


def read_name(conversation):
    first = M.FromString(conversation.messages[0][1])
    return read_transaction(first).args[0] if first.type == M.TRANSACTION else b""
