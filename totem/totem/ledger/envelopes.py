"""Proposals and envelopes: what a client signs, what a node endorses, what stands in a block.

A **proposal** (function, arguments, creator, nonce, time) is signed by its creator; its transaction id is the hash of
nonce and creator, so the same proposal is one transaction however often it is sent. An **envelope** is the proposal
with the simulation's response (read-write set, event, answer), endorsed by a node and signed by the creator again.
Private values and transient data are in neither; the envelope has their hashes.

Every signature is ECDSA P-256 over canonical JSON.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from totem.ledger.certificates import creator_of, verify_signature
from totem.ledger.errors import ProposalRefused
from totem_chaincode import canonical
from totem_chaincode.errors import Invalid
from totem_chaincode.simulation import RangeRead, ReadWriteSet, hash_key

if TYPE_CHECKING:
    from totem.ledger.identities import Identity
    from totem_chaincode.stub import Creator

__all__ = [
    "Envelope",
    "Proposal",
    "endorse",
    "propose",
    "read_write_set",
    "response_of",
    "signature_bytes",
    "transient_bytes",
]


@dataclass(frozen=True)
class Proposal:
    """A signed proposal; ``body`` is what was signed, as JSON."""

    body: dict[str, Any]
    signature: str

    @property
    def tx_id(self) -> str:
        """sha256 of nonce and creator, in hexadecimal."""
        creator = canonical.encode(self.body["creator"])
        return hashlib.sha256(bytes.fromhex(self.body["nonce"]) + creator).hexdigest()

    @property
    def creator(self) -> Creator:
        """What contracts see of the signer."""
        return creator_of(self.body["creator"]["msp_id"], self.certificate)

    @property
    def certificate(self) -> str:
        """The signer's certificate, PEM."""
        pem: str = self.body["creator"]["certificate"]
        return pem

    @property
    def timestamp(self) -> int:
        """When it was signed, milliseconds since 1970 UTC, by the signer's clock."""
        moment: int = self.body["timestamp"]
        return moment

    def check(self, channel: str) -> None:
        """Check channel and signature.

        Raises:
            ProposalRefused: codes ``channel``, ``signature``.
        """
        if self.body["channel"] != channel:
            raise ProposalRefused("channel", f"the proposal is for {self.body['channel']!r}, this is {channel!r}")
        verify_signature(self.certificate, signature_bytes(self.signature), canonical.encode(self.body))


@dataclass(frozen=True)
class Envelope:
    """An endorsed proposal, ready to be ordered."""

    proposal: Proposal
    response: dict[str, Any]
    endorsement: str
    signature: str

    def to_json(self) -> dict[str, Any]:
        """Return the envelope as it stands in a block."""
        return {
            "type": "transaction",
            "proposal": self.proposal.body,
            "proposal_signature": self.proposal.signature,
            "response": self.response,
            "endorsement": self.endorsement,
            "signature": self.signature,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Envelope:
        """Read what ``to_json`` gives."""
        proposal = Proposal(document["proposal"], document["proposal_signature"])
        return cls(proposal, document["response"], document["endorsement"], document["signature"])

    def check(self, channel: str, node_certificate: str) -> None:
        """Check all three signatures.

        Raises:
            ProposalRefused: codes ``channel``, ``signature``.
        """
        self.proposal.check(channel)
        signed = _to_endorse(self.proposal, self.response)
        verify_signature(node_certificate, signature_bytes(self.endorsement), signed)
        verify_signature(self.proposal.certificate, signature_bytes(self.signature), _to_sign(signed, self.endorsement))


def propose(
    identity: Identity, channel: str, function: str, args: Mapping[str, Any], *, timestamp: int, nonce: str = ""
) -> Proposal:
    """Return a signed proposal, with a new nonce where none is given.

    Raises:
        Invalid: the arguments hold a float or something that is not JSON.
    """
    body = {
        "channel": channel,
        "function": function,
        "args": dict(args),
        "creator": {"msp_id": identity.msp_id, "certificate": identity.certificate},
        "nonce": nonce or secrets.token_hex(24),
        "timestamp": timestamp,
    }
    try:
        signed = canonical.encode(body)
    except canonical.NotCanonical as error:
        raise Invalid(f"arguments: {str(error).removeprefix('args.')}") from None
    return Proposal(canonical.decode(signed), identity.sign(signed).hex())


def endorse(identity: Identity, node: Identity, proposal: Proposal, response: dict[str, Any]) -> Envelope:
    """Return the envelope: the node endorses the response, the proposal's signer signs both."""
    signed = _to_endorse(proposal, response)
    endorsement = node.sign(signed).hex()
    return Envelope(proposal, response, endorsement, identity.sign(_to_sign(signed, endorsement)).hex())


def response_of(found: ReadWriteSet, answer: Any) -> dict[str, Any]:
    """Return a simulation's outcome as it stands in an envelope: no private value is in it."""
    return {
        "reads": [[key, _version(version)] for key, version in sorted(found.reads.items())],
        "ranges": [
            [range_.start, range_.end, range_.exhausted, [[key, list(version)] for key, version in range_.rows]]
            for range_ in found.ranges
        ],
        "private_reads": [
            [collection, key_hash, _version(version)]
            for (collection, key_hash), version in sorted(found.private_reads.items())
        ],
        "writes": [[key, None if value is None else value.decode()] for key, value in sorted(found.writes.items())],
        "private_writes": [
            [write.collection, hash_key(write.key), None if write.value_hash is None else write.value_hash.hex()]
            for _, write in sorted(found.private_writes.items())
        ],
        "event": None if found.event is None else [found.event[0], found.event[1].decode()],
        "answer": answer,
    }


def read_write_set(response: Mapping[str, Any]) -> ReadWriteSet:
    """Return the part of a response that validation works on; private writes have no values here."""
    return ReadWriteSet(
        reads={key: _read_version(version) for key, version in response["reads"]},
        ranges=[
            RangeRead(start, end, exhausted, tuple((key, (version[0], version[1])) for key, version in rows))
            for start, end, exhausted, rows in response["ranges"]
        ],
        private_reads={
            (collection, key_hash): _read_version(version)
            for collection, key_hash, version in response["private_reads"]
        },
        writes={key: None if value is None else value.encode() for key, value in response["writes"]},
    )


def transient_bytes(transient: Mapping[str, Any] | None) -> dict[str, bytes]:
    """Return transient data as bytes: texts as they are, bytes unchanged, everything else as canonical JSON.

    Raises:
        Invalid: a value is not JSON without floats.
    """
    sent: dict[str, bytes] = {}
    for name, value in (transient or {}).items():
        if isinstance(value, bytes):
            sent[name] = value
            continue
        try:
            sent[name] = value.encode() if isinstance(value, str) else canonical.encode(value)
        except ValueError:
            raise Invalid(f"transient.{name}: not JSON without floats") from None
    return sent


def _to_endorse(proposal: Proposal, response: Mapping[str, Any]) -> bytes:
    hashed = hashlib.sha256(canonical.encode([proposal.body, proposal.signature])).digest()
    return hashed + hashlib.sha256(canonical.encode(dict(response))).digest()


def _to_sign(endorsed: bytes, endorsement: str) -> bytes:
    return endorsed + signature_bytes(endorsement)


def signature_bytes(signature: str) -> bytes:
    """Return a signature's bytes from its one form as text: lower-case hexadecimal.

    Raises:
        ProposalRefused: code ``signature``: another form, which would be the same signature in other bytes.
    """
    try:
        data = bytes.fromhex(signature)
    except ValueError:
        data = b""
    if not data or data.hex() != signature:
        raise ProposalRefused("signature", "a signature is not lower-case hexadecimal")
    return data


def _version(version: tuple[int, int] | None) -> list[int] | None:
    return None if version is None else list(version)


def _read_version(version: list[int] | None) -> tuple[int, int] | None:
    return None if version is None else (version[0], version[1])
