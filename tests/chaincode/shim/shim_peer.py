"""A peer for tests: speaks the chaincode protocol over real gRPC, with the simulation and state of our own ledgers.

It does what a 2.5 peer does where a shim can tell the difference: dispatches requests concurrently, drops a second
request of a transaction, gives ranges in batches, says READY with or without features, ends the stream at messages
that it does not know, answers ERROR with its own text.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from fabric_protos.common.common_pb2 import ChannelHeader, Header, SignatureHeader
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV, KeyModification
from fabric_protos.peer.chaincode_pb2 import ChaincodeAdditionalParams, ChaincodeID, ChaincodeInput
from fabric_protos.peer.chaincode_shim_pb2 import (
    ChaincodeMessage,
    DelState,
    GetHistoryForKey,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    PutState,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryResultBytes,
    QueryStateClose,
    QueryStateNext,
)
from fabric_protos.peer.proposal_pb2 import ChaincodeProposalPayload, Proposal, SignedProposal
from fabric_protos.peer.proposal_response_pb2 import Response

from totem_chaincode import canonical
from totem_chaincode.errors import ContractError
from totem_chaincode.simulation import SimulatedStub, conflicts, hash_key
from totem_chaincode.stub import PrivateDataUnavailable, split_composite_key
from totem_chaincode.testing import MemoryState

NOW = 1_700_000_000_000
M = ChaincodeMessage
MULTIPLE = ChaincodeAdditionalParams(use_get_multiple_keys=True, max_size_get_multiple_keys=3)


@dataclass
class Transaction:
    """One that runs: its simulator, its open queries, and its end."""

    tx_id: str
    stub: SimulatedStub
    done: threading.Event = field(default_factory=threading.Event)
    message: ChaincodeMessage | None = None
    queries: dict = field(default_factory=dict)


@dataclass
class Endorsed:
    """What came out of a transaction."""

    tx_id: str
    status: int
    message: str
    payload: bytes
    event: tuple[str, bytes] | None
    found: object


class StreamTerminated(Exception):
    """The chaincode's stream ended while a transaction ran."""


class Peer:
    """A peer of ``msp`` (None: of all organisations) that connects to a chaincode server.

    ``faults`` maps a kind of message to what is answered instead: a text (ERROR), or a function of message and
    transaction. ``seen`` are the kinds that came, ``violations`` what a real peer would have choked on.
    """

    def __init__(self, address, *, features=None, batch=100, msp=None, credentials=None, state=None, options=()):
        self.state = state or MemoryState()
        self.batch = batch
        self.msp = msp
        self.features = features
        self.now = NOW
        self.faults = {}
        self.seen = []
        self.violations = []
        self.events = []
        self.ready = threading.Event()
        self.ended = threading.Event()
        self.status = None
        self.package_id = None
        self._numbers = itertools.count(1)
        self._blocks = itertools.count(1)
        self._lock = threading.RLock()
        self._running = {}
        self._outstanding = set()
        self._out = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(64)
        limits = [("grpc.max_receive_message_length", 100 << 20), ("grpc.max_send_message_length", 100 << 20)]
        limits += [("grpc.ssl_target_name_override", "localhost")] if credentials else []
        options = [*limits, *options]
        self.channel = (
            grpc.secure_channel(address, credentials, options)
            if credentials
            else grpc.insecure_channel(address, options)
        )
        self.call = self.channel.stream_stream(
            "/protos.Chaincode/Connect",
            request_serializer=ChaincodeMessage.SerializeToString,
            response_deserializer=ChaincodeMessage.FromString,
        )(iter(self._out.get, None))
        threading.Thread(target=self._receive, daemon=True).start()

    def __enter__(self):
        assert self.ready.wait(10), f"not ready: {self.status}"
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the stream as a peer that shuts down does."""
        self.call.cancel()
        self.ended.wait(5)
        self.channel.close()
        self._threads.shutdown(wait=False)

    def send(self, **fields):
        """Send a message as it is."""
        self._out.put(ChaincodeMessage(**fields))

    def begin(self, who, function, args=None, transient=None, *, tx_id=None, raw=None, timestamp=None, kind=None):
        """Send a transaction; ``raw`` are its arguments where they are not a name and canonical JSON."""
        tx_id = tx_id or hashlib.sha256(f"{id(self)} {next(self._numbers)}".encode()).hexdigest()
        # Whatever JSON a client sends, canonical or not: the chaincode has to look.
        given = [function.encode(), json.dumps(args or {}).encode()] if raw is None else raw
        sent = {
            name: value.encode() if isinstance(value, str) else canonical.encode(value)
            for name, value in (transient or {}).items()
        }
        at = self.now if timestamp is None else timestamp
        channel = ChannelHeader(channel_id="totem", tx_id=tx_id)
        channel.timestamp.seconds, channel.timestamp.nanos = at // 1_000, at % 1_000 * 1_000_000 + 7
        header = Header(
            channel_header=channel.SerializeToString(),
            signature_header=SignatureHeader(creator=who, nonce=b"n").SerializeToString(),
        )
        proposal = Proposal(
            header=header.SerializeToString(),
            payload=ChaincodeProposalPayload(TransientMap=sent).SerializeToString(),
        )
        # The simulator's own notion of who asks is not used: contracts run behind the shim.
        stub = SimulatedStub(self.state, tx_id=tx_id, timestamp=at, creator=None, peer_msp=self.msp)
        running = Transaction(tx_id, stub)
        with self._lock:
            self._running[tx_id] = running
        self.send(
            type=M.TRANSACTION if kind is None else kind,
            payload=ChaincodeInput(args=given).SerializeToString(),
            txid=tx_id,
            channel_id="totem",
            proposal=SignedProposal(proposal_bytes=proposal.SerializeToString(), signature=b"s"),
        )
        return running

    def finish(self, running, timeout=30):
        """Wait for a transaction's end."""
        assert running.done.wait(timeout), "the chaincode never answered"
        if running.message is None:
            raise StreamTerminated
        message = running.message
        response = Response.FromString(message.payload)
        event = message.chaincode_event
        return Endorsed(
            running.tx_id,
            response.status,
            response.message,
            response.payload,
            (event.event_name, event.payload) if event.event_name else None,
            running.stub.result(),
        )

    def endorse(self, who, function, args=None, transient=None, **more):
        """Run a transaction to the chaincode's answer."""
        return self.finish(self.begin(who, function, args, transient, **more))

    def commit(self, endorsed):
        """Validate and commit; return VALID or why not."""
        with self._lock:
            problem = conflicts(self.state, endorsed.found)
            if problem:
                return problem
            self.state.apply(endorsed.found, (next(self._blocks), 0), endorsed.tx_id, self.now)
            if endorsed.event:
                self.events.append((endorsed.event[0], canonical.decode(endorsed.event[1])))
            return "VALID"

    def invoke(self, who, function, args=None, transient=None):
        """Run and commit a transaction; return its answer or raise its ContractError."""
        endorsed = self.endorse(who, function, args, transient)
        if endorsed.status == 400:
            raise ContractError.from_json(canonical.decode(endorsed.message))
        assert endorsed.status == 200, endorsed.message
        assert self.commit(endorsed) == "VALID"
        return canonical.decode(endorsed.payload)

    def _receive(self):
        try:
            for message in self.call:
                self._take(message)
            self.status = (self.call.code(), self.call.details())
        except grpc.RpcError as error:
            self.status = (error.code(), error.details())
        with self._lock:
            running = list(self._running.values())
        self.ended.set()
        for transaction in running:
            transaction.done.set()

    def _take(self, message):
        kind = M.Type.Name(message.type)
        self.seen.append(kind)
        if kind == "REGISTER":
            self.package_id = ChaincodeID.FromString(message.payload).name
            self.send(type=M.REGISTERED)
            self.send(type=M.READY, payload=self.features.SerializeToString() if self.features else b"")
            self.ready.set()
        elif kind in ("COMPLETED", "ERROR"):
            with self._lock:
                transaction = self._running.pop(message.txid, None)
            if transaction is None:
                self.violations.append(f"{kind} for {message.txid}, which does not run")
                return
            transaction.message = message
            transaction.done.set()
        elif kind == "KEEPALIVE":
            pass
        elif hasattr(self, "_on_" + kind.lower()) and (kind != "GET_STATE_MULTIPLE" or self.features):
            with self._lock:
                if message.txid in self._outstanding:
                    self.violations.append(f"{kind}: another request is pending")
                    return
                self._outstanding.add(message.txid)
            self._threads.submit(self._request, kind, message)
        else:
            self.violations.append(f"{kind} is not known")
            self.call.cancel()

    def _request(self, kind, message):
        try:
            answer = {"type": M.RESPONSE, "payload": self._perform(kind, message) or b""}
        except Exception as error:  # noqa: BLE001 -- whatever it was, the chaincode gets it as the peer's ERROR
            text = f"{kind} failed: transaction ID: {message.txid}: {error}"
            answer = {"type": M.ERROR, "payload": text.encode()}
        with self._lock:
            self._outstanding.discard(message.txid)
        self.send(**answer, txid=message.txid, channel_id=message.channel_id)

    def _perform(self, kind, message):
        with self._lock:
            transaction = self._running.get(message.txid)
        if transaction is None:
            raise RuntimeError("no ledger context")
        fault = self.faults.get(kind)
        if callable(fault):
            fault(message, transaction)
        elif fault is not None:
            raise RuntimeError(fault)
        with self._lock:
            return getattr(self, "_on_" + kind.lower())(transaction, message.payload)

    def _on_get_state(self, transaction, payload):
        asked = GetState.FromString(payload)
        if not asked.collection:
            return transaction.stub.get_state(asked.key)
        try:
            return transaction.stub.get_private_data(asked.collection, asked.key)
        except PrivateDataUnavailable:
            if self.state.private_hash(asked.collection, hash_key(asked.key)) is None:
                return None
            raise RuntimeError(
                "private data matching public hash version is not available. Public hash version = {BlockNum: 1,"
                " TxNum: 0}, Private data version = <nil>"
            ) from None

    def _on_get_state_multiple(self, transaction, payload):
        asked = GetStateMultiple.FromString(payload)
        assert len(asked.keys) <= self.features.max_size_get_multiple_keys
        values = [transaction.stub.get_state(key) or b"" for key in asked.keys]
        return GetStateMultipleResult(values=values).SerializeToString()

    def _on_get_private_data_hash(self, transaction, payload):
        asked = GetState.FromString(payload)
        return transaction.stub.get_private_data_hash(asked.collection, asked.key)

    def _on_put_state(self, transaction, payload):
        asked = PutState.FromString(payload)
        if asked.collection:
            transaction.stub.put_private_data(asked.collection, asked.key, asked.value)
        else:
            transaction.stub.put_state(asked.key, asked.value)

    def _on_del_state(self, transaction, payload):
        transaction.stub.del_state(DelState.FromString(payload).key)

    def _on_purge_private_data(self, transaction, payload):
        asked = DelState.FromString(payload)
        transaction.stub.purge_private_data(asked.collection, asked.key)

    def _on_get_state_by_range(self, transaction, payload):
        asked = GetStateByRange.FromString(payload)
        if asked.metadata:
            page = QueryMetadata.FromString(asked.metadata)
            object_type, parts = split_composite_key(asked.startKey)
            found = transaction.stub.get_state_by_partial_composite_key_with_pagination(
                object_type, parts, page.pageSize, page.bookmark
            )
            metadata = QueryResponseMetadata(fetched_records_count=len(found.rows), bookmark=found.bookmark)
            rows = [QueryResultBytes(resultBytes=_row(row)) for row in found.rows]
            return QueryResponse(results=rows, metadata=metadata.SerializeToString()).SerializeToString()
        # LevelDB's range: an empty start is the very first key, composite ones too.
        rows = transaction.stub._range(asked.startKey or "\x00", asked.endKey or "\U0010ffff")
        return self._open(transaction, map(_row, rows))

    def _on_get_history_for_key(self, transaction, payload):
        changes = transaction.stub.get_history_for_key(GetHistoryForKey.FromString(payload).key)
        return self._open(transaction, map(_change, changes))

    def _on_query_state_next(self, transaction, payload):
        return self._more(transaction, QueryStateNext.FromString(payload).id)

    def _on_query_state_close(self, transaction, payload):
        asked = QueryStateClose.FromString(payload).id
        transaction.queries.pop(asked, None)
        return QueryResponse(id=asked).SerializeToString()

    def _open(self, transaction, results):
        number = f"query-{next(self._numbers)}"
        transaction.queries[number] = (results, list(itertools.islice(results, 1)))
        return self._more(transaction, number)

    def _more(self, transaction, number):
        if number not in transaction.queries:
            raise RuntimeError("query iterator not found")
        results, pending = transaction.queries[number]
        batch = pending + list(itertools.islice(results, self.batch - len(pending)))
        ahead = list(itertools.islice(results, 1))
        if ahead:
            transaction.queries[number] = (results, ahead)
        else:
            del transaction.queries[number]
        rows = [QueryResultBytes(resultBytes=row) for row in batch]
        return QueryResponse(results=rows, has_more=bool(ahead), id=number).SerializeToString()


def _row(row):
    return KV(namespace="totem", key=row.key, value=row.value).SerializeToString()


def _change(change):
    found = KeyModification(tx_id=change.tx_id, value=change.value or b"", is_delete=change.value is None)
    found.timestamp.seconds, found.timestamp.nanos = change.timestamp // 1_000, change.timestamp % 1_000 * 1_000_000
    return found.SerializeToString()
