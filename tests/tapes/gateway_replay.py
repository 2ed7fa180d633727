"""Peers from a tape: answer TOTEM's client as real ones did, where it asks what it asked then.

A request is looked for among those on the tape; what may differ is left out: signatures, nonces, times, and the ids
that follow from them. What is left out is checked instead: signatures are by the person's key and with the smaller S,
ids are those of nonce and creator. In answers, ids of the tape become the client's own.

Blocks and the channel's height may be asked for more often or less often than on the tape: how much the client looks up
beside its transactions is its own business. The answer is then that of the same place on the tape.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2

from tests.tapes.gateway_proxy import OPTIONS, UNARY
from totem.ledger.fabric.proposals import transaction_id
from totem.ledger.fabric.signing import is_signature, low_s, read_creator

QSCC = proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_pb2.ChaincodeID(name="qscc")).SerializeToString()


class Replay:
    """The peers of one tape; ``signers`` are the certificates (PEM) of the keys that sign now, by those on the tape."""

    def __init__(self, tape, signers: dict[str, str]) -> None:
        self.differences: list[str] = []
        self._signers = signers
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._headers: dict[str, bytes] = {}
        self._answers: dict[tuple, list[_Recorded]] = defaultdict(list)
        self._position = 0
        for position, entry in enumerate(tape.entries):
            request = Request(entry["method"], bytes.fromhex(entry["requests"][0]))
            self._answers[entry["peer"], request.asked].append(
                _Recorded(position, request.tx_id, request.is_lookup, entry)
            )
        self._servers = {name: _Server(self, name) for name in sorted({each["peer"] for each in tape.entries})}

    @property
    def addresses(self) -> dict[str, str]:
        return {name: server.address for name, server in self._servers.items()}

    @property
    def unasked(self) -> list[str]:
        """What was asked on the tape and not now."""
        return [
            f"{each.entry['method']} at {peer}: entry {each.position} was not asked for"
            for (peer, _), answers in self._answers.items()
            for each in answers
            if not each.is_used and not each.is_lookup
        ]

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()

    def answer(self, peer: str, method: str, data: bytes) -> dict | None:
        """Return the entry that answers a request, with the client's ids in it; None: the tape has nothing like it."""
        request = Request(method, data)
        with self._lock:
            self.differences += [f"{method} at {peer}: {each}" for each in request.problems(self._signers)]
            found = self._look_up(peer, request) if request.is_lookup else self._take(peer, request)
            if found is None:
                self.differences.append(f"{method} at {peer} was not asked: {request.asked!r:.300}")
                return None
            found.is_used = True
            self._ids[request.tx_id] = found.tx_id
            return self._translated(found.entry, request)

    def _take(self, peer: str, request: Request) -> _Recorded | None:
        """Take an answer off the tape: of the same transaction where it is known, or else the next one."""
        known = self._ids.get(request.tx_id)
        for each in self._answers[peer, request.asked]:
            if not each.is_used and known in {None, each.tx_id}:
                self._position = max(self._position, each.position)
                return each
        return None

    def _look_up(self, peer: str, request: Request) -> _Recorded | None:
        """Return the answer of this place on the tape: the next one from here on, or else the last one."""
        answers = self._answers[peer, request.asked]
        later = [each for each in answers if each.position > self._position and not each.is_used]
        return later[0] if later else answers[-1] if answers else None

    def _translated(self, entry: dict, request: Request) -> dict:
        if entry["method"].rpartition("/")[2] not in UNARY or not request.tx_id:
            return entry  # blocks and events are as they were: ids and signatures in them belong together
        recorded = self._ids[request.tx_id].encode()

        def own(data: bytes) -> bytes:
            return data.replace(recorded, request.tx_id.encode())

        responses = [own(bytes.fromhex(each)) for each in entry["responses"]]
        if entry["method"].endswith("/Endorse"):
            responses = [_with_header(each, request.header) for each in responses]
        return {
            **entry,
            "responses": [each.hex() for each in responses],
            "details": own(entry["details"].encode()).decode(),
            "trailers": [[key, own(bytes.fromhex(value)).hex()] for key, value in entry["trailers"]],
        }


@dataclass
class _Recorded:
    """An entry of the tape, and whether it has been the answer to something."""

    position: int
    tx_id: str
    is_lookup: bool
    entry: dict
    is_used: bool = False


class Request:
    """One request: ``asked`` is what must be the same on the tape."""

    def __init__(self, method: str, data: bytes) -> None:
        self.tx_id = ""
        self.header = None
        self.signed: list[tuple[bytes, bytes, bytes]] = []  # creator, signature, data
        self._wrong: list[str] = []
        name = method.rpartition("/")[2]
        self.asked = (name, *getattr(self, f"_read_{name}")(data))

    @property
    def is_lookup(self) -> bool:
        """Whether it asks for blocks or the channel's height."""
        name, *asked = self.asked
        return name.startswith("Deliver") or (name == "Evaluate" and QSCC in asked)

    def problems(self, signers: dict[str, str]) -> list[str]:
        """Return what is wrong with what is not compared."""
        found = list(self._wrong)
        for creator, signature, data in self.signed:
            certificate = signers[read_creator(creator)[1]]
            if not is_signature(certificate, signature, data) or low_s(signature) != signature:
                found.append("the signature is not by who asks, or its S is too high")
        return found

    def _read_Evaluate(self, data):  # noqa: N802 -- the services' names
        request = gateway_pb2.EvaluateRequest.FromString(data)
        return (request.channel_id, *request.target_organizations, *self._proposal(request))

    def _read_Endorse(self, data):  # noqa: N802
        request = gateway_pb2.EndorseRequest.FromString(data)
        return (request.channel_id, *request.endorsing_organizations, *self._proposal(request))

    def _read_Submit(self, data):  # noqa: N802
        request = gateway_pb2.SubmitRequest.FromString(data)
        self.tx_id = request.transaction_id
        envelope = request.prepared_transaction
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = self._header(payload.header)
        self.signed.append((header[-1], envelope.signature, envelope.payload))
        # An event in it has its transaction's id.
        return (request.channel_id, *header, payload.data.replace(self.tx_id.encode(), b""))

    def _read_CommitStatus(self, data):  # noqa: N802
        signed = gateway_pb2.SignedCommitStatusRequest.FromString(data)
        request = gateway_pb2.CommitStatusRequest.FromString(signed.request)
        self.tx_id = request.transaction_id
        self.signed.append((request.identity, signed.signature, signed.request))
        return request.channel_id, request.identity

    def _read_ChaincodeEvents(self, data):  # noqa: N802
        signed = gateway_pb2.SignedChaincodeEventsRequest.FromString(data)
        identity = gateway_pb2.ChaincodeEventsRequest.FromString(signed.request).identity
        self.signed.append((identity, signed.signature, signed.request))
        return (signed.request,)

    def _read_Deliver(self, data):  # noqa: N802
        envelope = common_pb2.Envelope.FromString(data)
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = self._header(payload.header)
        self.signed.append((header[-1], envelope.signature, envelope.payload))
        return (*header, payload.data)

    _read_DeliverFiltered = _read_Deliver  # noqa: N815

    def _proposal(self, request):
        self.tx_id = request.transaction_id
        signed = request.proposed_transaction
        proposal = proposal_pb2.Proposal.FromString(signed.proposal_bytes)
        self.header = common_pb2.Header.FromString(proposal.header)
        header = self._header(self.header)
        self.signed.append((header[-1], signed.signature, signed.proposal_bytes))
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        return (*header, payload.input, *sorted(payload.TransientMap.items()))

    def _header(self, header):
        """Return what of a header must be the same, the creator last."""
        channel = common_pb2.ChannelHeader.FromString(header.channel_header)
        signature = common_pb2.SignatureHeader.FromString(header.signature_header)
        if channel.tx_id and channel.tx_id != transaction_id(signature.nonce, signature.creator):
            self._wrong.append("the id is not that of nonce and creator")
        if channel.tx_id != self.tx_id:
            self._wrong.append("header and request have different ids")
        if len(signature.nonce) < 24 or not channel.timestamp.seconds:
            self._wrong.append("no nonce, or no time")
        return channel.type, channel.channel_id, channel.extension, channel.epoch, signature.creator


def _with_header(data: bytes, header) -> bytes:
    """Return an Endorse's answer as the peer would have given it to a proposal with this header."""
    response = gateway_pb2.EndorseResponse.FromString(data)
    payload = common_pb2.Payload.FromString(response.prepared_transaction.payload)
    payload.header.CopyFrom(header)
    response.prepared_transaction.payload = payload.SerializeToString()
    return response.SerializeToString()


class _Server(grpc.GenericRpcHandler):
    """One peer of a tape."""

    def __init__(self, replay: Replay, name: str) -> None:
        self._replay = replay
        self._name = name
        self._server = grpc.server(ThreadPoolExecutor(32), options=OPTIONS)
        self._server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def service(self, details):
        method = details.method

        def answer(request, context):
            entry = self._replay.answer(self._name, method, request)
            if entry is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "this is not on the tape")
            yield from map(bytes.fromhex, entry["responses"])
            self._end(entry, context)

        if method.rpartition("/")[2] in UNARY:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: next(answer(request, context)))
        return grpc.stream_stream_rpc_method_handler(lambda incoming, context: answer(next(incoming), context))

    @staticmethod
    def _end(entry, context):
        code = grpc.StatusCode[entry["code"]]
        if code is grpc.StatusCode.CANCELLED:
            # The client went away from the stream then, and does so now.
            gone = threading.Event()
            if context.add_callback(gone.set):
                gone.wait(20)
        elif code is not grpc.StatusCode.OK:
            context.set_trailing_metadata([(key, bytes.fromhex(value)) for key, value in entry["trailers"]])
            context.abort(code, entry["details"])
