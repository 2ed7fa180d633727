"""The Gateway service of the peers: evaluate, endorse, submit, commit status, with deadlines and failover."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2, transaction_pb2

from totem.ledger.errors import LedgerError
from totem.ledger.fabric.connections import Connections, Peer
from totem.ledger.fabric.endorsers import Endorsers, function_of, organisations_written
from totem.ledger.fabric.faults import UNANSWERED, GatewayFault
from totem.ledger.fabric.proposals import SignedProposal
from totem.ledger.fabric.signing import Signer
from totem.ledger.fabric.transactions import Fate, SignedTransaction, TransactionDraft, action_of, status_request

__all__ = ["FabricGateway"]

_LONGEST_PAUSE = 1.0
_DISAGREEMENTS = 5
_DISAGREEMENT_SECONDS = 10.0
"""How long a peer may be a block behind the others, which looks as if it ran other contracts."""
_Answer = TypeVar("_Answer")


class FabricGateway:
    """What the peers' Gateway service does, for one channel.

    ``reader`` signs the questions for transactions' fates: the answer must not depend on whether the transaction's
    own signer is still accepted.
    """

    def __init__(self, connections: Connections, reader: Signer) -> None:
        self.connections = connections
        self._profile = connections.profile
        self._reader = reader
        self._endorsers = Endorsers(connections.profile)

    def evaluate(self, proposal: SignedProposal) -> bytes:
        """Run a proposal on one peer, of the signer's organisation where the profile has one; return the answer.

        Raises:
            GatewayFault: the contract or the peer does not accept it, or no peer answered within the patience.
        """
        # Only a peer of the signer's organisation has its private data.
        own = [proposal.msp_id] if self.connections.has_peer_of(proposal.msp_id) else []
        request = gateway_pb2.EvaluateRequest(
            transaction_id=proposal.tx_id,
            channel_id=proposal.channel,
            proposed_transaction=proposal.message,
            target_organizations=own,
        )
        deadline = self._profile.deadlines.evaluate
        response = self._patiently(
            lambda: self.connections.ask(
                "Evaluate", lambda peer: peer.gateway.Evaluate(request, timeout=deadline), proposal.msp_id
            )
        )
        payload: bytes = response.result.payload
        return payload

    def endorse(self, proposal: SignedProposal) -> TransactionDraft:
        """Have a proposal endorsed by as many organisations as it takes; nothing has changed afterwards.

        Raises:
            GatewayFault: the contract or a peer does not accept it, or too few answered within the patience.
            LedgerError: what the peer made of the endorsements is not what was proposed.
        """
        function = function_of(proposal.message.proposal_bytes)
        try:
            payload, named = self._endorsed(proposal, function, frozenset())
            written = organisations_written(payload)
            self._endorsers.learn(proposal.msp_id, function, written)
            if named and not written <= set(named):
                payload, _ = self._endorsed(proposal, function, written)
        except GatewayFault:
            self._endorsers.forget(proposal.msp_id, function)
            raise
        _check_same(proposal, payload)
        return TransactionDraft(proposal.tx_id, proposal.channel, payload)

    def ask_more(self, asked: int) -> bool:
        """Ask more than ``asked`` organisations to endorse from now on; False: the profile names no more."""
        return self._endorsers.ask_more(asked)

    def _endorsed(self, proposal: SignedProposal, function: str, needed: frozenset[str]) -> tuple[bytes, list[str]]:
        """Return the endorsed payload and who was asked by name."""
        deadline = self._profile.deadlines.endorse
        named: list[str] = []

        def ask() -> Any:
            named[:] = self._endorsers.choose(proposal.msp_id, function, needed)
            request = gateway_pb2.EndorseRequest(
                transaction_id=proposal.tx_id,
                channel_id=proposal.channel,
                proposed_transaction=proposal.message,
                endorsing_organizations=named,
            )
            return self.connections.ask(
                "Endorse", lambda peer: peer.gateway.Endorse(request, timeout=deadline), proposal.msp_id
            )

        return self._patiently(ask, named).prepared_transaction.payload, named

    def submit(self, transaction: SignedTransaction) -> None:
        """Send an envelope to the orderers, once; that they took it does not mean that it will be committed.

        Raises:
            GatewayFault: it is not known to have been taken; it may have been, unless an orderer refused it and
                nothing ``is_doubtful``.
        """
        request = gateway_pb2.SubmitRequest(
            transaction_id=transaction.tx_id, channel_id=transaction.channel, prepared_transaction=transaction.envelope
        )
        deadline = self._profile.deadlines.submit
        asked = 0

        def send(peer: Peer) -> None:
            nonlocal asked
            asked += 1
            peer.gateway.Submit(request, timeout=deadline)

        try:
            self.connections.ask("Submit", send)
        except GatewayFault as fault:
            # A peer that did not answer may have passed the envelope on before the next one refused it.
            fault.is_doubtful = asked > 1
            raise

    def fate(self, tx_id: str, attempt: int = 1) -> Fate | None:
        """Return what became of a transaction, or None where that is not known within ``Deadlines.commit_status``.

        Each attempt begins with another peer: one may be cut off from the orderers.

        Raises:
            GatewayFault: the question is not accepted.
        """
        request = status_request(self._reader, self._profile.channel, tx_id)
        deadline = self._profile.deadlines.commit_status
        try:
            response = self.connections.ask(
                "CommitStatus",
                lambda peer: peer.gateway.CommitStatus(request, timeout=deadline),
                self._reader.msp_id,
                start=attempt - 1,
                failover=UNANSWERED - {"DEADLINE_EXCEEDED"},
            )
        except GatewayFault as fault:
            if fault.is_final:
                raise
            return None
        code = transaction_pb2.TxValidationCode.Name(response.result)
        if code == "DUPLICATE_TXID":
            # A later copy of an envelope that was sent more than once: the first one's fate is the transaction's.
            return None
        return Fate(response.block_number, code)

    def _patiently(self, ask: Callable[[], _Answer], named: Sequence[str] = ()) -> _Answer:
        """Ask until there is an answer or the patience is at its end; proposals change nothing by being sent again.

        ``named`` are the organisations that were asked to endorse, where it was not the peer that chose them.
        """
        begin = time.monotonic()
        end = begin + self._profile.deadlines.patience
        behind = begin + min(_DISAGREEMENT_SECONDS, self._profile.deadlines.patience)
        attempt = disagreements = 0
        while True:
            try:
                return ask()
            except GatewayFault as fault:
                disagree = _is_disagreement(fault, named)
                disagreements += disagree
                now = time.monotonic()
                differ = disagree and disagreements > _DISAGREEMENTS and now >= behind
                if (fault.is_final and not disagree) or differ or now >= end:
                    raise
            attempt += 1
            pause(attempt)


def pause(attempt: int) -> None:
    """Wait a random while that grows with the attempts: those who lost together must not come back together."""
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.005 * 2 ** min(attempt, 10))))  # noqa: S311 -- no secret


def _is_disagreement(fault: GatewayFault, named: Sequence[str]) -> bool:
    """Whether some endorser accepted what another one did not: the other one may be a block behind."""
    if fault.call != "Endorse":
        return False
    if "ProposalResponsePayloads do not match" in " ".join((fault.text, *fault.texts)):
        return True
    if not fault.text.startswith("failed to collect enough") or not fault.contract_errors:
        return False
    # With endorsers of its own choice the gateway comes this far only when the first one has accepted.
    spoken = {each.msp_id for each in fault.said}
    alike = len({str(error.to_json()) for error in fault.contract_errors}) == 1
    return not (named and alike and spoken >= set(named) and len(fault.contract_errors) == len(fault.said))


def _check_same(proposal: SignedProposal, payload: bytes) -> None:
    """Check that a peer gives back the call that was proposed: nobody signs what somebody else wrote."""
    proposed: Any = proposal_pb2.Proposal.FromString(proposal.message.proposal_bytes)
    header: Any = common_pb2.Header.FromString(proposed.header)
    prepared: Any = common_pb2.Payload.FromString(payload)
    called: Any = proposal_pb2.ChaincodeProposalPayload.FromString(proposed.payload)
    given, _ = action_of(payload)
    if prepared.header != header or given.input != called.input or given.TransientMap:
        raise LedgerError(
            f"the peer gave back another transaction than {proposal.tx_id}: it is not signed; ask the peer's operator"
        )
