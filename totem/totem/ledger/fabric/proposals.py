"""Proposals: what a client signs and a peer runs.

A ``ProposalDraft`` is prepared here, signed wherever the key is (``to_sign``), and sent with ``signed``. Its id is
sha256 of nonce and creator, so the same draft is one transaction however often it is sent.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2

from totem.ledger.fabric.signing import Signer, low_s, read_creator, serialized, sign
from totem_chaincode import canonical
from totem_chaincode.errors import Invalid

__all__ = [
    "ProposalDraft",
    "SignedProposal",
    "channel_header",
    "encode_call",
    "prepare",
    "signed_message",
    "transaction_id",
]


@dataclass(frozen=True, slots=True)
class SignedProposal:
    """A proposal with its signature; ``has_transient``: who endorses it sees data that are for endorsers only."""

    tx_id: str
    channel: str
    msp_id: str
    message: Any
    has_transient: bool


@dataclass(frozen=True, slots=True)
class ProposalDraft:
    """A proposal that is not signed yet; ``to_bytes`` and ``from_bytes`` carry it to where the key is and back."""

    tx_id: str
    channel: str
    msp_id: str
    to_sign: bytes
    has_transient: bool

    def signed(self, signature: bytes) -> SignedProposal:
        """Return the proposal with a signature (ECDSA over SHA-256 of ``to_sign``, DER).

        Raises:
            IdentityProblem: not such a signature.
        """
        message = signed_message(self.to_sign, low_s(signature))
        return SignedProposal(self.tx_id, self.channel, self.msp_id, message, self.has_transient)

    def signed_by(self, signer: Signer) -> SignedProposal:
        """Return the proposal signed here."""
        message = signed_message(self.to_sign, sign(signer, self.to_sign))
        return SignedProposal(self.tx_id, self.channel, self.msp_id, message, self.has_transient)

    def to_bytes(self) -> bytes:
        """Return the draft in the form that Fabric's own clients use for off-line signing.

        It holds transient data in the clear.
        """
        message = gateway_pb2.ProposedTransaction(transaction_id=self.tx_id, proposal=signed_message(self.to_sign, b""))
        data: bytes = message.SerializeToString(deterministic=True)
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> ProposalDraft:
        """Read what ``to_bytes`` gives."""
        proposed: Any = gateway_pb2.ProposedTransaction.FromString(data)
        to_sign = proposed.proposal.proposal_bytes
        proposal: Any = proposal_pb2.Proposal.FromString(to_sign)
        header: Any = common_pb2.Header.FromString(proposal.header)
        outer: Any = common_pb2.ChannelHeader.FromString(header.channel_header)
        creator: Any = common_pb2.SignatureHeader.FromString(header.signature_header).creator
        payload: Any = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        return cls(outer.tx_id, outer.channel_id, read_creator(creator)[0], to_sign, bool(payload.TransientMap))


def encode_call(function: str, args: Mapping[str, Any]) -> list[bytes]:
    """Return a contract's call as chaincode arguments: the function's name, the arguments as canonical JSON.

    Raises:
        Invalid: the arguments hold a float or something that is not JSON.
    """
    try:
        return [function.encode(), canonical.encode(dict(args))]
    except canonical.NotCanonical as error:
        raise Invalid(f"arguments: {error}") from None
    except UnicodeEncodeError:
        raise Invalid("the transaction's name is not valid Unicode") from None


def prepare(
    signer: Signer,
    channel: str,
    chaincode: str,
    args: Sequence[bytes],
    *,
    timestamp: int,
    transient: Mapping[str, bytes] | None = None,
    nonce: Callable[[], bytes] = lambda: secrets.token_bytes(24),
) -> ProposalDraft:
    """Return a proposal to be signed by ``signer``, of whom only MSP id and certificate are needed here.

    ``timestamp`` is in milliseconds since 1970 UTC.
    """
    creator, once = serialized(signer), nonce()
    tx_id = transaction_id(once, creator)
    name = chaincode_pb2.ChaincodeID(name=chaincode)
    extension = proposal_pb2.ChaincodeHeaderExtension(chaincode_id=name)
    header = common_pb2.Header(
        channel_header=channel_header(
            common_pb2.HeaderType.ENDORSER_TRANSACTION,
            channel,
            timestamp,
            tx_id=tx_id,
            extension=extension.SerializeToString(deterministic=True),
        ),
        signature_header=common_pb2.SignatureHeader(creator=creator, nonce=once).SerializeToString(deterministic=True),
    )
    spec = chaincode_pb2.ChaincodeSpec(
        type=chaincode_pb2.ChaincodeSpec.Type.GOLANG,  # what every client says: peers look at the definition
        chaincode_id=name,
        input=chaincode_pb2.ChaincodeInput(args=list(args)),
    )
    payload = proposal_pb2.ChaincodeProposalPayload(
        input=chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString(deterministic=True),
        TransientMap=dict(transient or {}),
    )
    proposal = proposal_pb2.Proposal(
        header=header.SerializeToString(deterministic=True), payload=payload.SerializeToString(deterministic=True)
    )
    return ProposalDraft(tx_id, channel, signer.msp_id, proposal.SerializeToString(deterministic=True), bool(transient))


def transaction_id(nonce: bytes, creator: bytes) -> str:
    """Return the id of the transaction with this nonce and serialized creator."""
    return hashlib.sha256(nonce + creator).hexdigest()


def channel_header(
    kind: int, channel: str, timestamp: int, *, tx_id: str = "", extension: bytes = b"", tls_cert_hash: bytes = b""
) -> bytes:
    """Return a serialized channel header."""
    header = common_pb2.ChannelHeader(
        type=kind, channel_id=channel, tx_id=tx_id, extension=extension, tls_cert_hash=tls_cert_hash
    )
    header.timestamp.FromMilliseconds(timestamp)
    data: bytes = header.SerializeToString(deterministic=True)
    return data


def signed_message(proposal: bytes, signature: bytes) -> Any:
    """Return Fabric's message for a signed proposal."""
    return proposal_pb2.SignedProposal(proposal_bytes=proposal, signature=signature)
