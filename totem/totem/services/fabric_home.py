"""Making a home folder a place on a Fabric network: joining with identities, and what each of them is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.ledger.errors import IdentityProblem, ProposalRefused
from totem.ledger.fabric.consortium import FabricWallet
from totem.ledger.fabric.identities import from_msp_folder
from totem.ledger.fabric.membership import Membership, Organisation
from totem.ledger.fabric.probe import probe
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.identities import Identity
from totem.services.errors import BadInput, NotAllowed, ServiceError, from_ledger, in_our_words
from totem.services.home import Home
from totem_chaincode.registry import ROLES

__all__ = ["Joined", "Joining", "describe", "join"]

_PROPOSAL = "proposal_"
"""How codes begin where peers refuse an identity, whatever it asks."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What to join with: a connection profile, and where identities are.

    ``msp_id`` None: the organisation of the profile's first peer. ``name``: what the identity of ``msp_folder`` is
    called here (None: its common name). ``wallets`` are folders with ``<label>.id`` files. ``ca_certificate`` and
    ``ca_key`` are given where this folder shall certify newcomers of the organisation.
    """

    profile: Path
    msp_id: str | None = None
    msp_folder: Path | None = None
    name: str | None = None
    wallets: Sequence[Path] = ()
    ca_certificate: Path | None = None
    ca_key: Path | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Who was taken in: the names in the wallet. ``refused`` are the others by name, each with the reason."""

    names: Sequence[str]
    refused: Mapping[str, tuple[Identity, ServiceError]]


def join(home: Home, joining: Joining) -> Joined:
    """Make a home folder, or keep it, a place on a Fabric network; return which identities were taken in.

    Every identity is tried on the network first; those that it accepts are copied into the folder's wallet. May be
    repeated: with another organisation's profile, with further identities, with renewed certificates.

    Raises:
        BadInput: the folder's ledger is the embedded one.
        ServiceError: the profile, the files or the network are not as they must be, or none of the identities is
            accepted; nothing has changed.
    """
    if home.is_founded and not home.is_on_fabric:
        raise BadInput(
            f"{home.root} has a consortium on the embedded ledger",
            code="other-ledger",
            hint="give another --home, for example `--home ~/.totem-fabric`",
        )
    with in_our_words():
        profile = ConnectionProfile.load(joining.profile)
        organisation = Organisation(
            joining.msp_id or profile.peers[0].msp_id,
            joining.profile.absolute(),
            joining.ca_certificate and joining.ca_certificate.absolute(),
            joining.ca_key and joining.ca_key.absolute(),
        )
        found = _identities(joining, organisation.msp_id)
        wallet = FabricWallet(home.root / "wallet")
        for name, identity in found.items():
            wallet.check(name, identity.id)
        refused = _refused(profile, found)
        accepted = {name: identity for name, identity in found.items() if name not in refused}
        if refused and not accepted:
            raise _none_accepted([error for _, error in refused.values()])
        if not found and not home.is_on_fabric:
            raise BadInput(
                "no identity is given: on Fabric everything is asked in somebody's name",
                code="no_identity",
                hint="give --msp-folder DIR or --wallet DIR",
            )
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, identity in accepted.items():
            wallet.put(name, identity)
        before = Membership.load(home.root) if home.is_on_fabric else Membership({})
        before.with_(organisation).save(home.root)
    home.forget()
    if accepted and not home.has_chosen:
        home.use(next(iter(accepted)))
    return Joined(list(accepted), refused)


def _refused(profile: ConnectionProfile, found: Mapping[str, Identity]) -> dict[str, tuple[Identity, ServiceError]]:
    """Return which identities the network, or TOTEM's contracts, do not accept, each with the reason.

    Raises:
        LedgerUnavailable: the network does not serve anybody.
    """
    refused: dict[str, tuple[Identity, ServiceError]] = {}
    for name, identity in found.items():
        try:
            _check_role(identity)
            probe(profile, identity)
        except BadInput as error:
            refused[name] = identity, error
        except ProposalRefused as error:
            refused[name] = identity, from_ledger(error)
    return refused


def _none_accepted(errors: Sequence[ServiceError]) -> ServiceError:
    """Return the first refusal, with what the others say."""
    first = errors[0]
    message = "; ".join(dict.fromkeys(error.message for error in errors))
    return type(first)(message, code=first.code, hint=first.hint, details=first.details)


def _standing(home: Home, name: str) -> tuple[str, str]:
    """Return whether a participant may act: ``active``, or why not (``not enrolled``, ``refused: revoked``, …).

    The second one is the reason where the network refuses it, or where it can't be asked now, else empty.
    """
    try:
        return str(home.session(name).query("participants.get")["state"]), ""
    except NotAllowed as error:
        if error.code.startswith(_PROPOSAL):
            return _refusal(error), error.message
        return error.code.replace("_", " "), ""
    except ServiceError as error:
        return "can't be asked", error.message  # its organisation's peer is down, say: the others' may be there


def _refusal(error: ServiceError) -> str:
    return f"refused: {error.code.removeprefix(_PROPOSAL).replace('_', ' ')}"


def _identities(joining: Joining, msp_id: str) -> dict[str, Identity]:
    found: dict[str, Identity] = {}
    if joining.msp_folder is not None:
        identity = from_msp_folder(joining.msp_folder, msp_id)
        found[joining.name or identity.name] = identity
    for folder in joining.wallets:
        wallet = FabricWallet(folder)
        labels = wallet.labels()
        if not labels:
            raise IdentityProblem(
                f"{folder} is no wallet: it has no files NAME.id",
                hint="give the folder of NAME.id files, or with --msp-folder one that has signcerts/ and keystore/",
            )
        for label in labels:
            identity = wallet.get(label)
            if identity.msp_id != msp_id:
                raise IdentityProblem(
                    f"{folder}: {label} is of {identity.msp_id}, not of {msp_id}",
                    hint=f"join with the profile of {identity.msp_id}, or give `--msp-id {identity.msp_id}` too",
                )
            found[label] = identity
    return found


def _check_role(identity: Identity) -> None:
    if identity.role not in ROLES:
        known = ", ".join(ROLES)
        what = f"the role {identity.role!r}" if identity.role else "no role"
        raise BadInput(
            f"the certificate of {identity.id} has {what}: TOTEM's contracts know {known}",
            code="role",
            hint="have its CA issue one with the attribute `role` (fabric-ca: --id.attrs role=provider:ecert)",
        )


def describe(home: Home, joined: Joined) -> list[dict[str, Any]]:
    """Return the identities that were given to join with, those taken in with their standing on the ledger.

    ``state`` of one that is refused is ``refused: CODE``, of one whose peers don't answer ``can't be asked``, and
    ``reason`` says more (else it is empty).
    """
    taken_in = []
    for item in home.identities():
        if item["name"] in joined.names:
            state, reason = _standing(home, item["name"])
            taken_in.append(item | {"state": state, "reason": reason})
    return taken_in + [
        {
            "name": name,
            "participant": identity.id,
            "role": identity.role,
            "in_use": False,
            "state": _refusal(error),
            "reason": error.message,
        }
        for name, (identity, error) in joined.refused.items()
    ]
