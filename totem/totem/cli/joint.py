"""Jobs over several providers as people read them: their parts, what each costs and was paid, who is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from totem.cli.following import part_name, why_ended
from totem.cli.output import Output, show

__all__ = ["missing_text", "print_joint_bill", "print_part_estimates", "print_parts"]


def missing_text(job: dict[str, Any]) -> str:
    """Say whose data are not in the result of a joint job; empty where all are."""
    return ", ".join(job["missing"])


def print_parts(output: Output, job: dict[str, Any]) -> None:
    """Print the parts of a joint job as they are now."""
    output.line()
    output.table(
        ["part", "at", "state", "rows", "slice", "used", "paid", "reason"],
        [
            [
                part["job_id"].rpartition("-")[2],
                part_name(part, job["parts"]),
                part["state"] + (" (dry)" if part["dry"] else " (left out)" if part["left_out"] else ""),
                part["data"]["rows"],
                part["slice"],
                part["used"],
                part["paid"],
                part["left_out"] or why_ended(part) or (part["error"] or {}).get("kind", ""),
            ]
            for part in job["parts"]
        ],
        title="parts",
        lesser=["slice", "reason", "rows"],
    )
    if job["missing"]:
        output.note(f"missing: {missing_text(job)}", style="yellow")


def print_part_estimates(output: Output, parts: Sequence[dict[str, Any]]) -> None:
    """Print what each part of a joint job is expected to cost."""
    output.line()
    output.table(
        ["at", "at least", "probably", "at most"],
        [
            [
                part_name(part, parts),
                part["estimate"]["lower"],
                part["estimate"]["expected"],
                "unbounded" if part["estimate"]["upper"] is None else show(part["estimate"]["upper"]),
            ]
            for part in parts
        ],
        title="totem by provider",
    )


def print_joint_bill(output: Output, bill: dict[str, Any]) -> None:
    """Print what each part of a joint job used and was paid, with the total."""
    parts = bill["parts"]
    rows: list[list[object]] = [[part_name(part, parts), part["state"], part["used"], part["paid"]] for part in parts]
    rows.append(["total", bill["state"], bill["used"], bill["paid"]])
    output.line()
    output.table(
        ["at", "state", "used", "paid"],
        [["" if cell is None else cell for cell in row] for row in rows],
        title="by part",
    )
    if bill["not_held"]:
        output.note(f"not in it: {', '.join(bill['not_held'])}, whose receipts you do not hold", style="yellow")
