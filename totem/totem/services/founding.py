"""Founding a consortium on a Fabric network: from the place of its first member, or where all CAs are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from totem.ledger.bootstrap import ADMIN, bundled_tables
from totem.ledger.fabric.consortium import FabricConsortium
from totem.ledger.fabric.membership import Membership, Organisation
from totem.services.errors import in_our_words
from totem.services.home import Home

__all__ = ["found_here", "found_on_fabric"]


def found_here(
    home: Home, *, by: str, providers: Sequence[str], consumers: Sequence[str], table_approval: str
) -> list[str]:
    """Found the consortium on the network that a home folder has joined, in the name of ``by``.

    Newcomers belong to the organisation of ``by``, or are given as ``name@msp``. Returns those that are enrolled, but
    whose organisation's CA is not here. May be repeated after an interruption.

    Raises:
        ServiceError: the ledger or a contract says no.
    """
    members = home.consortium
    named = {role: dict(map(_split, names)) for role, names in (("provider", providers), ("consumer", consumers))}
    with in_our_words():
        members.establish(
            providers=named["provider"],
            consumers=named["consumer"],
            table_approval=table_approval,
            tables=bundled_tables(),
            by=by,
        )
        organisation = members.organisation_for("", by)
    ids = [f"{name}@{msp_id or organisation}" for names in named.values() for name, msp_id in names.items()]
    return [participant for participant in ids if not home.holds(participant)]


def found_on_fabric(
    home: Home,
    organisations: Mapping[str, Organisation],
    *,
    founder: str,
    providers: Mapping[str, str],
    consumers: Mapping[str, str],
    totem: Mapping[str, int],
) -> None:
    """Found a consortium on a network all of whose CAs are here; ``totem`` goes onto the accounts of newcomers.

    ``organisations`` and whose ``founder``, ``providers`` and ``consumers`` are, are by the organisations' names. May
    be repeated after an interruption: the folder is one on Fabric when everything is done.

    Raises:
        ServiceError: the ledger or a contract says no.
    """
    membership = Membership.of(organisations.values())
    msp_ids = {name: organisation.msp_id for name, organisation in organisations.items()}
    with in_our_words():
        with closing(FabricConsortium(home.root, membership)) as made:
            if ADMIN not in made.wallet.labels():
                made.certify(ADMIN, "consortium", msp_ids[founder])
            made.establish(
                providers={name: msp_ids[of] for name, of in providers.items()},
                consumers={name: msp_ids[of] for name, of in consumers.items()},
                table_approval="all",
                tables=bundled_tables(),
            )
            for name, amount in totem.items():
                asked = {"account": made.identity(name).id, "limit": 1, "bookmark": ""}
                if not made.gateway(ADMIN).evaluate("accounts.statement", asked)["entries"]:
                    made.issue(name, amount, "to begin with")
        membership.save(home.root)
    home.use(ADMIN)


def _split(name: str) -> tuple[str, str | None]:
    label, _, msp_id = name.partition("@")
    return label, msp_id or None
