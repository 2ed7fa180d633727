"""The ledger on Hyperledger Fabric: real peers and orderers behind the Ledger port.

Needs the extra ``fabric`` (Fabric's message definitions); the embedded ledger does not.
"""

from totem.ledger.errors import LedgerUnavailable

try:
    import fabric_protos  # noqa: F401 -- asked for only to say what to install
except ImportError as error:
    raise LedgerUnavailable(
        "the Fabric ledger needs Fabric's message definitions: install `totem-platform[fabric]`"
    ) from error

from totem.ledger.errors import FateUnknown
from totem.ledger.fabric.identities import from_msp_folder, from_wallet
from totem.ledger.fabric.ledger import FabricLedger
from totem.ledger.fabric.profile import ConnectionProfile, Deadlines, PeerAddress

__all__ = [
    "ConnectionProfile",
    "Deadlines",
    "FabricLedger",
    "FateUnknown",
    "PeerAddress",
    "from_msp_folder",
    "from_wallet",
]
