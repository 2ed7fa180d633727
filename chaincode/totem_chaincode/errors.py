"""The errors that a contract answers with.

::

    ContractError(code, message, details)
    ├── Invalid      arguments or transient data don't follow the transaction's schema
    ├── Forbidden    the caller's certificate, role or ownership does not allow it
    ├── NotFound     there is no such participant, dataset, job, …
    ├── Conflict     what is on the ledger does not allow it now: wrong state, already there, already used
    └── Refused      the rules say no, with reasons: program, pre-check, balance, quota, policy, receipt

``code`` is a stable word for programs (each class has a default, many refusals have their own); ``message`` is for
people: what, where, why, what to do; ``details`` is JSON. An error travels over every ledger as ``to_json()`` and
arrives as the same class. A transaction that ends in one changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Conflict", "ContractError", "Forbidden", "Invalid", "NotFound", "Refused"]


class ContractError(Exception):
    """Base of what a contract answers instead of a result."""

    kind = "contract_error"

    def __init__(self, message: str, *, code: str | None = None, details: dict[str, Any] | None = None) -> None:
        self.code = code or self.kind
        self.message = message
        self.details: dict[str, Any] = details or {}
        super().__init__(message)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"kind", "code", "message", "details"}``."""
        return {"kind": self.kind, "code": self.code, "message": self.message, "details": self.details}

    @staticmethod
    def from_json(document: Any) -> ContractError:
        """Read what ``to_json`` gives, as the class it was.

        Raises:
            ValueError: the document is not a contract's error.
        """
        if not isinstance(document, dict) or set(document) != {"kind", "code", "message", "details"}:
            raise ValueError("not a contract's error: expected kind, code, message and details")
        for cls in (Invalid, Forbidden, NotFound, Conflict, Refused):
            if cls.kind == document["kind"]:
                error: ContractError = cls.__new__(cls)
                ContractError.__init__(error, document["message"], code=document["code"], details=document["details"])
                return error
        raise ValueError(f"not a contract's error: unknown kind {document['kind']!r}")


class Invalid(ContractError):
    """Arguments or transient data don't follow the transaction's schema; the message names the field."""

    kind = "invalid"


class Forbidden(ContractError):
    """The caller may not do this."""

    kind = "forbidden"


class NotFound(ContractError):
    """What an argument names is not on the ledger."""

    kind = "not_found"


class Conflict(ContractError):
    """The state on the ledger does not allow it now."""

    kind = "conflict"


class Refused(ContractError):
    """The rules say no; ``refusals`` are the checker's findings, where it is the program that is refused."""

    kind = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        refusals: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message, code=code, details={**(details or {}), "refusals": list(refusals)})

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """The findings ``{"line", "column", "code", "message", "hint"}``; empty where it is not the program."""
        found: list[dict[str, Any]] = self.details.get("refusals", [])
        return found
