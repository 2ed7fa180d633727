"""The client against peers: failover, denials with their reasons, errors with their texts, off-line signing."""

import dataclasses
import datetime
import json
import threading
import time

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2
from google.protobuf import any_pb2

from tests.totem.ledger.fabric import small_peer
from totem.ledger import CertificateAuthority, IdentityProblem, LedgerError, LedgerUnavailable, ProposalRefused
from totem.ledger.fabric import ConnectionProfile, Deadlines, FabricLedger, PeerAddress
from totem.ledger.fabric.faults import EndorserSaid, GatewayFault, fault_of, port_error
from totem.ledger.fabric.gateway import FabricGateway
from totem.ledger.fabric.proposals import ProposalDraft
from totem.ledger.fabric.signing import low_s
from totem.ledger.fabric.transactions import SignedTransaction, TransactionDraft
from totem_chaincode.errors import Forbidden, NotFound
from totem_chaincode.testing import PEOPLE

pytestmark = pytest.mark.slow

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def balance(fabric, person="peter"):
    return fabric.ledger.evaluate(fabric.people[person], "accounts.balance", {})["available"]


def wait_until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_another_peer_answers_for_one_that_is_down(fabric):
    fabric.peers[0].stop()
    fabric.story.fund("peter", 3)
    assert balance(fabric) == 3
    assert fabric.ledger.height() == len(fabric.network.blocks)
    assert fabric.peers[1].calls.count("Submit") == 1


def test_a_peer_that_comes_back_serves_again(fabric):
    for peer in fabric.peers:
        peer.stop()
    started = threading.Timer(0.3, fabric.peers[0].start)
    started.start()
    fabric.story.fund("peter", 3)
    started.join()
    assert balance(fabric) == 3


@pytest.mark.slow
def test_no_peer_at_all_ends_in_a_ledgers_error(fabric):
    profile = ConnectionProfile(
        "totem", "totem", (PeerAddress("127.0.0.1:9", "ConsortiumMSP"),), deadlines=Deadlines(1, 1, 1, 1, 1, 0.2)
    )
    ledger = FabricLedger(profile, fabric.people["admin"])
    for call in (ledger.height, lambda: ledger.submit(fabric.people["admin"], "participants.get", {}), ledger.verify):
        with pytest.raises(LedgerUnavailable, match=r"127\.0\.0\.1:9"):
            call()
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        ledger.height()


def test_who_is_denied_learns_why(fabric):
    reasons = {}
    peter = fabric.people["peter"]
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=9)
    fabric.network.revoke(peter)
    for who in (
        peter,
        fabric.authority.issue("peter", "StavangerMSP", "consumer", days=1, starts=past),
        CertificateAuthority.create().issue("peter", "StavangerMSP", "consumer"),
        fabric.authority.issue("eve", "EveMSP", "consumer"),
    ):
        for run in (fabric.ledger.evaluate, fabric.ledger.submit):
            with pytest.raises(ProposalRefused) as refused:
                run(who, "participants.get", {})
            reasons.setdefault(refused.value.code, 0)
            reasons[refused.value.code] += 1
    assert reasons == {"revoked": 2, "not_valid_now": 2, "authority": 2, "organisation": 2}


def test_a_reader_that_is_revoked_is_told_so_when_it_follows(fabric):
    fabric.network.revoke(fabric.people["admin"])
    with pytest.raises(ProposalRefused, match="does not accept the identity"):
        next(fabric.ledger.events(follow=True))
    with pytest.raises(ProposalRefused):
        fabric.ledger.height()


def test_a_reader_that_is_revoked_reads_it_in_its_organisations_list(fabric, tmp_path):
    admin, file = fabric.people["admin"], tmp_path / "revoked.pem"
    ledger = FabricLedger(dataclasses.replace(fabric.profile, revocation_list=file), admin)
    fabric.opened.insert(0, ledger)
    assert ledger.evaluate(admin, "participants.get", {})["role"] == "consortium"
    fabric.network.revoke(admin)
    for text, code in (
        (None, "authority"),
        ("nothing", "authority"),
        (CertificateAuthority.create().revoke(admin.certificate), "authority"),
        (fabric.authority.crl, "revoked"),
    ):
        if text is not None:
            file.write_text(text)
        for run in (ledger.evaluate, ledger.submit):
            with pytest.raises(ProposalRefused) as refused:
                run(admin, "participants.get", {})
            assert refused.value.code == code


def test_an_open_event_stream_ends_when_its_reader_is_revoked(fabric):
    seen, ended = [], []

    def follow():
        try:
            seen.extend(fabric.ledger.events(follow=True))
        except ProposalRefused as error:
            ended.append(error)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    wait_until(lambda: len(seen) == len(PEOPLE))
    fabric.network.revoke(fabric.people["peter"])
    with pytest.raises(ProposalRefused):  # looks into the configuration, should the stream's guard not have done it yet
        fabric.ledger.evaluate(fabric.people["peter"], "participants.get", {})
    fabric.story.fund("paula", 5)
    wait_until(lambda: len(seen) == len(PEOPLE) + 1)  # somebody else's revocation is nothing to this stream
    fabric.network.revoke(fabric.people["admin"])
    follower.join(30)
    assert not follower.is_alive()
    assert [error.code for error in ended] == ["revoked"]
    assert "since its configuration changed after block" in str(ended[0])


def test_off_line_signing_carries_bytes_to_where_the_key_is(fabric):
    admin, ledger = fabric.people["admin"], fabric.ledger
    args = {"account": PEOPLE["peter"].id, "amount": 5, "reason": "x", "reference": "y"}
    draft = ProposalDraft.from_bytes(ledger.prepare(admin, "accounts.issue", args).to_bytes())
    endorsed = ledger.endorse(draft.signed(admin.sign(draft.to_sign)))
    carried = TransactionDraft.from_bytes(endorsed.to_bytes())
    assert carried == endorsed
    assert json.loads(carried.answer)["amount"] == 5
    transaction = SignedTransaction.from_bytes(carried.signed(admin.sign(carried.to_sign)).to_bytes())
    submitted = ledger.resume(transaction, was_sent=False)
    assert (submitted.tx_id, balance(fabric)) == (draft.tx_id, 5)


def test_signatures_have_the_smaller_s():
    for s in (1, N // 2, N // 2 + 1, N - 1):
        r, found = decode_dss_signature(low_s(encode_dss_signature(7, s)))
        assert (r, found) == (7, min(s, N - s))
    with pytest.raises(IdentityProblem, match="not an ECDSA signature"):
        low_s(b"nothing")
    with pytest.raises(IdentityProblem, match="secp521r1"):
        low_s(b"", "secp521r1")


def test_another_transaction_than_proposed_is_not_signed(fabric, monkeypatch):
    class Forger(small_peer._Gateway):
        def Endorse(self, request, context):  # noqa: N802 -- gRPC's name
            answer = super().Endorse(request, context)
            whole = small_peer.common_pb2.Payload.FromString(answer.prepared_transaction.payload)
            outer = small_peer.common_pb2.ChannelHeader.FromString(whole.header.channel_header)
            outer.epoch = 1
            whole.header.channel_header = outer.SerializeToString()
            answer.prepared_transaction.payload = whole.SerializeToString()
            return answer

    monkeypatch.setattr(small_peer, "_Gateway", Forger)
    peer = small_peer.SmallPeer(fabric.network)
    fabric.opened.append(type("Stop", (), {"close": staticmethod(peer.stop)}))
    profile = ConnectionProfile("totem", "totem", (PeerAddress(peer.address, "ConsortiumMSP"),))
    ledger = FabricLedger(profile, fabric.people["admin"])
    fabric.opened.insert(0, ledger)
    height = ledger.height()
    with pytest.raises(LedgerError, match="another transaction"):
        ledger.submit(fabric.people["admin"], "participants.enrol", {"participant": "x@YMSP", "role": "consumer"})
    assert ledger.height() == height


def fault(text="", *said, call="Endorse", code="ABORTED"):
    return GatewayFault("p:1", call, code, text, tuple(EndorserSaid("e:1", "AMSP", each) for each in said))


@pytest.mark.parametrize(
    ("raised", "kind", "text", "final"),
    [
        (
            fault("x", 'chaincode response 400, {"code":"c","details":{},"kind":"not_found","message":"no\\nsuch"}'),
            NotFound,
            "no\nsuch",
            True,
        ),
        (
            fault("x", 'chaincode response 400, {"code":"stale","details":{},"kind":"refused","message":"clock"}'),
            ProposalRefused,
            "clock",
            True,
        ),
        (fault("x", "chaincode response 400, not JSON"), LedgerError, "not JSON", True),
        (fault("x", "chaincode response 500, see the log"), LedgerError, "see the log", True),
        (fault("x", "chaincode response 503, busy"), LedgerError, "busy", False),
        (fault("x", "error validating proposal: access denied: channel [c]"), ProposalRefused, "access denied", True),
        (fault("x", "rpc error: chaincode stream terminated"), LedgerUnavailable, "stream terminated", False),
        (fault("no peers available to evaluate", code="FAILED_PRECONDITION"), LedgerUnavailable, "try again", False),
        (fault("sent message larger than max", code="RESOURCE_EXHAUSTED"), LedgerError, "larger than max", True),
    ],
)
def test_faults_in_the_ports_words(raised, kind, text, final):
    error = port_error(raised)
    assert type(error) is kind
    assert text in str(error)
    assert raised.is_final is final


STALE = fault(
    "failed to collect enough transaction endorsements",
    'chaincode response 400, {"code":"stale","details":{},"kind":"refused","message":"check the clock"}',
    "error dialing: connection refused",
)


@pytest.mark.parametrize("call", ["evaluate", "endorse"])
def test_a_proposal_that_grew_old_while_it_waited_is_made_anew(fabric, monkeypatch, call):
    """Endorsers take no proposal that is older than half of the patience with which it is offered to them."""
    monkeypatch.setattr("totem.ledger.fabric.ledger._WAITED_SECONDS", 0.2)
    asked, answer = [], getattr(fabric.ledger._gateway, call)

    def late(proposal):
        asked.append(proposal.tx_id)
        if len(asked) == 1:
            time.sleep(0.3)
            raise STALE
        return answer(proposal)

    monkeypatch.setattr(fabric.ledger._gateway, call, late)
    fabric.story.fund("peter", 3)
    assert balance(fabric) == 3
    assert len(set(asked)) == len(asked) > 1


def test_who_is_not_answered_is_not_told_that_its_clock_is_wrong_and_who_has_a_wrong_clock_is(fabric, monkeypatch):
    monkeypatch.setattr("totem.ledger.fabric.ledger._WAITED_SECONDS", 0.2)
    pauses = [0.0]

    def refuse(proposal):
        time.sleep(pauses[-1])
        raise STALE

    monkeypatch.setattr(fabric.ledger._gateway, "endorse", refuse)
    with pytest.raises(ProposalRefused, match="check the clock") as refused:
        fabric.story.fund("peter", 3)
    assert refused.value.code == "stale"
    pauses.append(1.0)
    begin = time.monotonic()
    with pytest.raises(LedgerUnavailable, match="connection refused") as away:
        fabric.story.fund("peter", 3)
    assert away.value.code == "no_ledger"
    assert 5 <= time.monotonic() - begin < 10


def test_a_details_trailer_that_cannot_be_read_hides_nothing():
    class Raised(grpc.RpcError, grpc.Call):
        def __init__(self, trailer):
            self.trailer = trailer

        def code(self):
            return grpc.StatusCode.ABORTED

        def details(self):
            return "what the gateway says"

        def trailing_metadata(self):
            return (("grpc-status-details-bin", self.trailer),)

        initial_metadata = is_active = time_remaining = cancel = add_callback = lambda self, *_: None

    other = any_pb2.Any()
    other.Pack(proposal_pb2.Proposal(header=b"x"))
    packed = any_pb2.Any()
    packed.Pack(gateway_pb2.ErrorDetail(address="a", msp_id="M", message="said"))
    whole = b"".join(small_peer._bytes(0x1A, each.SerializeToString()) for each in (other, packed))
    assert fault_of("p", "Endorse", Raised(whole)).texts == ("said",)
    for trailer in (b"\xff\xff", b"", b"\x1a\x03\xff\xff\xff"):
        found = fault_of("p", "Endorse", Raised(trailer))
        assert (found.texts, found.code) == (("what the gateway says",), "ABORTED")


def test_a_peer_that_is_a_block_behind_is_asked_again(fabric, monkeypatch):
    monkeypatch.setattr("totem.ledger.fabric.gateway._DISAGREEMENT_SECONDS", 0.0)

    class Behind(FabricGateway):
        asked = 0

    gateway = Behind(fabric.ledger._connections, fabric.people["admin"])
    behind = fault(
        "failed to collect enough transaction endorsements, see attached details for more info",
        'chaincode response 400, {"code":"not_found","details":{},"kind":"not_found","message":"not yet"}',
    )

    def ask(times):
        def run():
            gateway.asked += 1
            if gateway.asked <= times:
                raise behind
            return "endorsed"

        gateway.asked = 0
        return run

    assert gateway._patiently(ask(3)) == "endorsed"
    for named, times in (((), 6), (("AMSP", "BMSP"), 6), (("AMSP",), 1)):
        with pytest.raises(GatewayFault):
            gateway._patiently(ask(99), named)
        assert gateway.asked == times
    # One that is behind for longer is waited for.
    monkeypatch.setattr("totem.ledger.fabric.gateway._DISAGREEMENT_SECONDS", 10.0)
    assert gateway._patiently(ask(8)) == "endorsed"


def test_private_data_are_asked_of_the_callers_own_organisation(fabric):
    story = fabric.story
    story.publish("open-homes", approval="auto")
    key = "ab" * 32
    args = {"dataset_id": "open-homes", "purpose": "x"}
    access = fabric.ledger.submit(fabric.people["peter"], "access.request", args, {"access_key": key}).result
    assert story.invoke("peter", "access.key", {"access_id": access["access_id"]})["access_key"] == key
    with pytest.raises(Forbidden):
        story.invoke("paula", "access.key", {"access_id": access["access_id"]})
