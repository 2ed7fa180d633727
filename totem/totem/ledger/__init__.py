"""The Ledger port and what is behind it; identities, wallets, and how a consortium is made."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from totem.ledger.errors import (
    FateUnknown,
    IdentityProblem,
    LedgerError,
    LedgerUnavailable,
    NameTaken,
    ProposalRefused,
    RevocationRefused,
    TransactionVoid,
)

if TYPE_CHECKING:
    from totem.ledger.embedded import EmbeddedLedger
    from totem.ledger.identities import CertificateAuthority, Identity
    from totem.ledger.port import Block, Event, Gateway, Ledger, Submitted, TransactionRecord, VerifyReport
    from totem.ledger.wallet import Wallet

__all__ = [
    "Block",
    "CertificateAuthority",
    "EmbeddedLedger",
    "Event",
    "FateUnknown",
    "Gateway",
    "Identity",
    "IdentityProblem",
    "Ledger",
    "LedgerError",
    "LedgerUnavailable",
    "NameTaken",
    "ProposalRefused",
    "RevocationRefused",
    "Submitted",
    "TransactionRecord",
    "TransactionVoid",
    "VerifyReport",
    "Wallet",
]

_MODULES = {
    "EmbeddedLedger": "embedded",
    "CertificateAuthority": "identities",
    "Identity": "identities",
    "Wallet": "wallet",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: who only needs the errors does not wait for contracts and cryptography."""
    if name not in __all__:
        raise AttributeError(f"module 'totem.ledger' has no attribute {name!r}")
    return getattr(import_module(f"totem.ledger.{_MODULES.get(name, 'port')}"), name)
