"""Verification: the chain as a peer gives it, checked by somebody who trusts no peer.

Checked are the chain of header hashes, each block's data hash, the orderers' signatures against the organisations of
the configuration then in force, each transaction's id and its creator's signature. The validator's words are a
peer's own: no signature covers them, so they are not checked; endorsements are checked by every peer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from totem.ledger.errors import LedgerError, ProposalRefused
from totem.ledger.fabric.blocks import data_hash, entries, header_bytes, header_hash
from totem.ledger.fabric.channel_config import ChannelConfig
from totem.ledger.fabric.proposals import transaction_id
from totem.ledger.fabric.signing import is_signature, read_creator
from totem.ledger.port import VerifyReport

__all__ = ["verify"]


def verify(blocks: Iterable[Any], anchor: str | None = None) -> VerifyReport:
    """Check blocks from the first one on; ``anchor`` is the hash of a block that must be among them."""
    chain = _Chain()
    problem: str | None = None
    try:
        for block in blocks:
            problem = chain.add(block)
            if problem is not None:
                break
    except (LedgerError, DecodeError) as error:
        problem = f"block {chain.blocks}: {error}"
    if problem is None and chain.blocks == 0:
        problem = "there is no block"
    if problem is None and anchor is not None and anchor.lower() not in chain.hashes:
        problem = f"the block {anchor} is not in the chain"
    return VerifyReport(chain.blocks, chain.transactions, chain.genesis, chain.head, problem)


class _Chain:
    """What has been found in order so far."""

    def __init__(self) -> None:
        self.blocks = 0
        self.transactions = 0
        self.genesis = ""
        self.head = ""
        self.hashes: set[str] = set()
        self._config: ChannelConfig | None = None

    def add(self, block: Any) -> str | None:
        """Check the next block; return what is wrong with it."""
        number = self.blocks
        problem = self._header_problem(block) or self._signature_problem(block)
        if problem is not None:
            return f"block {number}: {problem}"
        found = list(entries(block))
        for position, entry in enumerate(found):
            if problem := _entry_problem(entry):
                return f"block {number}: transaction {position}: {problem}"
        self._config = ChannelConfig.of_block(block) or self._config
        self.head = header_hash(block.header)
        self.genesis = self.genesis or self.head
        self.hashes.add(self.head)
        self.blocks += 1
        self.transactions += len(found)
        return None

    def _header_problem(self, block: Any) -> str | None:
        header = block.header
        if header.number != self.blocks:
            return f"it says that it is block {header.number}"
        if header.previous_hash.hex() != self.head:
            return "it does not follow from the block before"
        if header.data_hash.hex() != data_hash(block):
            return "its transactions are not those of its header"
        return None

    def _signature_problem(self, block: Any) -> str | None:
        if self.blocks == 0:
            return None  # nobody signs the first block: it is what one agrees on
        if self._config is None:
            return "the first block has no configuration, so nobody knows who orders"
        needed = self._needed()
        signers = set(self._orderers(block))
        if len(signers) < needed:
            return f"{len(signers)} orderers of the channel signed it, {needed} are needed"
        return None

    def _needed(self) -> int:
        """Return how many orderers must sign: any one with Raft, a BFT quorum where there are numbered consenters."""
        count = len(self._config.consenters) if self._config else 0
        return (count + (count - 1) // 3) // 2 + 1 if count else 1

    def _orderers(self, block: Any) -> Iterable[str]:
        """Yield the certificates of the channel's orderers that signed a block."""
        if self._config is None:
            return
        metadata: Any = common_pb2.Metadata.FromString(
            block.metadata.metadata[common_pb2.BlockMetadataIndex.SIGNATURES]
        )
        for signature in metadata.signatures:
            if signature.identifier_header:
                identifier: Any = common_pb2.IdentifierHeader.FromString(signature.identifier_header)
                msp_id, certificate = self._config.consenters.get(identifier.identifier, ("", ""))
                signed = signature.identifier_header
            else:
                header: Any = common_pb2.SignatureHeader.FromString(signature.signature_header)
                msp_id, certificate = read_creator(header.creator)
                signed = signature.signature_header
            organisation = self._config.orderers.get(msp_id)
            data = metadata.value + signed + header_bytes(block.header)
            if organisation is None or not organisation.has_issued(certificate):
                continue
            if is_signature(certificate, signature.signature, data):
                yield certificate


def _entry_problem(entry: Any) -> str | None:
    if entry.kind != common_pb2.HeaderType.ENDORSER_TRANSACTION:
        return None
    if entry.tx_id != transaction_id(entry.nonce, entry.creator):
        return None if entry.code not in {"", "VALID"} else f"{entry.tx_id} is not the id of its nonce and creator"
    try:
        signed = is_signature(read_creator(entry.creator)[1], entry.signature, entry.payload)
    except ProposalRefused as error:
        return str(error)
    if not signed and entry.code in {"", "VALID"}:
        return f"{entry.tx_id} is not signed by its creator"
    return None
