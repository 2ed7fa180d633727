"""The plan of a joint job: who has a part, what it runs, what it costs there; and whether the program can be cut so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from totem_chaincode.contracts.sealed import key_of
from totem_chaincode.errors import Refused
from totem_chaincode.policy import may_combine

if TYPE_CHECKING:
    from totem_chaincode.context import Context
    from totem_chaincode.contracts.precheck import Checked
    from totem_chaincode.evaluation import Evaluation

__all__ = ["by_provider", "check_combining", "check_cut", "plan_of"]


def by_provider(found: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Return the places of each provider's datasets, in listed order.

    Raises:
        Refused: code ``datasets``: they are one provider's, or one provider's are not listed together.
    """
    places: dict[str, list[int]] = {}
    for place, item in enumerate(found):
        of_provider = places.setdefault(item["provider"], [])
        if of_provider and of_provider[-1] != place - 1:
            raise Refused(
                f"{item['dataset_id']}: list the datasets of {item['provider']} one after the other: the order of a"
                " joint job's rows is that of its providers",
                code="datasets",
            )
        of_provider.append(place)
    if len(places) < 2:
        raise Refused(f"all datasets are of {next(iter(places))}: submit the job to it (jobs.submit)", code="datasets")
    return places


def check_cut(ctx: Context, evaluation: Evaluation) -> None:
    """Refuse a program that can't be cut between its first map and the rest (code ``program``, with the findings)."""
    if refusals := ctx.evaluator.uncut(evaluation.program):
        texts = "; ".join(f"line {item['line']}: {item['message']}" for item in refusals)
        raise Refused(f"the program can't be cut for several providers: {texts}", code="program", refusals=refusals)


def check_combining(ctx: Context, found: list[dict[str, Any]], combining: str) -> None:
    """Refuse a combining provider that one of the others' policies does not allow, or that has no key to seal to."""
    for item in found:
        if item["provider"] != combining and not all(may_combine(policy, combining) for policy in item["policies"]):
            raise Refused(
                f"the policy of {item['dataset_id']} does not let {combining} combine its partial groups"
                " (combining_providers)",
                code="combining",
                details={"dataset_id": item["dataset_id"], "combining": combining},
            )
    if key_of(ctx, combining) is None:
        # Whoever has done the work of a data part must be able to deliver it, however large it is.
        raise Refused(
            f"{combining} has announced no key to which large partial groups could be sealed: it can do so with"
            " participants.announce_key",
            code="combining",
            details={"combining": combining},
        )


def plan_of(ctx: Context, found: list[dict[str, Any]], combining: str, checked: Checked) -> list[dict[str, Any]]:
    """Return the parts of a joint job without their slices: provider, phases, estimate, bounds, whose datasets."""
    whole = checked.evaluation
    phases = [{"step": step, "phase": phase, "index": index} for index, (step, phase) in enumerate(whole.phases)]
    parts = []
    for provider, places in by_provider(found).items():
        statistics = [found[place]["statistics"] for place in places]
        alone = ctx.evaluator.evaluate(replace(checked.question, statistics=statistics))
        bounds = {"phases": [list(alone.bounds.phases[0])], "row_texts": list(alone.bounds.row_texts)}
        plan = {"part": "data", "provider": provider, "places": places, "phases": phases[:1], "bounds": bounds}
        parts.append({**plan, "estimate": _estimate(alone, 0, 1)})
    rest = {"part": "combine", "provider": combining, "places": [], "phases": phases[1:]}
    return [*parts, {**rest, "bounds": whole.bounds.to_json(), "estimate": _estimate(whole, 1, len(phases))}]


def _estimate(evaluation: Evaluation, start: int, end: int) -> dict[str, int | None]:
    """Return what some phases of a program cost: the sums of their bounds."""
    bounds = evaluation.bounds.phases[start:end]
    uppers = [upper for _, upper in bounds if upper is not None]
    return {
        "lower": sum(lower for lower, _ in bounds),
        "expected": sum(evaluation.expected[start:end]),
        "upper": sum(uppers) if len(uppers) == len(bounds) else None,
    }
