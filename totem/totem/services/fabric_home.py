"""Making a home folder one on Fabric: joining a network with identities, and founding the consortium there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from totem.ledger.bootstrap import ADMIN, bundled_tables
from totem.ledger.errors import LedgerError
from totem.ledger.fabric.consortium import FabricConsortium
from totem.ledger.fabric.membership import Membership, Organisation
from totem.services.errors import from_contract, from_ledger
from totem.services.home import Home
from totem_chaincode.errors import ContractError

__all__ = ["found_on_fabric"]


def found_on_fabric(
    home: Home,
    organisations: Mapping[str, Organisation],
    *,
    founder: str,
    providers: Mapping[str, str],
    consumers: Mapping[str, str],
    totem: Mapping[str, int],
    table_approval: str = "all",
) -> None:
    """Found a consortium on a network all of whose CAs are here; ``totem`` goes onto the accounts of newcomers.

    ``organisations`` and whose ``founder``, ``providers`` and ``consumers`` are, are by the organisations' names. May
    be repeated after an interruption: the folder is one on Fabric when everything is done.

    Raises:
        ServiceError: the ledger or a contract says no.
    """
    membership = Membership.of(organisations.values())
    msp_ids = {name: organisation.msp_id for name, organisation in organisations.items()}
    try:
        with closing(FabricConsortium(home.root, membership)) as made:
            if ADMIN not in made.wallet.labels():
                made.certify(ADMIN, "consortium", msp_ids[founder])
            made.establish(
                providers={name: msp_ids[of] for name, of in providers.items()},
                consumers={name: msp_ids[of] for name, of in consumers.items()},
                table_approval=table_approval,
                tables=bundled_tables(),
            )
            for name, amount in totem.items():
                asked = {"account": made.identity(name).id, "limit": 1, "bookmark": ""}
                if not made.gateway(ADMIN).evaluate("accounts.statement", asked)["entries"]:
                    made.issue(name, amount, "to begin with")
        membership.save(home.root)
    except ContractError as error:
        raise from_contract(error) from error
    except LedgerError as error:
        raise from_ledger(error) from error
    home.use(ADMIN)
