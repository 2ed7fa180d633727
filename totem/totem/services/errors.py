"""What a use case answers instead of a result; the CLI turns it into an exit status, the API into problem+json.

::

    ServiceError(message, code, hint)          exit  HTTP
    ├── BadInput          a file, option or document of the caller can't be used        2    422
    ├── ProgramRefused    the checker's or the pre-check's reasons                      2    422
    ├── Unauthorised      no identity, or a token that nobody was given                 2    401
    ├── NotAllowed        the caller's certificate or the policy does not allow it      2    403
    ├── Missing           there is no such dataset, job, identity, …                    2    404
    ├── OutcomeUnknown    sent, and not known whether it is committed: neither done nor failed       6    504
    ├── InTheWay          the state on the ledger does not allow it now                 2    409
    └── ProviderSide      the provider's data or machines can't do it; never a reason to pay   5    502

``code`` is a stable word for programs; ``message`` says what, where and why; ``hint`` what to do. Bugs of ours
(``totem_sdk.errors.InternalError``) are not in this tree and are never turned into one of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from totem.ledger.errors import (
    FateUnknown,
    IdentityProblem,
    LedgerError,
    LedgerUnavailable,
    NameTaken,
    NoOrganisation,
    ProposalRefused,
    TransactionVoid,
)
from totem.near import meant
from totem.services.report import Bounds
from totem_chaincode import errors as contract
from totem_sdk.errors import Refusal, Refused

__all__ = [
    "BadInput",
    "InTheWay",
    "Missing",
    "NotAllowed",
    "OutcomeUnknown",
    "ProgramRefused",
    "ProviderSide",
    "ServiceError",
    "Unauthorised",
    "from_contract",
    "from_ledger",
    "from_refused",
    "in_our_words",
]


_HINTS = {
    "parameters": "`totem check JOB.py DATA` lists the parameters and their types",
    "balance": "ask the consortium for totem: `totem admin request-totem N --reason TEXT`",
    "quota": "ask for access again, with a larger quota",
    "too-large": "make the program smaller",
    "table": "`totem admin table list` shows the tables that are active",
    "old_format": "as a member of the consortium: `totem admin migrate`",
    "migrating": "try again later; jobs that run go on by themselves",
    "new_format": "install the release that the other organisations have",
}
"""What to do where a contract's rules say no, by the code of its answer."""

_PROPOSAL_HINTS = {
    "organisation": "ask the administrator of the organisation that the certificate is of whether it is on the channel,"
    " and whether it has revoked the certificate: that looks the same from here",
}
"""What to do where peers refuse an identity, by the code of the refusal."""

_LOOK = "look whether it has happened before you repeat it: `totem ledger show` lists the transactions"

_FORMAT_CODES = frozenset({"old_format", "migrating", "new_format"})
"""The ledger's records are in a format that the contracts don't work on, for now."""


class ServiceError(Exception):
    """Base of what a use case answers instead of a result."""

    exit_status: ClassVar[int] = 2
    http_status: ClassVar[int] = 422
    default_code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(message)


class BadInput(ServiceError):
    """A file, option or document of the caller can't be used."""

    default_code = "bad_input"


class ProgramRefused(ServiceError):
    """The program or its submission is not accepted; ``refusals`` are the reasons, in source order.

    ``in_source``: they are about places of the source; else about the submission as a whole (balance, pre-check).
    """

    default_code = "refused"

    def __init__(
        self,
        refusals: Iterable[Refusal],
        *,
        message: str = "",
        code: str | None = None,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
        in_source: bool = True,
    ) -> None:
        self.in_source = in_source
        self.refusals: tuple[Refusal, ...] = tuple(sorted(refusals))
        many = f"the program is refused for {len(self.refusals)} reasons"
        text = message or (self.refusals[0].message if len(self.refusals) == 1 else many)
        super().__init__(text, code=code, hint=hint, details=details)


class Unauthorised(ServiceError):
    """The caller did not say who they are in a way that can be believed."""

    http_status = 401
    default_code = "unauthorised"


class NotAllowed(ServiceError):
    """The caller may not do this."""

    http_status = 403
    default_code = "forbidden"


class Missing(ServiceError):
    """There is no such thing."""

    http_status = 404
    default_code = "not_found"


class InTheWay(ServiceError):
    """The state of things does not allow it now."""

    http_status = 409
    default_code = "conflict"


class OutcomeUnknown(ServiceError):
    """A transaction was sent, and it is not known whether it is committed; it may still be. ``details``: ``tx_id``."""

    exit_status = 6
    http_status = 504
    default_code = "fate_unknown"


class ProviderSide(ServiceError):
    """The provider's data or machines can't do it. The consumer gets everything back."""

    exit_status = 5
    http_status = 502
    default_code = "provider_failed"


def from_contract(error: contract.ContractError) -> ServiceError:
    """Return the service error that says what a contract's error says."""
    match error:
        case contract.Refused():
            found = [Refusal(**finding) for finding in error.refusals]
            # Reasons that belong to the submission as a whole (balance, pre-check) stand at its first character.
            hint = _escrow_hint(error.details) if error.code == "precheck" else _HINTS.get(error.code, "")
            reasons = found or [Refusal(1, 1, error.code.replace("_", "-"), error.message, hint)]
            details = {key: value for key, value in error.details.items() if key != "refusals"}
            return ProgramRefused(
                reasons, message=error.message, code=error.code, hint=hint, details=details, in_source=bool(found)
            )
        case contract.Forbidden():
            return NotAllowed(error.message, code=error.code, details=error.details)
        case contract.NotFound():
            return Missing(error.message, code=error.code, details=error.details)
        case contract.Conflict() if error.code in _FORMAT_CODES:
            # As a ledger that is not there for a while: what waits goes on when it is done.
            return Missing(error.message, code=error.code, hint=_HINTS[error.code], details=error.details)
        case contract.Conflict():
            return InTheWay(error.message, code=error.code, details=error.details)
    return BadInput(error.message, code=error.code, hint=_HINTS.get(error.code, ""), details=error.details)


def _escrow_hint(details: Mapping[str, Any]) -> str:
    """Say what to put into escrow where the pre-check says no: what is certainly enough, not what is just accepted."""
    if details["needs"] is None:
        return "no amount is enough: let the job's loops have a known number of rounds, or ask for another policy"
    bounds = Bounds(**details["estimate"])
    if bounds.enough is not None:
        return f"put more totem into escrow: {bounds.advice(details['needs'])}"
    probably = f"it probably costs about {bounds.expected:,}, and " if bounds.expected is not None else ""
    return f"put more totem into escrow: {probably}no amount is certainly enough"


def from_ledger(error: LedgerError) -> ServiceError:
    """Return the service error that says what the ledger itself says."""
    match error:
        case LedgerUnavailable():
            return Missing(str(error), code=error.code, hint=error.hint)
        case ProposalRefused():
            return NotAllowed(str(error), code=f"proposal_{error.code}", hint=_PROPOSAL_HINTS.get(error.code, ""))
        case TransactionVoid():
            return InTheWay(str(error), code="transaction_void", hint="nothing has changed; try again")
        case FateUnknown():
            return OutcomeUnknown(str(error), hint=_LOOK, details={"tx_id": error.tx_id})
        case IdentityProblem():
            hint = "`totem admin identities` lists those of the wallet" if error.hint is None else error.hint
            return Unauthorised(str(error), code="identity", hint=hint)
        case NoOrganisation():
            hint = meant(error.msp_id, error.known) or "a new organisation is added to the channel first"
            return BadInput(str(error), code="unknown-organisation", hint=hint)
        case NameTaken():
            return InTheWay(str(error), code="name_taken", hint="choose another name")
    return ProviderSide(str(error), code="ledger")


def from_refused(error: Refused) -> ProgramRefused:
    """Return the service error for the checker's findings."""
    return ProgramRefused(error.refusals)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what ledger and contracts say into our words.

    Raises:
        ServiceError: one of them says no.
    """
    try:
        yield
    except contract.ContractError as error:
        raise from_contract(error) from error
    except LedgerError as error:
        raise from_ledger(error) from error
