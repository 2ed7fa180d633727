"""Transactions: endorsed proposals, to be signed once more and ordered.

A ``TransactionDraft`` is what endorsing gives; it is signed wherever the key is. The ``SignedTransaction`` is kept
until its fate is known: only the *same* envelope may be sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2

from totem.ledger.errors import LedgerError
from totem.ledger.fabric.signing import Signer, low_s, serialized, sign

__all__ = ["Fate", "SignedTransaction", "TransactionDraft", "action_of", "answer_of", "status_request"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a transaction: its block and the validator's word (VALID, MVCC_READ_CONFLICT, …)."""

    block: int
    code: str


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """An envelope ready to be ordered; ``to_bytes`` and ``from_bytes`` keep it over a crash."""

    tx_id: str
    channel: str
    envelope: Any

    @property
    def answer(self) -> bytes:
        """What the contract answered."""
        return answer_of(self.envelope.payload)

    @property
    def endorsements(self) -> int:
        """How many peers have endorsed it."""
        transaction: Any = transaction_pb2.Transaction.FromString(
            common_pb2.Payload.FromString(self.envelope.payload).data
        )
        action: Any = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
        return len(action.action.endorsements)

    def to_bytes(self) -> bytes:
        """Return the transaction as bytes; no transient data are in it."""
        return _prepared(self.tx_id, self.envelope)

    @classmethod
    def from_bytes(cls, data: bytes) -> SignedTransaction:
        """Read what ``to_bytes`` gives."""
        prepared: Any = gateway_pb2.PreparedTransaction.FromString(data)
        return cls(prepared.transaction_id, _channel_of(prepared.envelope.payload), prepared.envelope)


@dataclass(frozen=True, slots=True)
class TransactionDraft:
    """An endorsed transaction that is not signed yet."""

    tx_id: str
    channel: str
    to_sign: bytes

    @property
    def answer(self) -> bytes:
        """What the contract answered; nothing has changed yet."""
        return answer_of(self.to_sign)

    def signed(self, signature: bytes) -> SignedTransaction:
        """Return the transaction with a signature (ECDSA over SHA-256 of ``to_sign``, DER).

        Raises:
            IdentityProblem: not such a signature.
        """
        return self._with(low_s(signature))

    def signed_by(self, signer: Signer) -> SignedTransaction:
        """Return the transaction signed here."""
        return self._with(sign(signer, self.to_sign))

    def to_bytes(self) -> bytes:
        """Return the draft in the form that Fabric's own clients use for off-line signing."""
        return _prepared(self.tx_id, common_pb2.Envelope(payload=self.to_sign))

    @classmethod
    def from_bytes(cls, data: bytes) -> TransactionDraft:
        """Read what ``to_bytes`` gives."""
        prepared: Any = gateway_pb2.PreparedTransaction.FromString(data)
        payload = prepared.envelope.payload
        return cls(prepared.transaction_id, _channel_of(payload), payload)

    def _with(self, signature: bytes) -> SignedTransaction:
        envelope = common_pb2.Envelope(payload=self.to_sign, signature=signature)
        return SignedTransaction(self.tx_id, self.channel, envelope)


def action_of(payload: bytes) -> tuple[Any, Any]:
    """Return (chaincode proposal payload, chaincode action) of an envelope's payload.

    Raises:
        LedgerError: it holds no endorsed transaction.
    """
    transaction: Any = transaction_pb2.Transaction.FromString(common_pb2.Payload.FromString(payload).data)
    if not transaction.actions:
        raise LedgerError("the envelope holds no transaction: the peer's answer is not what it should be")
    action: Any = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    response: Any = proposal_response_pb2.ProposalResponsePayload.FromString(action.action.proposal_response_payload)
    proposal: Any = proposal_pb2.ChaincodeProposalPayload.FromString(action.chaincode_proposal_payload)
    return proposal, proposal_pb2.ChaincodeAction.FromString(response.extension)


def answer_of(payload: bytes) -> bytes:
    """Return what the contract answered to the transaction in an envelope's payload."""
    answer: bytes = action_of(payload)[1].response.payload
    return answer


def status_request(signer: Signer, channel: str, tx_id: str) -> Any:
    """Return a signed question for a transaction's fate; whoever may read the channel may ask it."""
    request = gateway_pb2.CommitStatusRequest(transaction_id=tx_id, channel_id=channel, identity=serialized(signer))
    data = request.SerializeToString(deterministic=True)
    return gateway_pb2.SignedCommitStatusRequest(request=data, signature=sign(signer, data))


def _prepared(tx_id: str, envelope: Any) -> bytes:
    message = gateway_pb2.PreparedTransaction(transaction_id=tx_id, envelope=envelope)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def _channel_of(payload: bytes) -> str:
    header: Any = common_pb2.Payload.FromString(payload).header
    channel: str = common_pb2.ChannelHeader.FromString(header.channel_header).channel_id
    return channel
