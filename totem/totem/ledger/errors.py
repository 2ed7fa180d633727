"""What can go wrong with a ledger itself, as opposed to what a contract answers.

::

    LedgerError
    ├── LedgerUnavailable   there is no ledger at this place, or it can't be used from here
    ├── ProposalRefused     signature, certificate, channel or time of a proposal are not accepted (``code`` says which)
    ├── TransactionVoid     the transaction lost against others, also after all repetitions; nothing has changed
    ├── FateUnknown         it is not known whether the transaction is committed: it may still be
    ├── IdentityProblem     a wallet, key or certificate can't be read or used
    ├── RevocationRefused   a revocation list would lock out, revoke nobody or forget somebody; it is not put in force
    ├── NoOrganisation      the channel has no organisation of this MSP id
    └── NameTaken           the name, or the organisation's name made from it, is another participant's

A contract's own answer arrives as ``totem_chaincode.errors.ContractError``. ``TransactionVoid`` is the only error
after which the same call may be repeated without looking.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "FateUnknown",
    "IdentityProblem",
    "LedgerError",
    "LedgerUnavailable",
    "NameTaken",
    "NoOrganisation",
    "ProposalRefused",
    "RevocationRefused",
    "TransactionVoid",
]


class LedgerError(Exception):
    """Base of the errors of ledgers and identities."""


class LedgerUnavailable(LedgerError):
    """There is no ledger at this place, or it can't be used from here; the message says why, ``hint`` what to do.

    ``code`` is a stable word for programs.
    """

    def __init__(self, message: str, *, code: str = "no_ledger", hint: str = "") -> None:
        self.code = code
        self.hint = hint
        super().__init__(message)


class ProposalRefused(LedgerError):
    """A proposal is not accepted before any contract runs.

    ``code`` is one of ``channel``, ``signature``, ``authority``, ``organisation``, ``not_valid_now``, ``revoked``,
    ``stale``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class TransactionVoid(LedgerError):
    """The transaction read what another one changed before it was committed; ``code`` is the validator's word."""

    def __init__(self, code: str, tx_id: str, attempts: int) -> None:
        self.code = code
        self.tx_id = tx_id
        self.attempts = attempts
        super().__init__(f"transaction {tx_id} is void ({code}) after {attempts} attempts: try again later")


class FateUnknown(LedgerError):
    """It is not known yet whether a transaction is or will be committed: neither it nor its opposite may be assumed.

    ``envelope`` is what was sent: ``Ledger.fate_of`` goes on asking with it; a new call would be another transaction.
    """

    def __init__(self, tx_id: str, envelope: bytes, seconds: float, last: str) -> None:
        self.tx_id = tx_id
        self.envelope = envelope
        super().__init__(
            f"after {seconds:.0f} s it is not known whether transaction {tx_id} is committed ({last});"
            " it may still be: resume it, or look for it on the channel, before doing the same again"
        )


class IdentityProblem(LedgerError):
    """A wallet, key or certificate can't be read or used; the message says which and why.

    ``hint`` says what to do, empty where the message does; None: what the wallet has helps on.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(message)


class RevocationRefused(LedgerError):
    """A revocation list is not put in force; the message says what is wrong with it, and nothing has changed."""


class NoOrganisation(LedgerError):
    """The channel has no organisation of an MSP id; ``known`` are those that it has."""

    def __init__(self, msp_id: str, known: Iterable[str]) -> None:
        self.msp_id = msp_id
        self.known = tuple(sorted(known))
        super().__init__(f"the channel has no organisation {msp_id!r} (it has: {', '.join(self.known)})")


class NameTaken(LedgerError):
    """A name, or the organisation's name made from it, is another participant's; the message says whose."""
