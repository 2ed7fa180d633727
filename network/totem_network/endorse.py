"""Asking peers directly for an endorsement: the proof that a network, and later a chaincode, is ready.

Only what readiness needs; clients use the Gateway (`totem.ledger.fabric`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, peer_pb2_grpc, proposal_pb2, proposal_response_pb2

from totem.ledger.fabric.signing import serialized, sign
from totem.ledger.identities import Identity
from totem.ledger.wallet import Wallet
from totem_network.crypto import ROLES
from totem_network.layout import Network, Organisation
from totem_network.nodes import each

__all__ = ["OK", "ask", "problem_of", "refusals"]

OK = 200
"""The status of an answer that is no refusal."""
_TIMEOUT = 10.0


def refusals(
    network: Network, chaincode: str, arguments: Sequence[bytes], *, identity: Identity | None = None
) -> dict[str, str]:
    """Ask every organisation's peer to run a chaincode's function; return why each that did not endorse did not.

    Who asks is ``identity``, or at each peer its own organisation's first client.
    """
    answers = each(
        lambda organisation: problem_of(network, organisation, chaincode, arguments, identity=identity),
        network.organisations,
    )
    return {
        organisation.name: answer
        for organisation, answer in zip(network.organisations, answers, strict=True)
        if answer is not None
    }


def problem_of(
    network: Network,
    organisation: Organisation,
    chaincode: str,
    arguments: Sequence[bytes],
    *,
    identity: Identity | None = None,
) -> str | None:
    """Ask one organisation's peer; return None where it endorses, else why not."""
    try:
        status, said, _ = ask(network, organisation, chaincode, arguments, identity=identity)
    except grpc.RpcError as error:
        return str(error.details())
    return None if status == OK else said


def ask(
    network: Network,
    organisation: Organisation,
    chaincode: str,
    arguments: Sequence[bytes],
    *,
    identity: Identity | None = None,
    channel: str | None = None,
    timeout: float = _TIMEOUT,
) -> tuple[int, str, bytes]:
    """Ask one organisation's peer itself, and no other one in its place; return status, message and payload.

    ``channel`` is the network's unless it is given; empty: the question is about the peer, not about a channel.
    ``timeout`` is in seconds.

    Raises:
        grpc.RpcError: it does not answer.
    """
    identity = identity or Wallet(network.wallet(organisation)).get(ROLES[0])
    signed = _proposal(identity, network.channel if channel is None else channel, chaincode, arguments)
    credentials = grpc.ssl_channel_credentials(network.tls_ca(organisation).read_bytes())
    with grpc.secure_channel(f"127.0.0.1:{organisation.port}", credentials) as connection:
        answer: proposal_response_pb2.ProposalResponse = peer_pb2_grpc.EndorserStub(connection).ProcessProposal(
            signed, timeout=timeout
        )
    return int(answer.response.status), str(answer.response.message), bytes(answer.response.payload)


def _proposal(
    identity: Identity, channel: str, chaincode: str, arguments: Sequence[bytes]
) -> proposal_pb2.SignedProposal:
    creator = serialized(identity)
    nonce = os.urandom(24)
    chaincode_id = chaincode_pb2.ChaincodeID(name=chaincode)
    header = common_pb2.ChannelHeader(
        type=common_pb2.HeaderType.ENDORSER_TRANSACTION,
        tx_id=hashlib.sha256(nonce + creator).hexdigest(),
        channel_id=channel,
        extension=proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_id).SerializeToString(),
    )
    header.timestamp.GetCurrentTime()
    invocation = chaincode_pb2.ChaincodeInvocationSpec(
        chaincode_spec=chaincode_pb2.ChaincodeSpec(
            type=chaincode_pb2.ChaincodeSpec.Type.GOLANG,
            chaincode_id=chaincode_id,
            input=chaincode_pb2.ChaincodeInput(args=list(arguments)),
        )
    )
    proposal = proposal_pb2.Proposal(
        header=common_pb2.Header(
            channel_header=header.SerializeToString(),
            signature_header=common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
        ).SerializeToString(),
        payload=proposal_pb2.ChaincodeProposalPayload(input=invocation.SerializeToString()).SerializeToString(),
    ).SerializeToString()
    return proposal_pb2.SignedProposal(proposal_bytes=proposal, signature=sign(identity, proposal))
