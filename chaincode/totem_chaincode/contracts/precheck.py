"""The pre-check ``eval``: what of a submission is checked before anything is reserved, for one provider or several.

Datasets with their policies and statistics, the program on them (compiled, priced, estimated), what the policy asks to
be in escrow, how large the result certainly is, and what is left of the grants' quotas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import HASH, Document, Fields, Integer, Optional, Text
from totem_chaincode.contracts.datasets import metadata_of
from totem_chaincode.contracts.results import excess_of
from totem_chaincode.contracts.sealed import INLINE_BYTES
from totem_chaincode.contracts.tables import active_table
from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.evaluation import Evaluation, Question
from totem_chaincode.policy import combine
from totem_chaincode.tally import Tally
from totem_sdk.limits import SOURCE_BYTES

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = [
    "PROGRAM",
    "PROGRAM_ERRORS",
    "VERSION",
    "Checked",
    "check_escrow",
    "check_result",
    "evaluate",
    "load",
    "quote",
    "take_quota",
]

PROGRAM: Fields = {
    "source": Text(SOURCE_BYTES, what="source", too_large="too-large"),
    "filename": Optional(Text(128, pattern=r"[\w.-]+", what="file name"), "job.py"),
    "params": Optional(Document(65_536, "parameters"), {}),
    "table_id": Optional(HASH),
}
VERSION = Optional(Integer(1, 999_999, "version"))
PROGRAM_ERRORS = ("not_found", "withdrawn", "datasets", "table", "program", "parameters")


def load(ctx: Context, datasets: list[dict[str, Any]], *, joint: bool = False) -> list[dict[str, Any]]:
    """Return the metadata of a job's datasets: of one schema, and of one provider or, where ``joint``, of several.

    ``policies`` are what each must be used under: of an earlier version its own and today's, which may be stricter.
    """
    names = [item["dataset_id"] for item in datasets]
    if len(set(names)) != len(names):
        raise Invalid("datasets: a dataset is there twice")
    found = []
    for item in datasets:
        current = metadata_of(ctx, item["dataset_id"], None)
        named = current if item["version"] is None else metadata_of(ctx, item["dataset_id"], item["version"])
        found.append({**named, "policies": [named["policy"], current["policy"]]})
    first = found[0]
    for item in found[1:]:
        if not joint and item["provider"] != first["provider"]:
            raise Refused(
                f"{first['dataset_id']} and {item['dataset_id']} are of two providers: a job runs at one (a joint job,"
                " joint.submit, runs at several)",
                code="datasets",
            )
        if item["schema"] != first["schema"]:
            raise Refused(
                f"{first['dataset_id']} and {item['dataset_id']} have different schemas: a job reads one",
                code="datasets",
            )
    return found


@dataclass(frozen=True, slots=True)
class Checked:
    """What the pre-check found: the evaluation, the table's record, the datasets' policies combined, the question."""

    evaluation: Evaluation
    table: dict[str, Any]
    policy: dict[str, Any]
    question: Question


def evaluate(
    ctx: Context,
    found: list[dict[str, Any]],
    *,
    source: str,
    filename: str,
    params: dict[str, Any],
    table_id: str | None,
) -> Checked:
    """Compile, check, price and estimate a program on datasets that ``load`` has found."""
    table = active_table(ctx, table_id)
    policy = combine([policy for item in found for policy in item["policies"]])
    if ctx.caller.public_key is None:  # nothing can be sealed to a key of another kind
        policy["max_result_bytes"] = min(policy["max_result_bytes"], INLINE_BYTES)
    question = Question(
        source=source,
        filename=filename,
        params=params,
        schema=found[0]["schema"],
        hidden=frozenset(policy["hidden_columns"]),
        statistics=[item["statistics"] for item in found],
        table=table["document"],
    )
    return Checked(ctx.evaluator.evaluate(question), table, policy, question)


def quote(checked: Checked) -> dict[str, Any]:
    """Return what a consumer is told of a program before it submits it."""
    evaluation = checked.evaluation
    return {
        "program_id": evaluation.program_id,
        "table_id": checked.table["table_id"],
        "table": checked.table["name"],
        "phases": [{"step": step, "phase": phase} for step, phase in evaluation.phases],
        "params": list(evaluation.params),
        "estimate": evaluation.estimate.to_json(),
        "precheck": checked.policy["precheck"],
        "needs": _needs(checked),
    }


def _needs(checked: Checked) -> int | None:
    """Return the totem that the pre-check asks for: 0 where it is off, None where it can't be bounded."""
    found = checked.evaluation.estimate
    by_policy = {"none": 0, "lower": found.lower, "expected": found.expected, "upper": found.upper}
    return by_policy[checked.policy["precheck"]]


def check_escrow(checked: Checked, totem: int) -> None:
    """Refuse a job whose escrow is less than what the policy's pre-check asks for."""
    needs = _needs(checked)
    estimate, precheck = checked.evaluation.estimate.to_json(), checked.policy["precheck"]
    details = {"needs": needs, "escrow": totem, "estimate": estimate, "precheck": precheck}
    if needs is None:
        raise Refused(
            "the provider's policy asks for an upper bound, and what the program needs can't be bounded",
            code="precheck",
            details=details,
        )
    if needs > totem:
        raise Refused(f"needs at least {needs:,} totem, the escrow is {totem:,}", code="precheck", details=details)


def check_result(checked: Checked) -> None:
    """Refuse a job whose result is certainly larger than the policy lets out, before anybody pays for it."""
    evaluation, policy = checked.evaluation, checked.policy
    if excess := excess_of(policy, evaluation.least_lines, evaluation.least_bytes):
        raise Refused(
            f"the result has at least {excess}: let the job give less (fewer groups, shorter texts)",
            code="result_limit",
            details={
                "least_lines": evaluation.least_lines,
                "least_bytes": evaluation.least_bytes,
                "max_groups": policy["max_groups"],
                "max_result_bytes": policy["max_result_bytes"],
            },
        )


def take_quota(ctx: Context, access: dict[str, Any], totem: int) -> None:
    """Take a job's whole escrow from what a grant may still spend, or refuse the job."""
    if access["quota"] is None:
        return
    there = Tally(ctx.state, "quota", access["access_id"]).take(totem)
    if there is not None:
        raise Refused(
            f"{access['access_id']} has {there:,} totem of its quota left, the job asks for {totem:,}",
            code="quota",
            details={"quota_left": there, "escrow": totem},
        )
