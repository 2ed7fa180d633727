"""A session: one identity at the ledger, its contracts' errors turned into ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from totem.ledger.errors import FateUnknown, LedgerError, TransactionVoid
from totem.ledger.port import Gateway
from totem.logs import logger
from totem.services.errors import OutcomeUnknown, ServiceError, from_contract, from_ledger
from totem.services.unknown_fates import Kept, UnknownFates
from totem_chaincode.errors import ContractError
from totem_sdk.errors import InternalError

__all__ = ["Record", "Session"]

Record = dict[str, Any]
"""What a contract answers: a JSON object without floats."""

_log = logger("ledger")

_PAGE = 100
_REPEAT = (
    "it may be repeated as it is: the same call is the same transaction until its fate is known;"
    " `totem ledger resume` settles it without a repetition"
)


class Session:
    """Queries and transactions in the name of one identity; ``participant`` is its ``name@msp``.

    ``fates`` keeps transactions whose fate is unknown (None: nothing is kept over this process).
    """

    def __init__(self, gateway: Gateway, fates: UnknownFates | None = None) -> None:
        self.name = gateway.identity.name
        self.participant = gateway.identity.id
        self.role = gateway.identity.role
        self.gateway = gateway
        self._fates = fates

    def query(self, function: str, **arguments: Any) -> Record:
        """Return the answer of a read-only transaction; arguments that are None are left out.

        Raises:
            ServiceError: the contract or the ledger says no.
        """
        try:
            return _record(function, self.gateway.evaluate(function, _given(arguments)))
        except ContractError as error:
            raise self._said(error) from error
        except LedgerError as error:
            raise from_ledger(error) from error

    def submit(self, function: str, *, transient: Mapping[str, Any] | None = None, **arguments: Any) -> Record:
        """Return the answer of a committed transaction; arguments that are None are left out.

        ``transient`` goes to the endorsers only and never onto the ledger. Where it was not known of the same call
        whether it is committed, that is found out first, and if it is, it is not made again.

        Raises:
            OutcomeUnknown: it is not known whether it is committed.
            ServiceError: any other: the contract or the ledger says no; nothing has changed.
        """
        given = _given(arguments)
        try:
            if (kept := self._earlier(function, given)) is not None:
                try:
                    answer = self.settle_fate(kept)
                except TransactionVoid:
                    pass  # it has not happened and never will: this call is the first one
                else:
                    _log.warning("the same call was committed before: not made again", call=function, tx_id=kept.tx_id)
                    return _record(function, answer)
            return _record(function, self._submit(function, given, transient))
        except ContractError as error:
            raise self._said(error) from error
        except LedgerError as error:
            raise from_ledger(error) from error

    def _said(self, error: ContractError) -> ServiceError:
        """Return what a contract says; who is not enrolled is told how it becomes so."""
        said = from_contract(error)
        if said.code == "not_enrolled":
            enrol = f"totem admin enrol {self.participant} --role {self.role or 'ROLE'}"
            said.hint = f"a member of the consortium enrols it: `{enrol}`"
        return said

    def settle_fate(self, kept: Kept) -> Any:
        """Find out what became of a kept transaction; return its answer if it is committed. It is kept no longer.

        Raises:
            TransactionVoid: it is not committed and never will be; it is kept no longer either.
            OutcomeUnknown: it is still not known.
        """
        return self._fate(FateUnknown(kept.tx_id, kept.envelope, 0, "of an earlier call"), kept)

    def _earlier(self, function: str, given: Mapping[str, Any]) -> Kept | None:
        return None if self._fates is None else self._fates.of_call(self.participant, function, given)

    def _submit(self, function: str, given: Mapping[str, Any], transient: Mapping[str, Any] | None) -> Any:
        try:
            return self.gateway.submit(function, given, transient)
        except FateUnknown as unknown:
            kept = None if self._fates is None else self._fates.keep(self.participant, function, given, unknown)
            return self._fate(unknown, kept)

    def _fate(self, unknown: FateUnknown, kept: Kept | None) -> Any:
        """Ask once more what became of a transaction, and forget it where that is known."""
        try:
            answer = self.gateway.ledger.fate_of(unknown.envelope).result
        except TransactionVoid:
            self._forget(kept)
            raise
        except LedgerError as error:  # whatever it is: the transaction was sent
            last = error if isinstance(error, FateUnknown) else unknown
            said = from_ledger(last)
            hint = said.hint if kept is None else _REPEAT
            raise OutcomeUnknown(said.message, hint=hint, details=said.details) from error
        self._forget(kept)
        return answer

    def _forget(self, kept: Kept | None) -> None:
        if kept is not None and self._fates is not None:
            self._fates.forget(kept)

    def pages(self, function: str, field: str, **arguments: Any) -> Iterator[Record]:
        """Yield every record of a list, page by page.

        Raises:
            ServiceError: the contract or the ledger says no.
        """
        bookmark = ""
        while True:
            page = self.query(function, limit=_PAGE, bookmark=bookmark, **arguments)
            yield from page[field]
            bookmark = page["bookmark"]
            if not bookmark:
                return


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _record(function: str, answer: Any) -> Record:
    if not isinstance(answer, dict):
        raise InternalError(f"{function} answered a {type(answer).__name__}, not an object")
    return answer
