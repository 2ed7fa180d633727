"""The channel's application policies: implicit ones, or spelled out with every organisation's name.

Fabric evaluates an implicit policy (``ANY Readers``) organisation by organisation, and checks the signature anew for
each. Every message that peers gossip is checked by Readers, every envelope by Writers, every transaction by
Endorsement: with thirty organisations that takes most of the machine, so many organisations are spelled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from totem_network.layout import Network, Organisation

__all__ = ["Rule", "application", "majority", "meta", "signature", "spelled_out"]


@dataclass(frozen=True, slots=True)
class Rule:
    """``least`` of these members, each an MSP and a role in it, must have signed."""

    least: int
    members: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """Return the rule as configtx.yaml has it."""
        signers = ", ".join(f"'{msp}.{role}'" for msp, role in self.members)
        return f"OutOf({self.least}, {signers})"

    def document(self) -> dict[str, Any]:
        """Return the policy as it stands in a channel's configuration (JSON)."""
        return {
            "type": 1,
            "value": {
                "identities": [
                    {
                        "principal": {"msp_identifier": msp, "role": role.upper()},
                        "principal_classification": "ROLE",
                    }
                    for msp, role in self.members
                ],
                "rule": {
                    "n_out_of": {
                        "n": self.least,
                        "rules": [{"signed_by": number} for number in range(len(self.members))],
                    }
                },
                "version": 0,
            },
        }


def majority(organisations: int) -> int:
    """Return how many of the organisations must endorse."""
    return organisations // 2 + 1


def spelled_out(organisations: Sequence[Organisation]) -> dict[str, Rule]:
    """Return the policies that name every organisation, by their names."""
    msps = [organisation.msp_id for organisation in organisations]
    most = Rule(majority(len(msps)), tuple((msp, "peer") for msp in msps))
    return {
        "Readers": Rule(1, tuple((msp, "member") for msp in msps)),
        "Writers": Rule(1, tuple((msp, role) for msp in msps for role in ("admin", "client"))),
        "Endorsement": most,
        "LifecycleEndorsement": most,
    }


def application(network: Network) -> dict[str, dict[str, str]]:
    """Return the application's policies as configtx.yaml has them."""
    implicit = {
        "Readers": meta("ANY Readers"),
        "Writers": meta("ANY Writers"),
        "Admins": meta("MAJORITY Admins"),
        "Endorsement": meta("MAJORITY Endorsement"),
        "LifecycleEndorsement": meta("MAJORITY Endorsement"),
    }
    if not network.explicit_policy:
        return implicit
    return implicit | {name: signature(rule.text()) for name, rule in spelled_out(network.organisations).items()}


def meta(rule: str) -> dict[str, str]:
    """Return an implicit policy as configtx.yaml has it."""
    return {"Type": "ImplicitMeta", "Rule": rule}


def signature(rule: str) -> dict[str, str]:
    """Return a policy that says itself who must sign, as configtx.yaml has it."""
    return {"Type": "Signature", "Rule": rule}
