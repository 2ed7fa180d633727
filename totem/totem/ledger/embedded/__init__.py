"""The embedded ledger: SQLite, for all processes of one machine, with Fabric's pipeline and semantics."""

from totem.ledger.embedded.ledger import EmbeddedLedger

__all__ = ["EmbeddedLedger"]
