"""Context: what a handler works with: the caller, the records, private data, the event, the evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.formats import FORMATS, Formats
from totem_chaincode.stub import composite_key, organisation_collection
from totem_sdk.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from totem_chaincode.evaluation import Evaluator
    from totem_chaincode.registry import Transaction
    from totem_chaincode.state import State
    from totem_chaincode.stub import Stub

__all__ = ["Caller", "Context"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The participant who signed: ``id`` is ``name@msp``, ``fingerprint`` the certificate's sha256 in hex.

    ``public_key``: the certificate's P-256 key in hex (None: it has another one); results can be sealed to it.
    """

    id: str
    msp_id: str
    role: str
    fingerprint: str
    public_key: str | None


class Context:
    """One transaction as its handler sees it."""

    def __init__(
        self,
        stub: Stub,
        state: State,
        caller: Caller,
        evaluator: Evaluator,
        declared: Transaction,
        *,
        formats: Formats = FORMATS,
    ) -> None:
        self.state = state
        self.caller = caller
        self.evaluator = evaluator
        self.formats = formats
        self.tx_id = stub.tx_id
        self.now = stub.timestamp
        self._stub = stub
        self._declared = declared
        self._emitted = False

    def emit(self, **payload: Any) -> None:
        """Set the transaction's event (its name is declared); once at most."""
        if self._declared.event is None or self._emitted:
            raise InternalError(f"{self._declared.name}: an event that is not declared, or a second one")
        self._emitted = True
        self._stub.set_event(self._declared.event, canonical.encode(payload))

    def put_private(self, msp_ids: Iterable[str], kind: str, *parts: str, record: object) -> None:
        """Write a private record into the collection of each organisation (once, where two are the same)."""
        self.put_private_bytes(msp_ids, kind, *parts, value=canonical.encode(record))

    def put_private_bytes(self, msp_ids: Iterable[str], kind: str, *parts: str, value: bytes) -> None:
        """Write a private value as it is into the collection of each organisation."""
        self._check_may_write()
        for msp_id in sorted(set(msp_ids)):
            self._stub.put_private_data(organisation_collection(msp_id), composite_key(kind, parts), value)

    def get_private(self, kind: str, *parts: str) -> Any:
        """Return a private record of the caller's own organisation, or None. Only for read-only transactions.

        A transaction that writes is endorsed by peers of other organisations too, which can't read it.
        """
        value = self.get_private_bytes(kind, *parts)
        return None if value is None else canonical.decode(value)

    def get_private_bytes(self, kind: str, *parts: str) -> bytes | None:
        """Return a private value that ``put_private_bytes`` wrote; otherwise as ``get_private``."""
        if not self._declared.read_only:
            raise InternalError(f"{self._declared.name}: reads private data and may write")
        collection = organisation_collection(self.caller.msp_id)
        return self._stub.get_private_data(collection, composite_key(kind, parts))

    def purge_private(self, msp_id: str, kind: str, *parts: str) -> None:
        """Delete a private record for good."""
        self._check_may_write()
        self._stub.purge_private_data(organisation_collection(msp_id), composite_key(kind, parts))

    def _check_may_write(self) -> None:
        if self._declared.read_only:
            raise InternalError(f"{self._declared.name}: a read-only transaction writes private data")
