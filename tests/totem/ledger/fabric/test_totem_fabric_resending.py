"""Whatever is lost on the way: what was acknowledged is applied, once; what was refused never is."""

from dataclasses import dataclass

import pytest
from fabric_protos.common import common_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from totem.ledger import FateUnknown, LedgerUnavailable, ProposalRefused
from totem.ledger.fabric.faults import GatewayFault
from totem.ledger.fabric.resending import settle
from totem.ledger.fabric.transactions import Fate, SignedTransaction
from totem_chaincode.testing import PEOPLE

pytestmark = pytest.mark.slow

SUBMITS = ("", "unavailable", "commit_unavailable", "lose", "twice", "late", "refuse")
STATUSES = ("", "unavailable", "slow", "denied")


@dataclass
class Orderers:
    """Orderers and a peer in memory: what they do is drawn."""

    submits: list
    statuses: list
    code: str

    def __post_init__(self):
        self.queue, self.applied, self.block, self.now = [], [], None, 0.0

    def submit(self, transaction):
        fault = self.submits.pop(0) if self.submits else ""
        if fault == "refuse":
            raise GatewayFault("p", "Submit", "ABORTED", "received unsuccessful response from orderer: FORBIDDEN")
        if fault in {"late", "lose"}:
            self.queue += [transaction.tx_id] if fault == "late" else []
            return
        if fault != "unavailable":
            self.queue += [transaction.tx_id] * (2 if fault == "twice" else 1)
            self.flush()
        if fault.endswith("unavailable"):
            raise GatewayFault("p", "Submit", "UNAVAILABLE", "gone")

    def fate(self, tx_id, attempt=1):
        fault = self.statuses.pop(0) if self.statuses else ""
        if fault == "denied":
            raise GatewayFault("p", "CommitStatus", "PERMISSION_DENIED", "access denied")
        return None if fault or self.block is None else Fate(self.block, self.code)

    def flush(self):
        for tx_id in self.queue:
            if self.block is None:
                self.block = 7
                if self.code == "VALID":
                    self.applied.append(tx_id)
        self.queue = []

    def clock(self):
        self.now += 1.0
        return self.now


def envelope():
    return SignedTransaction("ab" * 32, "totem", common_pb2.Envelope())


@given(
    st.lists(st.sampled_from(SUBMITS), max_size=12),
    st.lists(st.sampled_from(STATUSES), max_size=12),
    st.sampled_from(["VALID", "MVCC_READ_CONFLICT"]),
    st.integers(1, 20),
    st.booleans(),
)
def test_no_sequence_of_losses_applies_twice_or_loses_what_was_acknowledged(submits, statuses, code, patience, sent):
    orders = Orderers(list(submits), list(statuses), code)
    if sent:
        orders.queue.append("ab" * 32)
    wait = {"clock": orders.clock, "wait": lambda _: None}
    try:
        fate = settle(orders, envelope(), patience=patience, was_sent=sent, **wait)
    except ProposalRefused:
        orders.flush()
        assert orders.block is None, "reported as refused, but in a block"
    except FateUnknown as unknown:
        orders.flush()
        orders.submits, orders.statuses = [], []
        fate = settle(orders, SignedTransaction.from_bytes(unknown.envelope), patience=5, was_sent=True, **wait)
        assert fate == Fate(7, code)
    else:
        assert fate == Fate(orders.block, code)
        orders.flush()
    assert len(orders.applied) == (1 if orders.block is not None and code == "VALID" else 0)


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([each for each in SUBMITS if each != "refuse"]), max_size=5),
    st.lists(st.sampled_from(["", "unavailable", "slow"]), max_size=5),
)
def test_totem_is_issued_once_whatever_is_lost(lasting, submits, statuses):
    before = lasting.story.available("peter")
    lasting.network.faults.submit.extend(submits)
    lasting.network.faults.status.extend(statuses)
    lasting.story.fund("peter", 1)
    lasting.network.faults.submit.clear()
    lasting.network.faults.status.clear()
    lasting.network.flush()
    assert lasting.story.available("peter") == before + 1
    assert len(set(lasting.network.applied)) == len(lasting.network.applied)


def test_a_lost_answer_after_the_commit_is_no_second_transaction(fabric):
    fabric.network.faults.submit.extend(["commit_unavailable"])
    fabric.story.fund("peter", 5)
    assert fabric.story.available("peter") == 5


def test_an_envelope_that_the_orderers_lost_is_sent_again(fabric):
    height = fabric.ledger.height()
    fabric.network.faults.submit.extend(["lose", "lose"])
    fabric.story.fund("peter", 5)
    assert fabric.ledger.height() == height + 1
    assert fabric.story.available("peter") == 5


def test_an_envelope_that_comes_late_and_again_is_applied_once(fabric):
    height = fabric.ledger.height()
    fabric.network.faults.submit.extend(["late"])
    fabric.story.fund("peter", 5)
    codes = [fabric.ledger.block(n).transactions[0].code for n in range(height, fabric.ledger.height())]
    assert codes == ["VALID", "DUPLICATE_TXID"]
    assert fabric.story.available("peter") == 5
    assert fabric.ledger.verify().problem is None


def test_what_the_orderers_refuse_has_not_happened(fabric):
    height = fabric.ledger.height()
    fabric.network.faults.submit.extend(["refuse"])
    with pytest.raises(ProposalRefused, match="FORBIDDEN"):
        fabric.story.fund("peter", 5)
    assert fabric.ledger.height() == height


def test_a_refusal_behind_a_silent_peer_is_no_proof_that_nothing_happened(fabric):
    fabric.network.faults.submit.extend(["commit_unavailable", *["refuse"] * 20])
    fabric.story.fund("peter", 5)
    assert fabric.story.available("peter") == 5


def test_an_unknown_fate_is_said_and_can_be_resumed(fabric):
    admin = fabric.people["admin"]
    args = {"account": PEOPLE["peter"].id, "amount": 5, "reason": "x", "reference": "y"}
    draft = fabric.ledger.prepare(admin, "accounts.issue", args)
    transaction = fabric.ledger.endorse(draft.signed_by(admin)).signed_by(admin)
    fabric.network.faults.submit.extend(["late"] + ["unavailable"] * 90)
    fabric.network.faults.status.extend(["slow"] * 9)
    with pytest.raises(FateUnknown, match="resume it") as unknown:
        settle(fabric.ledger._gateway, transaction, patience=0.05)
    fabric.network.faults.status.clear()
    fabric.network.faults.submit.clear()
    kept = SignedTransaction.from_bytes(unknown.value.envelope)
    submitted = fabric.ledger.fate_of(unknown.value.envelope)
    assert (submitted.tx_id, submitted.result["amount"]) == (draft.tx_id, 5)
    assert fabric.ledger.resume(kept) == submitted
    assert fabric.story.available("peter") == 5


def test_a_ledger_that_is_closed_meanwhile_leaves_the_fate_unknown():
    class Closed(Orderers):
        def fate(self, tx_id, attempt=1):
            raise LedgerUnavailable("the ledger is closed")

    orders = Closed([], [], "VALID")
    with pytest.raises(FateUnknown, match="is closed") as unknown:
        settle(orders, envelope(), patience=5, clock=orders.clock, wait=lambda _: None)
    assert (orders.applied, unknown.value.tx_id) == (["ab" * 32], "ab" * 32)
