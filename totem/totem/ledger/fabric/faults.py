"""What a peer answers instead of a result, and which of the port's errors it is.

Fabric's gateway says little in the status itself: the contract's text and each endorser's reason are in the trailer
``grpc-status-details-bin``. The shim answers a contract's error with status 400 and ``ContractError.to_json()`` as
canonical JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import grpc
from fabric_protos.gateway import gateway_pb2
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from totem.ledger.errors import LedgerError, LedgerUnavailable, ProposalRefused
from totem_chaincode import canonical
from totem_chaincode.errors import ContractError

__all__ = ["CONTRACT_ERROR", "UNANSWERED", "EndorserSaid", "GatewayFault", "fault_of", "port_error"]

UNANSWERED = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "CANCELLED"})
"""gRPC's words where the gateway peer itself did not answer: another one may."""

CONTRACT_ERROR = 400
"""The status with which the shim answers a contract's error."""

_NOT_NOW = 503
"""The status with which the shim answers while it starts, ends or has too much to do."""

_TRAILER = "grpc-status-details-bin"
_CHAINCODE_SAID = re.compile(r"chaincode response (\d+), (.*)", re.DOTALL)
_NO_ENDORSERS = re.compile(
    r"no peers available|no combination of peers|failed to find any endorsing|no endorsement comb"
)
_REFUSED_BY_ORDERER = "received unsuccessful response from orderer"


def _status_class() -> Any:
    """Return the message ``google.rpc.Status``: it comes with no package that is needed for anything else."""
    file = descriptor_pb2.FileDescriptorProto(name="totem/status.proto", package="totem.fabric", syntax="proto3")
    message = file.message_type.add(name="Status")
    kinds = descriptor_pb2.FieldDescriptorProto
    message.field.add(name="code", number=1, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL)
    message.field.add(name="message", number=2, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    # An embedded message and bytes are the same on the wire.
    message.field.add(name="details", number=3, type=kinds.TYPE_BYTES, label=kinds.LABEL_REPEATED)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("totem.fabric.Status"))


_Status = _status_class()


@dataclass(frozen=True, slots=True)
class EndorserSaid:
    """What one node behind the gateway said."""

    address: str
    msp_id: str
    message: str


class GatewayFault(Exception):
    """A call that a peer did not answer with a result: gRPC's word, its text, what the nodes behind it said."""

    def __init__(self, peer: str, call: str, code: str, text: str, said: tuple[EndorserSaid, ...] = ()) -> None:
        self.peer = peer
        self.call = call
        self.code = code
        self.text = text
        self.said = said
        self.is_doubtful = False
        """Whether another peer may have done, before, what this one did not."""
        super().__init__(self.describe())

    @property
    def texts(self) -> tuple[str, ...]:
        """What the nodes said, or what the gateway itself said where they did not."""
        return tuple(each.message for each in self.said) or (self.text,)

    @property
    def contract_errors(self) -> list[ContractError]:
        """The contract's errors among what the nodes said."""
        return [error for text in self.texts if (error := _contract_error(text)) is not None]

    @property
    def is_unanswered(self) -> bool:
        """Whether the gateway peer itself did not answer: another one may."""
        return self.code in UNANSWERED

    @property
    def is_final(self) -> bool:
        """Whether asking again with the same proposal would be answered the same."""
        said = [found for text in self.texts if (found := _CHAINCODE_SAID.search(text))]
        if said:
            return any(int(found[1]) != _NOT_NOW for found in said)
        if self.is_denied or self.is_duplicate:
            return True
        # Peers learn of each other by gossip: who has just started does not know the others yet.
        return not (self.is_unanswered or self.code == "ABORTED" or _NO_ENDORSERS.search(self.text))

    @property
    def is_denied(self) -> bool:
        """Whether the identity is not accepted."""
        return self.code == "PERMISSION_DENIED" or any("access denied" in text for text in (*self.texts, self.text))

    @property
    def is_duplicate(self) -> bool:
        """Whether the transaction is on the channel already."""
        return any("duplicate transaction found" in text for text in (*self.texts, self.text))

    @property
    def is_refused_order(self) -> bool:
        """Whether an orderer looked at the envelope and refused it."""
        return self.code == "ABORTED" and _REFUSED_BY_ORDERER in self.text

    def describe(self) -> str:
        """Return one line: which call, where, what was said."""
        said = "; ".join(f"{each.msp_id} ({each.address}): {each.message}" for each in self.said)
        return f"{self.call} at {self.peer}: {self.code}: {self.text}{f' [{said}]' if said else ''}"


def fault_of(peer: str, call: str, error: Any) -> GatewayFault:
    """Read the ``grpc.RpcError`` of a call."""
    if not isinstance(error, grpc.Call):
        return GatewayFault(peer, call, "UNAVAILABLE", str(error))
    said = tuple(_read_said(dict(error.trailing_metadata() or ()).get(_TRAILER)))
    return GatewayFault(peer, call, error.code().name, error.details() or "", said)


def port_error(fault: GatewayFault) -> ContractError | LedgerError:
    """Return the error that a fault is in the port's words."""
    if errors := fault.contract_errors:
        # Fabric's peers take any time that a client signs, so it is the chaincode's server that looks at it.
        return ProposalRefused("stale", errors[0].message) if errors[0].code == "stale" else errors[0]
    if fault.is_denied:
        return ProposalRefused("authority", f"the peer does not accept the identity: {fault.describe()}")
    for text in fault.texts:
        if said := _CHAINCODE_SAID.search(text):
            return LedgerError(f"the chaincode failed with status {said[1]}: {said[2]}: see its log")
    if not fault.is_final:
        return LedgerUnavailable(f"Fabric does not answer: {fault.describe()}; nothing has changed, try again")
    return LedgerError(fault.describe())


def _contract_error(text: str) -> ContractError | None:
    said = _CHAINCODE_SAID.search(text)
    if said is None or int(said[1]) != CONTRACT_ERROR:
        return None
    try:
        return ContractError.from_json(canonical.decode(said[2]))
    except ValueError:
        return None


def _read_said(trailer: str | bytes | None) -> list[EndorserSaid]:
    """Return the details of a trailer; what can't be read is none: the status' own text is still there."""
    found: list[EndorserSaid] = []
    if not isinstance(trailer, bytes):
        return found
    try:
        for data in _Status.FromString(trailer).details:
            packed: Any = any_pb2.Any.FromString(data)
            detail: Any = gateway_pb2.ErrorDetail()
            if packed.Is(gateway_pb2.ErrorDetail.DESCRIPTOR) and packed.Unpack(detail):
                found.append(EndorserSaid(detail.address, detail.msp_id, detail.message))
    except DecodeError:
        return found
    return found
