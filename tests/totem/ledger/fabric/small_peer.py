# ruff: noqa: N802 -- gRPC names the methods
"""A peer of the small network: Gateway and Deliver over real gRPC on loopback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    events_pb2,
    events_pb2_grpc,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from google.protobuf import any_pb2

from tests.totem.ledger.fabric.small_network import CHAINCODE, Denied, SmallNetwork, read_write_bytes
from totem.ledger.fabric.signing import serialized
from totem_chaincode import canonical
from totem_chaincode.errors import ContractError

_STEP = 0.05


class SmallPeer:
    """One peer's server; it can be stopped and started again under its address."""

    def __init__(self, network: SmallNetwork, msp_id: str = "") -> None:
        self.network = network
        self.msp_id = msp_id or network.members[0]
        self.port = 0
        self.calls: list[str] = []
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 100 << 20)]
        self.server = grpc.server(ThreadPoolExecutor(48), options=options)
        gateway_pb2_grpc.add_GatewayServicer_to_server(_Gateway(self), self.server)
        events_pb2_grpc.add_DeliverServicer_to_server(_Deliver(self), self.server)
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        self.server.start()

    def stop(self) -> None:
        self.server.stop(None).wait()


class _Gateway(gateway_pb2_grpc.GatewayServicer):
    def __init__(self, peer: SmallPeer) -> None:
        self.peer = peer
        self.network = peer.network

    def Evaluate(self, request, context):
        self._meet("evaluate", context)
        msp_id = request.target_organizations[0] if request.target_organizations else self.peer.msp_id
        _, payload, _ = self._run(request.proposed_transaction, msp_id, context, "Evaluate")
        if isinstance(payload, ContractError):
            said = _said(payload)
            _abort(context, grpc.StatusCode.UNKNOWN, f"evaluate call to endorser returned error: {said}", said)
        return gateway_pb2.EvaluateResponse(result=proposal_response_pb2.Response(status=200, payload=payload))

    def Endorse(self, request, context):
        self._meet("endorse", context)
        network = self.network
        for msp_id in request.endorsing_organizations:
            if msp_id in network.faults.absent:
                _abort(context, grpc.StatusCode.UNAVAILABLE, f"failed to find any endorsing peers for org(s): {msp_id}")
            if msp_id in network.faults.refusing:
                text = "failed to endorse transaction, see attached details for more info"
                _abort(context, grpc.StatusCode.ABORTED, text, network.faults.refusing[msp_id])
        signed = request.proposed_transaction
        call, payload, found = self._run(signed, self.peer.msp_id, context, "Endorse")
        if isinstance(payload, ContractError):
            text = "failed to endorse transaction, see attached details for more info"
            _abort(context, grpc.StatusCode.ABORTED, text, _said(payload))
        if call.tx_id in network.known:
            text = f"duplicate transaction found [{call.tx_id}]"
            _abort(context, grpc.StatusCode.ABORTED, "failed to endorse transaction", text)
        network.simulated[call.tx_id] = found
        event = chaincode_event_pb2.ChaincodeEvent()
        if found.event:
            event = chaincode_event_pb2.ChaincodeEvent(
                chaincode_id=CHAINCODE, tx_id=call.tx_id, event_name=found.event[0], payload=found.event[1]
            )
        action = proposal_pb2.ChaincodeAction(
            results=read_write_bytes(found),
            events=event.SerializeToString() if found.event else b"",
            response=proposal_response_pb2.Response(status=200, payload=payload),
            chaincode_id=chaincode_pb2.ChaincodeID(name=CHAINCODE),
        )
        response = proposal_response_pb2.ProposalResponsePayload(extension=action.SerializeToString())
        endorsed = response.SerializeToString()
        endorser = serialized(network.node)
        endorsement = proposal_response_pb2.Endorsement(
            endorser=endorser, signature=network.node.sign(endorsed + endorser)
        )
        payload = transaction_pb2.ChaincodeActionPayload(
            chaincode_proposal_payload=proposal_pb2.ChaincodeProposalPayload(input=call.input).SerializeToString(),
            action=transaction_pb2.ChaincodeEndorsedAction(
                proposal_response_payload=endorsed, endorsements=[endorsement]
            ),
        )
        action = transaction_pb2.TransactionAction(
            header=call.header.signature_header, payload=payload.SerializeToString()
        )
        data = transaction_pb2.Transaction(actions=[action]).SerializeToString()
        whole = common_pb2.Payload(header=call.header, data=data).SerializeToString()
        return gateway_pb2.EndorseResponse(prepared_transaction=common_pb2.Envelope(payload=whole))

    def Submit(self, request, context):
        self.peer.calls.append("Submit")
        try:
            self.network.order(request.prepared_transaction)
        except ConnectionError as error:
            _abort(context, grpc.StatusCode.UNAVAILABLE, f"no orderers could successfully process transaction: {error}")
        except (PermissionError, Denied) as error:
            text = f"received unsuccessful response from orderer: {error}"
            _abort(context, grpc.StatusCode.ABORTED, text)
        return gateway_pb2.SubmitResponse()

    def CommitStatus(self, signed, context):
        fault = self._meet("status", context)
        request = gateway_pb2.CommitStatusRequest.FromString(signed.request)
        self._check(request.identity, signed.signature, signed.request, context)
        network = self.network
        with network.changed:
            while context.is_active():
                if fault != "slow" and request.transaction_id in network.known:
                    number, code = network.known[request.transaction_id]
                    result = transaction_pb2.TxValidationCode.Value(code)
                    return gateway_pb2.CommitStatusResponse(result=result, block_number=number)
                network.changed.wait(_STEP)
        return gateway_pb2.CommitStatusResponse()

    def ChaincodeEvents(self, signed, context):
        request = gateway_pb2.ChaincodeEventsRequest.FromString(signed.request)
        self._check(request.identity, signed.signature, signed.request, context)
        number = request.start_position.specified.number
        while context.is_active():
            self._meet("events", context)
            with self.network.changed:
                while number >= len(self.network.blocks) and context.is_active():
                    self.network.changed.wait(_STEP)
                if not context.is_active():
                    return
                block = self.network.blocks[number]
            found = _events(block)
            if found:
                yield gateway_pb2.ChaincodeEventsResponse(events=found, block_number=number)
            number += 1

    def _run(self, signed, msp_id, context, call):
        proposal = proposal_pb2.Proposal.FromString(signed.proposal_bytes)
        found = _Call(proposal)
        try:
            who = self.network.check(found.creator, signed.signature, signed.proposal_bytes)
        except Denied as error:
            text = f"error validating proposal: {error}"
            if call == "Evaluate":
                text = f"evaluate call to endorser returned error: {text}"
                _abort(context, grpc.StatusCode.FAILED_PRECONDITION, text)
            _abort(context, grpc.StatusCode.ABORTED, "failed to endorse transaction, see attached details", text)
        if found.chaincode == "qscc":
            return found, self._query(found.args), None
        try:
            answer, result = self.network.simulate(found, who, msp_id)
        except ContractError as error:
            return found, error, None
        return found, canonical.encode(answer), result

    def _query(self, args):
        blocks = self.network.blocks
        if args[0] == b"GetChainInfo":
            return ledger_pb2.BlockchainInfo(height=len(blocks)).SerializeToString()
        return blocks[int(args[2])].SerializeToString()

    def _meet(self, call, context):
        self.peer.calls.append(call)
        fault = self.network.faults.next(call)
        if fault == "unavailable":
            _abort(context, grpc.StatusCode.UNAVAILABLE, "nobody there")
        return fault

    def _check(self, creator, signature, data, context):
        try:
            self.network.check(creator, signature, data)
        except Denied as error:
            _abort(context, grpc.StatusCode.PERMISSION_DENIED, str(error))


class _Deliver(events_pb2_grpc.DeliverServicer):
    def __init__(self, peer: SmallPeer) -> None:
        self.peer = peer

    def Deliver(self, requests, context):
        envelope = next(requests)
        payload = common_pb2.Payload.FromString(envelope.payload)
        creator = common_pb2.SignatureHeader.FromString(payload.header.signature_header).creator
        try:
            self.peer.network.check(creator, envelope.signature, envelope.payload)
        except Denied:
            yield events_pb2.DeliverResponse(status=common_pb2.Status.FORBIDDEN)
            return
        info = ab_pb2.SeekInfo.FromString(payload.data)
        for number in range(info.start.specified.number, info.stop.specified.number + 1):
            if self.peer.network.faults.next("deliver") == "unavailable":
                _abort(context, grpc.StatusCode.UNAVAILABLE, "nobody there")
            if number >= len(self.peer.network.blocks):
                yield events_pb2.DeliverResponse(status=common_pb2.Status.NOT_FOUND)
                return
            yield events_pb2.DeliverResponse(block=self.peer.network.blocks[number])
        yield events_pb2.DeliverResponse(status=common_pb2.Status.SUCCESS)

    def DeliverFiltered(self, requests, context):
        """Give filtered blocks as they come, and look before each whether the reader is still accepted."""
        network = self.peer.network
        envelope = next(requests)
        payload = common_pb2.Payload.FromString(envelope.payload)
        creator = common_pb2.SignatureHeader.FromString(payload.header.signature_header).creator
        number = len(network.blocks) - 1
        while context.is_active():
            with network.changed:
                while number >= len(network.blocks) and context.is_active():
                    network.changed.wait(_STEP)
            try:
                network.check(creator, envelope.signature, envelope.payload)
            except Denied:
                yield events_pb2.DeliverResponse(status=common_pb2.Status.FORBIDDEN)
                return
            yield events_pb2.DeliverResponse(filtered_block=events_pb2.FilteredBlock(number=number))
            number += 1


class _Call:
    """A proposal, taken apart."""

    def __init__(self, proposal) -> None:
        self.header = common_pb2.Header.FromString(proposal.header)
        outer = common_pb2.ChannelHeader.FromString(self.header.channel_header)
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
        self.creator = common_pb2.SignatureHeader.FromString(self.header.signature_header).creator
        self.tx_id = outer.tx_id
        self.timestamp = outer.timestamp.ToMilliseconds()
        self.chaincode = spec.chaincode_id.name
        self.args = list(spec.input.args)
        self.transient = dict(payload.TransientMap)
        self.input = payload.input


def _events(block):
    found = []
    flags = block.metadata.metadata[common_pb2.BlockMetadataIndex.TRANSACTIONS_FILTER]
    for data, flag in zip(block.data.data, flags, strict=True):
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(data).payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        if flag != 0 or header.type != common_pb2.HeaderType.ENDORSER_TRANSACTION:
            continue
        action = transaction_pb2.Transaction.FromString(payload.data).actions[0]
        endorsed = transaction_pb2.ChaincodeActionPayload.FromString(action.payload).action
        response = proposal_response_pb2.ProposalResponsePayload.FromString(endorsed.proposal_response_payload)
        event = proposal_pb2.ChaincodeAction.FromString(response.extension).events
        if event:
            found.append(chaincode_event_pb2.ChaincodeEvent.FromString(event))
    return found


def _said(error: ContractError) -> str:
    return f"chaincode response 400, {canonical.encode(error.to_json()).decode()}"


def _abort(context, code, text, *said) -> None:
    details = [gateway_pb2.ErrorDetail(address="small:1", msp_id="SmallMSP", message=each) for each in said]
    if details:
        data = b"\x08" + _varint(code.value[0]) + _bytes(0x12, text.encode())
        for detail in details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            data += _bytes(0x1A, packed.SerializeToString())
        context.set_trailing_metadata((("grpc-status-details-bin", data),))
    context.abort(code, text)


def _bytes(tag: int, data: bytes) -> bytes:
    return bytes([tag]) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])
