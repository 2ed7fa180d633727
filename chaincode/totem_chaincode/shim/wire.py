"""The messages between peer and chaincode, and what a proposal in them says.

The only module of the shim that names the modules of ``fabric_protos``. Its classes have no types of their own (see
the overrides in pyproject.toml), so everything that leaves a message is given one here or where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fabric_protos.common.common_pb2 import ChannelHeader, Header, SignatureHeader
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KeyModification as KeyModificationMessage
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.chaincode_pb2 import ChaincodeAdditionalParams, ChaincodeID, ChaincodeInput
from fabric_protos.peer.chaincode_shim_pb2 import (
    ChaincodeMessage,
    DelState,
    GetHistoryForKey,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    PurgePrivateState,
    PutState,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
)
from fabric_protos.peer.proposal_pb2 import ChaincodeProposalPayload, Proposal
from fabric_protos.peer.proposal_response_pb2 import Response
from google.protobuf.message import DecodeError

from totem_chaincode.errors import Invalid
from totem_chaincode.shim.identity import creator_of

if TYPE_CHECKING:
    from totem_chaincode.stub import Creator

__all__ = [
    "KV",
    "MAX_MESSAGE",
    "ChaincodeEvent",
    "ChaincodeID",
    "ChaincodeMessage",
    "DelState",
    "GetHistoryForKey",
    "GetState",
    "GetStateByRange",
    "GetStateMultiple",
    "GetStateMultipleResult",
    "KeyModificationMessage",
    "PeerFeatures",
    "PurgePrivateState",
    "PutState",
    "QueryMetadata",
    "QueryResponse",
    "QueryResponseMetadata",
    "QueryStateClose",
    "QueryStateNext",
    "Response",
    "SignedTransaction",
    "kind_name",
    "milliseconds",
    "read_features",
    "read_transaction",
]

MAX_MESSAGE = 100 << 20
"""Bytes that one message between peer and chaincode may have: what peers accept."""


@dataclass(frozen=True, slots=True)
class PeerFeatures:
    """What a peer can do beyond Fabric 2.5; ``multiple_reads`` keys may be read at once (0: one by one)."""

    multiple_reads: int = 0


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What a TRANSACTION message says: who asks, when, and for what. ``transient`` and ``args`` are never logged."""

    creator: Creator
    timestamp: int
    args: tuple[bytes, ...] = field(repr=False)
    transient: Mapping[str, bytes] = field(repr=False)


def kind_name(kind: int) -> str:
    """Return the name of a message's type, or its number where this version does not know it."""
    try:
        name: str = ChaincodeMessage.Type.Name(kind)
    except ValueError:
        return f"type {kind}"
    return name


def milliseconds(timestamp: object) -> int:
    """Return a protobuf Timestamp as milliseconds since 1970 UTC."""
    seconds: int = getattr(timestamp, "seconds", 0)
    nanos: int = getattr(timestamp, "nanos", 0)
    return seconds * 1_000 + nanos // 1_000_000


def read_features(payload: bytes) -> PeerFeatures:
    """Read what READY says; a 2.5 peer says nothing.

    Raises:
        DecodeError: the payload is something else.
    """
    found = ChaincodeAdditionalParams.FromString(payload)
    return PeerFeatures(int(found.max_size_get_multiple_keys) if found.use_get_multiple_keys else 0)


def read_transaction(message: ChaincodeMessage) -> SignedTransaction:
    """Read the proposal and the arguments of a TRANSACTION message.

    Raises:
        Invalid: the message has no proposal, or one that can't be read.
        Forbidden: the creator's certificate can't be read.
    """
    try:
        arguments = ChaincodeInput.FromString(message.payload)
        proposal = Proposal.FromString(message.proposal.proposal_bytes)
        header = Header.FromString(proposal.header)
        channel = ChannelHeader.FromString(header.channel_header)
        signer = SerializedIdentity.FromString(SignatureHeader.FromString(header.signature_header).creator)
        transient = ChaincodeProposalPayload.FromString(proposal.payload).TransientMap
    except DecodeError:
        # What it was that can't be decoded may hold transient data.
        raise Invalid("the transaction's proposal can't be decoded", code="bad_proposal") from None
    if not signer.id_bytes or not channel.HasField("timestamp"):
        raise Invalid("the transaction's proposal has no creator or no time", code="bad_proposal")
    return SignedTransaction(
        creator=creator_of(str(signer.mspid), bytes(signer.id_bytes)),
        timestamp=milliseconds(channel.timestamp),
        args=tuple(bytes(item) for item in arguments.args),
        transient={str(name): bytes(value) for name, value in transient.items()},
    )
