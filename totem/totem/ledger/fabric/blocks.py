"""Blocks as Fabric keeps them, read into what the port gives: headers, hashes, transactions, writes, events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.x509.oid import NameOID
from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import chaincode_event_pb2, chaincode_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from totem.ledger.certificates import load
from totem.ledger.errors import LedgerError, ProposalRefused
from totem.ledger.fabric.signing import read_creator
from totem.ledger.fabric.transactions import action_of
from totem.ledger.port import Block, Event, TransactionRecord
from totem_chaincode import canonical

__all__ = ["Entry", "data_hash", "entries", "events_of", "header_bytes", "header_hash", "read_block"]

VALID = "VALID"


@dataclass(frozen=True, slots=True)
class Entry:
    """One envelope of a block: what its headers say, and the validator's word (empty: the block has none)."""

    payload: bytes
    signature: bytes
    kind: int
    tx_id: str
    timestamp: int
    creator: bytes
    nonce: bytes
    code: str


def header_bytes(header: Any) -> bytes:
    """Return the bytes of a block header that are hashed and signed: ASN.1 DER of number, previous, data hash."""
    number = header.number.to_bytes(header.number.bit_length() // 8 + 1, "big")
    return _der(0x30, _der(0x02, number) + _der(0x04, header.previous_hash) + _der(0x04, header.data_hash))


def header_hash(header: Any) -> str:
    """Return a block's hash, in hexadecimal."""
    return hashlib.sha256(header_bytes(header)).hexdigest()


def data_hash(block: Any) -> str:
    """Return the hash of a block's transactions, in hexadecimal."""
    return hashlib.sha256(b"".join(block.data.data)).hexdigest()


def entries(block: Any) -> Iterator[Entry]:
    """Yield a block's envelopes.

    Raises:
        LedgerError: one of them can't be read.
    """
    metadata = block.metadata.metadata
    flags = metadata[common_pb2.BlockMetadataIndex.TRANSACTIONS_FILTER] if len(metadata) > 2 else b""
    for position, data in enumerate(block.data.data):
        try:
            envelope: Any = common_pb2.Envelope.FromString(data)
            header: Any = common_pb2.Payload.FromString(envelope.payload).header
            outer: Any = common_pb2.ChannelHeader.FromString(header.channel_header)
            signer: Any = common_pb2.SignatureHeader.FromString(header.signature_header)
        except DecodeError as error:
            raise LedgerError(f"block {block.header.number}: transaction {position} can't be read: {error}") from None
        yield Entry(
            payload=envelope.payload,
            signature=envelope.signature,
            kind=outer.type,
            tx_id=outer.tx_id,
            timestamp=outer.timestamp.ToMilliseconds(),
            creator=signer.creator,
            nonce=signer.nonce,
            code=transaction_pb2.TxValidationCode.Name(flags[position]) if position < len(flags) else "",
        )


def read_block(block: Any, chaincode: str) -> Block:
    """Return a block as the port gives it.

    Fabric's blocks have no time of their own: ``timestamp`` is the latest of their transactions. Writes of other
    chaincodes (lifecycle) are ``chaincode/key``.
    """
    found = tuple(_record(entry, chaincode) for entry in entries(block))
    return Block(
        number=block.header.number,
        hash=header_hash(block.header),
        previous=block.header.previous_hash.hex() or "0" * 64,
        data_hash=block.header.data_hash.hex(),
        timestamp=max((record.timestamp for record in found), default=0),
        transactions=found,
    )


def events_of(block: Any, chaincode: str) -> list[Event]:
    """Return a chaincode's events of the valid transactions of a block."""
    found = []
    for entry in entries(block):
        if entry.kind != common_pb2.HeaderType.ENDORSER_TRANSACTION or entry.code != VALID:
            continue
        action = action_of(entry.payload)[1]
        event: Any = chaincode_event_pb2.ChaincodeEvent.FromString(action.events)
        if event.event_name and event.chaincode_id == chaincode:
            found.append(read_event(block.header.number, event))
    return found


def read_event(number: int, event: Any) -> Event:
    """Return Fabric's message for an event as the port gives it.

    Raises:
        LedgerError: its payload is not JSON, as that of TOTEM's contracts is.
    """
    try:
        payload = canonical.decode(event.payload)
    except canonical.NotCanonical as error:
        raise LedgerError(f"block {number}: the event {event.event_name!r} is not TOTEM's: {error}") from None
    return Event(number, event.tx_id, event.event_name, payload)


def _record(entry: Entry, chaincode: str) -> TransactionRecord:
    code = entry.code or VALID
    if entry.kind != common_pb2.HeaderType.ENDORSER_TRANSACTION:
        kind = common_pb2.HeaderType.Name(entry.kind).lower()
        return TransactionRecord(entry.tx_id, code, "", kind, {}, entry.timestamp, (), (), None)
    proposal, action = action_of(entry.payload)
    spec: Any = chaincode_pb2.ChaincodeInvocationSpec.FromString(proposal.input).chaincode_spec
    args = list(spec.input.args)
    event: Any = chaincode_event_pb2.ChaincodeEvent.FromString(action.events)
    writes, private = _writes(action.results, chaincode)
    return TransactionRecord(
        tx_id=entry.tx_id,
        code=code,
        creator=_holder(entry.creator),
        function=_text(args[0]) if args else "",
        args=_args(args[1:]),
        timestamp=entry.timestamp,
        writes=tuple(writes),
        private_writes=tuple(private),
        event=event.event_name or None,
    )


def _writes(results: bytes, chaincode: str) -> tuple[list[tuple[str, str | None]], list[tuple[str, str | None]]]:
    writes: list[tuple[str, str | None]] = []
    private: list[tuple[str, str | None]] = []
    sets: Any = rwset_pb2.TxReadWriteSet.FromString(results)
    for space in sets.ns_rwset:
        prefix = "" if space.namespace == chaincode else f"{space.namespace}/"
        public: Any = kv_rwset_pb2.KVRWSet.FromString(space.rwset)
        writes += [(prefix + each.key, None if each.is_delete else _text(each.value)) for each in public.writes]
        for collection in space.collection_hashed_rwset:
            hashed: Any = kv_rwset_pb2.HashedRWSet.FromString(collection.hashed_rwset)
            private += [
                (
                    f"{prefix}{collection.collection_name}/{each.key_hash.hex()}",
                    None if each.is_delete or each.is_purge else each.value_hash.hex(),
                )
                for each in hashed.hashed_writes
            ]
    return writes, private


def _args(args: list[bytes]) -> Any:
    """Return a contract's arguments; other chaincodes' as a list of texts."""
    if len(args) == 1:
        try:
            return canonical.decode(args[0])
        except canonical.NotCanonical:
            pass
    return [_text(each) for each in args]


def _holder(creator: bytes) -> str:
    """Return ``name@msp`` of a serialized identity."""
    msp_id, pem = read_creator(creator)
    try:
        names = load(pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ProposalRefused:
        names = []
    name = str(names[0].value) if names else "?"
    return f"{name}@{msp_id}"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _der(tag: int, content: bytes) -> bytes:
    """Return a DER element."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
