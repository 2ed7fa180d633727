"""Revoking clients' certificates on a running network."""

from __future__ import annotations

from totem.ledger.fabric import ConnectionProfile, from_msp_folder
from totem.ledger.fabric.revocation import Pushed, lists_of, push_list
from totem.ledger.fabric.revocation_list import newest_of
from totem.ledger.files import write_private
from totem.ledger.identities import Identity
from totem_network import crypto
from totem_network.layout import Network, Organisation

__all__ = ["push", "revoke"]


def revoke(network: Network, organisation: Organisation, name: str) -> Pushed:
    """Revoke every certificate that was issued to a client; whom the organisation has revoked before stays revoked.

    Raises:
        NetworkError: nobody was certified under this name.
        LedgerError: the list is refused, or can't be put in force.
    """
    certificates = crypto.issued(network, organisation, name)
    connection, administrator = _access(network, organisation)
    authority = crypto.authority(network, organisation)
    # What the channel has is the truth; a file beside it could be an older one.
    authority.crl = newest_of(authority.certificate, lists_of(connection, administrator, organisation.msp_id))
    list_ = authority.crl or ""
    for certificate in certificates:
        list_ = authority.revoke(certificate)
    return push(network, organisation, list_)


def push(network: Network, organisation: Organisation, list_: str) -> Pushed:
    """Put a revocation list (PEM) in force, and into the file that the organisation's profile names.

    Raises:
        LedgerError: the list is refused, or can't be put in force.
    """
    connection, administrator = _access(network, organisation)
    pushed = push_list(connection, administrator, organisation.msp_id, list_)
    write_private(network.revocation_list(organisation), list_.encode())
    return pushed


def _access(network: Network, organisation: Organisation) -> tuple[ConnectionProfile, Identity]:
    administrator = from_msp_folder(network.admin_crypto(organisation) / "msp", organisation.msp_id)
    return ConnectionProfile.load(network.profile(organisation)), administrator
