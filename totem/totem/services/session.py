"""A session: one identity at the ledger, its contracts' errors turned into ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from totem.ledger.errors import LedgerError
from totem.ledger.port import Gateway
from totem.services.errors import from_contract, from_ledger
from totem_chaincode.errors import ContractError
from totem_sdk.errors import InternalError

__all__ = ["Record", "Session"]

Record = dict[str, Any]
"""What a contract answers: a JSON object without floats."""

_PAGE = 100


class Session:
    """Queries and transactions in the name of one identity; ``participant`` is its ``name@msp``."""

    def __init__(self, gateway: Gateway) -> None:
        self.name = gateway.identity.name
        self.participant = gateway.identity.id
        self.role = gateway.identity.role
        self.gateway = gateway

    def query(self, function: str, **arguments: Any) -> Record:
        """Return the answer of a read-only transaction; arguments that are None are left out.

        Raises:
            ServiceError: the contract or the ledger says no.
        """
        try:
            return _record(function, self.gateway.evaluate(function, _given(arguments)))
        except ContractError as error:
            raise from_contract(error) from error
        except LedgerError as error:
            raise from_ledger(error) from error

    def submit(self, function: str, *, transient: Mapping[str, Any] | None = None, **arguments: Any) -> Record:
        """Return the answer of a committed transaction; arguments that are None are left out.

        ``transient`` goes to the endorsers only and never onto the ledger.

        Raises:
            ServiceError: the contract or the ledger says no; nothing has changed.
        """
        try:
            return _record(function, self.gateway.submit(function, _given(arguments), transient))
        except ContractError as error:
            raise from_contract(error) from error
        except LedgerError as error:
            raise from_ledger(error) from error

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
