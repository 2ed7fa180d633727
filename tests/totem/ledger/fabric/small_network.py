"""A small Fabric network for tests: one channel's state, orderer and blocks, with faults on demand.

Signatures, ids, MVCC and blocks are real; there is one copy of the state, which all peers serve, and an envelope that
is ordered makes a block of its own.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.peer import transaction_pb2

from totem.ledger import CertificateAuthority, ProposalRefused
from totem.ledger.certificates import Trust, creator_of
from totem.ledger.fabric.blocks import header_bytes
from totem.ledger.fabric.proposals import channel_header
from totem.ledger.fabric.signing import is_signature, read_creator, serialized
from totem_chaincode import canonical
from totem_chaincode.simulation import SimulatedStub, conflicts, hash_key
from totem_chaincode.testing import MemoryState

CHANNEL = "totem"
CHAINCODE = "totem"
_HALF = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2


class Denied(Exception):
    """Who signs is not accepted."""


@dataclass
class Faults:
    """What the next calls meet, in order; when a queue is empty, nothing.

    submit: unavailable, commit_unavailable, lose, twice, late, refuse; status, endorse, evaluate, events, deliver:
    unavailable; status: slow. Organisations in ``absent`` have no peer that endorses, those in ``refusing`` answer
    every proposal with what stands there, whatever the others say.
    """

    submit: deque = field(default_factory=deque)
    status: deque = field(default_factory=deque)
    endorse: deque = field(default_factory=deque)
    evaluate: deque = field(default_factory=deque)
    events: deque = field(default_factory=deque)
    deliver: deque = field(default_factory=deque)
    absent: set = field(default_factory=set)
    refusing: dict = field(default_factory=dict)

    def next(self, call: str) -> str:
        queue = getattr(self, call)
        return queue.popleft() if queue else ""


class SmallNetwork:
    """State, orderer and blocks of one channel."""

    def __init__(self, authority: CertificateAuthority, msp_ids, chaincode, clock=None) -> None:
        self.authority = authority
        self.chaincode = chaincode
        self.clock = clock or (lambda: time.time_ns() // 1_000_000)
        self.members = sorted(set(msp_ids))
        self.orderer = authority.issue("orderer", "OrdererMSP", "orderer")
        self.node = authority.issue("peer", self.members[0], "peer")
        self.state = MemoryState()
        self.blocks: list = []
        self.faults = Faults()
        self.known: dict[str, tuple[int, str]] = {}
        self.simulated: dict = {}
        self.late: list = []
        self.applied: list[str] = []
        self.changed = threading.Condition()
        self.last_config = 0
        with self.changed:
            self._add(common_pb2.HeaderType.CONFIG, self._config_envelope(), 0)

    def check(self, creator: bytes, signature: bytes, data: bytes) -> tuple[str, str]:
        """Check who signed; return MSP id and certificate."""
        msp_id, certificate = read_creator(creator)
        _check_low_s(signature)
        try:
            Trust([self.authority.certificate], self.authority.crl).check(certificate, self.clock())
            creator_of(msp_id, certificate)
        except ProposalRefused:
            raise Denied(f"access denied: channel [{CHANNEL}] creator org [{msp_id}]") from None
        if msp_id not in self.members or not is_signature(certificate, signature, data):
            raise Denied(f"access denied: channel [{CHANNEL}] creator org [{msp_id}]")
        return msp_id, certificate

    def simulate(self, call, creator, peer_msp):
        """Run the contracts on the committed state; return the answer and what was read and written."""
        stub = SimulatedStub(
            self.state,
            tx_id=call.tx_id,
            timestamp=call.timestamp,
            creator=creator_of(*creator),
            transient=call.transient,
            peer_msp=peer_msp,
        )
        with self.changed:
            return self.chaincode.invoke(stub, call.args[0].decode(), canonical.decode(call.args[1])), stub.result()

    def order(self, envelope) -> None:
        """Take an envelope as the orderers do, with the fault whose turn it is."""
        payload = common_pb2.Payload.FromString(envelope.payload)
        creator = common_pb2.SignatureHeader.FromString(payload.header.signature_header).creator
        self.check(creator, envelope.signature, envelope.payload)
        with self.changed:
            fault = self.faults.next("submit")
            if fault == "unavailable":
                raise ConnectionError("nobody there")
            if fault == "refuse":
                raise PermissionError("status=FORBIDDEN, info=permission denied")
            if fault == "late":
                self.late.append(envelope)
            elif fault != "lose":
                waiting, self.late = self.late, []
                for each in [*waiting, *[envelope] * (2 if fault == "twice" else 1)]:
                    self._commit(each)
            if fault == "commit_unavailable":
                raise ConnectionError("the answer is lost")

    def flush(self) -> None:
        """Commit what the orderers had taken and kept."""
        with self.changed:
            waiting, self.late = self.late, []
            for each in waiting:
                self._commit(each)

    def revoke(self, identity) -> None:
        """Revoke a certificate and put the list into a new configuration block."""
        self.authority.revoke(identity.certificate)
        with self.changed:
            self._add(common_pb2.HeaderType.CONFIG, self._config_envelope(), 0)

    def _commit(self, envelope) -> None:
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        number = len(self.blocks)
        if header.tx_id in self.known:
            code = "DUPLICATE_TXID"
        else:
            found = self.simulated[header.tx_id]
            code = conflicts(self.state, found) or "VALID"
            self.known[header.tx_id] = (number, code)
            if code == "VALID":
                self.state.apply(found, (number, 0), header.tx_id, header.timestamp.ToMilliseconds())
                self.applied.append(header.tx_id)
        self._add(None, envelope, transaction_pb2.TxValidationCode.Value(code))

    def _add(self, kind, envelope, flag: int) -> None:
        data = common_pb2.BlockData(data=[envelope.SerializeToString()])
        previous = hashlib.sha256(header_bytes(self.blocks[-1].header)).digest() if self.blocks else b""
        header = common_pb2.BlockHeader(
            number=len(self.blocks), previous_hash=previous, data_hash=hashlib.sha256(b"".join(data.data)).digest()
        )
        if kind == common_pb2.HeaderType.CONFIG:
            self.last_config = len(self.blocks)
        value = common_pb2.OrdererBlockMetadata(
            last_config=common_pb2.LastConfig(index=self.last_config)
        ).SerializeToString()
        metadata = common_pb2.Metadata(value=value)
        if self.blocks:
            signer = common_pb2.SignatureHeader(creator=serialized(self.orderer), nonce=b"n").SerializeToString()
            signature = self.orderer.sign(value + signer + header_bytes(header))
            metadata.signatures.add(signature_header=signer, signature=signature)
        block = common_pb2.Block(
            header=header,
            data=data,
            metadata=common_pb2.BlockMetadata(metadata=[metadata.SerializeToString(), b"", bytes([flag]), b"", b""]),
        )
        self.blocks.append(block)
        self.changed.notify_all()

    def _config_envelope(self):
        def msp(name):
            config = msp_config_pb2.FabricMSPConfig(
                name=name,
                root_certs=[self.authority.certificate.encode()],
                revocation_list=[self.authority.crl.encode()] if self.authority.crl else [],
            )
            outer = msp_config_pb2.MSPConfig(type=0, config=config.SerializeToString())
            return configtx_pb2.ConfigValue(value=outer.SerializeToString())

        envelope = configtx_pb2.ConfigEnvelope()
        groups = envelope.config.channel_group.groups
        groups["Orderer"].groups["OrdererOrg"].values["MSP"].CopyFrom(msp("OrdererMSP"))
        for name in self.members:
            groups["Application"].groups[name].values["MSP"].CopyFrom(msp(name))
        header = common_pb2.Header(
            channel_header=channel_header(common_pb2.HeaderType.CONFIG, CHANNEL, self.clock()),
            signature_header=common_pb2.SignatureHeader(creator=serialized(self.orderer)).SerializeToString(),
        )
        payload = common_pb2.Payload(header=header, data=envelope.SerializeToString())
        return common_pb2.Envelope(payload=payload.SerializeToString())


def read_write_bytes(found) -> bytes:
    """Return a read-write set as it stands in a block: no private value is in it."""
    public = kv_rwset_pb2.KVRWSet(
        reads=[kv_rwset_pb2.KVRead(key=key) for key in sorted(found.reads)],
        writes=[
            kv_rwset_pb2.KVWrite(key=key, is_delete=value is None, value=value or b"")
            for key, value in sorted(found.writes.items())
        ],
    )
    collections: dict = {}
    for (collection, _), write in sorted(found.private_writes.items()):
        collections.setdefault(collection, kv_rwset_pb2.HashedRWSet()).hashed_writes.add(
            key_hash=bytes.fromhex(hash_key(write.key)),
            is_purge=write.value is None,
            is_delete=write.value is None,
            value_hash=write.value_hash or b"",
        )
    space = rwset_pb2.NsReadWriteSet(namespace=CHAINCODE, rwset=public.SerializeToString())
    for name, hashed in collections.items():
        space.collection_hashed_rwset.add(collection_name=name, hashed_rwset=hashed.SerializeToString())
    return rwset_pb2.TxReadWriteSet(ns_rwset=[space]).SerializeToString()


def _check_low_s(signature: bytes) -> None:
    if decode_dss_signature(signature)[1] > _HALF:
        raise Denied("access denied: the signature's S is too high")
