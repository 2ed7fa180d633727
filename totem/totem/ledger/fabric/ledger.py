"""The Ledger port on Fabric."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from totem.ledger.envelopes import transient_bytes
from totem.ledger.errors import LedgerError, LedgerUnavailable, ProposalRefused, TransactionVoid
from totem.ledger.fabric.blocks import read_block
from totem.ledger.fabric.connections import Connections
from totem.ledger.fabric.delivery import BlockSource
from totem.ledger.fabric.events import Checkpoint, EventSource
from totem.ledger.fabric.faults import GatewayFault, port_error
from totem.ledger.fabric.gateway import FabricGateway, pause
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.fabric.proposals import ProposalDraft, SignedProposal, encode_call, prepare
from totem.ledger.fabric.resending import settle
from totem.ledger.fabric.signing import Signer
from totem.ledger.fabric.standing import Standing
from totem.ledger.fabric.transactions import SignedTransaction, TransactionDraft
from totem.ledger.fabric.verification import verify
from totem.ledger.identities import Identity
from totem.ledger.port import Block, Event, Submitted, VerifyReport
from totem_chaincode import canonical
from totem_chaincode.errors import ContractError

__all__ = ["FabricLedger"]

_ATTEMPTS = 60
_LOST = frozenset({"MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"})
_TOO_FEW = "ENDORSEMENT_POLICY_FAILURE"
_VALID = "VALID"
_WAITED_SECONDS = 15.0
"""What is refused as too old after so long was fresh when it was made: it has waited, and no clock is wrong."""

_Answer = TypeVar("_Answer")


def _now() -> int:
    return time.time_ns() // 1_000_000


class FabricLedger:
    """``Ledger`` over a channel of a Fabric network; for any number of threads.

    ``reader`` is the identity in whose name blocks, events and transactions' fates are asked for. ``clock`` gives
    milliseconds since 1970 UTC. Whoever keeps keys elsewhere uses ``prepare``, ``endorse`` and ``resume``.
    """

    def __init__(self, profile: ConnectionProfile, reader: Identity, *, clock: Callable[[], int] | None = None) -> None:
        self.profile = profile
        self._clock = clock or _now
        self._connections = Connections(profile)
        self._gateway = FabricGateway(self._connections, reader)
        self._blocks = BlockSource(self._connections, self._gateway, reader, self._clock)
        self._standing = Standing(profile, self._blocks, self._clock)
        self._events = EventSource(self._connections, self._blocks, reader, self._standing)

    def evaluate(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        """See ``Ledger.evaluate``."""
        return _read(self._answered(identity, function, args, transient, self._gateway.evaluate))

    def submit(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Submitted:
        """See ``Ledger.submit``.

        Raises:
            FateUnknown: it is not known whether it is committed; see there.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            draft = self._answered(identity, function, args, transient, self._gateway.endorse)
            transaction = draft.signed_by(identity)
            try:
                return self._settle(transaction, identity, was_sent=False)
            except TransactionVoid as error:
                too_few = error.code == _TOO_FEW and self._gateway.ask_more(transaction.endorsements)
                if not (too_few or error.code in _LOST) or attempt == _ATTEMPTS:
                    raise TransactionVoid(error.code, error.tx_id, attempt) from None
            pause(attempt)
        raise LedgerError("unreachable: the last attempt returns or raises")

    def prepare(
        self, signer: Signer, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> ProposalDraft:
        """Return a proposal to be signed, here (``signed_by``) or where the key is (``to_sign``, ``signed``).

        Raises:
            Invalid: arguments or transient data are not JSON without floats.
        """
        return prepare(
            signer,
            self.profile.channel,
            self.profile.chaincode,
            encode_call(function, args),
            timestamp=self._clock(),
            transient=transient_bytes(transient),
        )

    def endorse(self, proposal: SignedProposal, signer: Signer | None = None) -> TransactionDraft:
        """Have a proposal endorsed; return the transaction to be signed. Nothing has changed.

        Raises:
            ContractError: the contract does not accept it.
            ProposalRefused: the peers do not accept the identity.
        """
        try:
            return self._gateway.endorse(proposal)
        except GatewayFault as fault:
            raise self._port_error(fault, signer) from None

    def resume(self, transaction: SignedTransaction, *, was_sent: bool = True) -> Submitted:
        """Send an envelope until its fate is known; may be repeated, in other processes too: it is applied once.

        ``was_sent`` False says that nobody has sent it before, so that an orderer's refusal is final.

        Raises:
            TransactionVoid: it lost, or its endorsements do not do (``code``); nothing has changed.
            ProposalRefused: the orderers refuse it; nothing has changed.
            FateUnknown: it is not known after ``Deadlines.patience``.
        """
        return self._settle(transaction, None, was_sent=was_sent)

    def fate_of(self, envelope: bytes) -> Submitted:
        """See ``Ledger.fate_of``."""
        return self.resume(SignedTransaction.from_bytes(envelope))

    def events(
        self, from_block: int = 0, *, follow: bool = False, stop: threading.Event | None = None
    ) -> Iterator[Event]:
        """See ``Ledger.events``."""
        return self.events_behind(Checkpoint(from_block), follow=follow, stop=stop)

    def events_behind(
        self, checkpoint: Checkpoint, *, follow: bool = False, stop: threading.Event | None = None
    ) -> Iterator[Event]:
        """Yield the events behind a checkpoint; otherwise as ``events``."""
        return self._events.follow(checkpoint, stop) if follow else self._events.past(checkpoint)

    def height(self) -> int:
        """See ``Ledger.height``."""
        height: int = self._blocks.info().height
        return height

    def why_refused(self, signer: Signer) -> ProposalRefused | None:
        """Return why the peers refuse a signer, or None where that can't be found out."""
        return self._standing.reason(signer)

    def organisations(self) -> tuple[str, ...]:
        """Return the MSP ids of the organisations that use the channel."""
        return tuple(self._standing.look().members)

    def block(self, number: int) -> Block:
        """See ``Ledger.block``; Fabric's blocks have no time: ``timestamp`` is the latest of their transactions."""
        return read_block(self._blocks.block(number), self.profile.chaincode)

    def verify(self, anchor: str | None = None) -> VerifyReport:
        """See ``Ledger.verify``: the chain, the orderers' signatures, the transactions' ids and signatures.

        What only a peer can check (endorsement policies, read versions) it has checked itself: ask several peers.
        """
        return verify(self._blocks.blocks(0, self.height() - 1), anchor)

    def close(self) -> None:
        """See ``Ledger.close``; calls under way end in an error."""
        self._connections.close()

    def _settle(self, transaction: SignedTransaction, signer: Signer | None, *, was_sent: bool) -> Submitted:
        patience = self.profile.deadlines.patience
        answer = _read(transaction.answer)  # one that can't be read is no reason to fail once it is committed
        try:
            fate = settle(self._gateway, transaction, patience=patience, was_sent=was_sent)
        except ProposalRefused as refused:
            raise self._reason(signer) or refused from None
        if fate.code != _VALID:
            raise TransactionVoid(fate.code, transaction.tx_id, 1)
        return Submitted(transaction.tx_id, fate.block, answer)

    def _answered(
        self,
        identity: Identity,
        function: str,
        args: Mapping[str, Any],
        transient: Mapping[str, Any] | None,
        ask: Callable[[SignedProposal], _Answer],
    ) -> _Answer:
        """Return what peers answer to a proposal; it is made anew where it has grown old while they did not answer.

        Endorsers refuse one that is 30 seconds old, which is less than the patience with which it is offered to them.
        """
        end = time.monotonic() + self.profile.deadlines.patience
        while True:
            begin = time.monotonic()
            proposal = self.prepare(identity, function, args, transient).signed_by(identity)
            try:
                return ask(proposal)
            except GatewayFault as fault:
                error = self._port_error(fault, identity)
                now = time.monotonic()
                is_stale = isinstance(error, ProposalRefused) and error.code == "stale"
                if not is_stale or now - begin < _WAITED_SECONDS:
                    raise error from None
                if now >= end:
                    raise LedgerUnavailable(
                        f"Fabric does not answer in time: {fault.describe()}; nothing has changed, try again"
                    ) from None

    def _port_error(self, fault: GatewayFault, signer: Signer | None) -> ContractError | LedgerError:
        error = port_error(fault)
        return (self._reason(signer) if isinstance(error, ProposalRefused) else None) or error

    def _reason(self, signer: Signer | None) -> ProposalRefused | None:
        return None if signer is None else self.why_refused(signer)


def _read(answer: bytes) -> Any:
    try:
        return canonical.decode(answer)
    except canonical.NotCanonical as error:
        raise LedgerError(f"the chaincode's answer is not TOTEM's: {error}") from None
