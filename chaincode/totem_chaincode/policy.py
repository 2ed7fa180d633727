"""A dataset's policy: what its provider allows, and only what something enforces.

A field that nothing enforces yet is refused by name, because a policy that is stored but not kept is a false promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from totem_chaincode.arguments import (
    AMOUNT,
    PARTICIPANT,
    SECONDS,
    AnyOr,
    Choice,
    Field,
    Integer,
    ListOf,
    Optional,
    Text,
    check_fields,
)
from totem_chaincode.errors import Invalid, Refused

__all__ = [
    "DELIVERIES",
    "ENFORCED",
    "MAX_RESULT_BYTES",
    "NOT_ENFORCED",
    "PRECHECKS",
    "USUAL_RESULT_BYTES",
    "combine",
    "may_combine",
    "read_policy",
]

MAX_RESULT_BYTES = 1 << 40
"""The largest ``max_result_bytes`` that a policy may have. A large result is sealed, it is in no transaction."""

USUAL_RESULT_BYTES = 32 << 20
"""``max_result_bytes`` where a policy says nothing: more leaves a provider only by its own decision."""

PRECHECKS = ("none", "lower", "expected", "upper")
"""What the pre-check compares with the escrow, from the mildest to the strictest."""

DELIVERIES = ("ledger", "file")
"""How a result reaches its consumer: through the ledger (up to 1 MB in private data, beyond that sealed in the
provider's result store), or as a file that the provider hands over.
"""

ENFORCED: Mapping[str, Field] = {
    "hidden_columns": Optional(ListOf(Text(128, pattern=r"[^\W\d]\w*", what="column name"), 1_000), []),
    "max_groups": Optional(Integer(1, 1 << 40, "groups"), None),
    "max_result_bytes": Optional(Integer(1, MAX_RESULT_BYTES, "bytes"), USUAL_RESULT_BYTES),
    "delivery": Optional(Choice(*DELIVERIES), "ledger"),
    "approval": Optional(Choice("auto", "manual"), "manual"),
    "precheck": Optional(Choice(*PRECHECKS), "lower"),
    "grant_seconds": Optional(SECONDS, 30 * 86_400),
    "grant_quota": Optional(AMOUNT, None),
    "combining_providers": Optional(AnyOr(ListOf(PARTICIPANT, 1_000)), []),
}
"""Every field that is kept, and its default. ``grant_*`` are what an automatic approval grants.

``max_result_bytes`` is for results through the ledger: a result in a file may have any size.
``combining_providers`` are the participants that may get the dataset's partial groups and combine them with others'.
"""

NOT_ENFORCED = {
    "min_group_size": "groups are not counted before they are released",
    "bill_detail": "the bill is always itemised by opcode class and type",
    "charge_quantum": "charges are settled exactly",
    "learned_gate": "there is no learned estimate",
    "privacy_budget": "results carry no noise",
    "isolation": "every job runs in the provider's default isolation",
}
"""Fields of the design that nothing enforces yet, and why."""


def read_policy(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy with every default filled in.

    Raises:
        Refused: code ``unenforced_policy``: a field that nothing enforces yet.
        Invalid: an unknown field, or a value that is not of its type.
    """
    for name in given:
        if name in NOT_ENFORCED:
            raise Refused(
                f"policy.{name}: nothing enforces it yet ({NOT_ENFORCED[name]}); leave it out",
                code="unenforced_policy",
                details={"field": name},
            )
    policy = check_fields(ENFORCED, given, "policy")
    if len(set(policy["hidden_columns"])) != len(policy["hidden_columns"]):
        raise Invalid("policy.hidden_columns: a column is there twice")
    policy["hidden_columns"] = sorted(policy["hidden_columns"])
    if policy["combining_providers"] != "any":
        policy["combining_providers"] = sorted(set(policy["combining_providers"]))
    return policy


def may_combine(policy: Mapping[str, Any], participant: str) -> bool:
    """Return whether a policy lets this participant combine the dataset's partial groups with those of others."""
    allowed = policy.get("combining_providers", [])  # a dataset of before there was the field allows nobody
    return allowed == "any" or participant in allowed


def combine(policies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a job over several datasets must keep: the strictest of each."""
    groups = [policy["max_groups"] for policy in policies if policy["max_groups"] is not None]
    return {
        "hidden_columns": sorted({name for policy in policies for name in policy["hidden_columns"]}),
        "max_groups": min(groups, default=None),
        "max_result_bytes": min(policy["max_result_bytes"] for policy in policies),
        "delivery": max((policy["delivery"] for policy in policies), key=DELIVERIES.index),
        "precheck": max((policy["precheck"] for policy in policies), key=PRECHECKS.index),
    }
