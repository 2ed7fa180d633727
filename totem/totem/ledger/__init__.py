"""The Ledger port and what is behind it; identities, wallets, and how a consortium is made."""

from totem.ledger.embedded import EmbeddedLedger
from totem.ledger.errors import (
    IdentityProblem,
    LedgerError,
    LedgerUnavailable,
    NameTaken,
    ProposalRefused,
    TransactionVoid,
)
from totem.ledger.identities import CertificateAuthority, Identity
from totem.ledger.port import Block, Event, Gateway, Ledger, Submitted, TransactionRecord, VerifyReport
from totem.ledger.wallet import Wallet

__all__ = [
    "Block",
    "CertificateAuthority",
    "EmbeddedLedger",
    "Event",
    "Gateway",
    "Identity",
    "IdentityProblem",
    "Ledger",
    "LedgerError",
    "LedgerUnavailable",
    "NameTaken",
    "ProposalRefused",
    "Submitted",
    "TransactionRecord",
    "TransactionVoid",
    "VerifyReport",
    "Wallet",
]
