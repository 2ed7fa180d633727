"""Joint submission: one program over datasets of several providers, its price at each, and the parts that it becomes.

A *data part* for each provider runs the first map phase on that provider's datasets, the *combining part* at the
combining provider everything behind it. Each part has a job record, a slice of the pool as its escrow, bounds from
its own provider's statistics, and a one-time code of its own. Source and program are the joint job's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import (
    DATASET_ID,
    PARTICIPANT,
    Document,
    Integer,
    ListOf,
    Optional,
    Record,
)
from totem_chaincode.contracts.access import SECRET, check_new_code, put_code
from totem_chaincode.contracts.joint_plan import by_provider, check_combining, check_cut, plan_of
from totem_chaincode.contracts.new_job import (
    ACCESS_KEYS,
    SUBMISSION,
    SUBMISSION_ERRORS,
    active_provider,
    check_grants,
    dataset_entries,
    earlier_of,
    new_job_id,
    new_record,
    note_submission,
    put_program,
    size_of,
)
from totem_chaincode.contracts.precheck import (
    PROGRAM,
    PROGRAM_ERRORS,
    VERSION,
    check_escrow,
    check_result,
    evaluate,
    load,
    quote,
    take_quota,
)
from totem_chaincode.errors import Invalid
from totem_chaincode.job_ends import index_job
from totem_chaincode.pool import cut_pool, reserve_slices
from totem_chaincode.registry import by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

LEAST_PARTS_SECONDS = 30
"""How long the parts of a joint job must have at least."""

_MOST_PARTS = 32
_COMBINING = "combining"
"""Under which name the combining part's one-time code is given: its provider may have a data part as well."""


@transaction(
    "joint.estimate",
    who=by("consumer", "provider"),
    arguments={
        **PROGRAM,
        "datasets": ListOf(Record({"dataset_id": DATASET_ID, "version": VERSION}), 32, 2),
        "combining": PARTICIPANT,
    },
    read_only=True,
    errors=(*PROGRAM_ERRORS, "combining"),
)
def estimate(ctx: Context, *, datasets: list[dict[str, Any]], combining: str, **program: Any) -> JSON:
    """Run the pre-check of a joint job without submitting: as ``jobs.estimate``, and the estimate of each part."""
    found = load(ctx, datasets, joint=True)
    active_provider(ctx, combining)
    check_combining(ctx, found, combining)
    checked = evaluate(ctx, found, **program)
    check_cut(ctx, checked.evaluation)
    told = ("part", "provider", "phases", "estimate")
    return {
        **quote(checked),
        "parts": [{name: part[name] for name in told} for part in plan_of(ctx, found, combining, checked)],
    }


@transaction(
    "joint.submit",
    who=by("consumer"),
    arguments={
        **SUBMISSION,
        "combining": PARTICIPANT,
        "at_least": Optional(Integer(1, _MOST_PARTS, "data parts")),
        "parts_seconds": Optional(Integer(LEAST_PARTS_SECONDS, 90 * 86_400, "seconds")),
    },
    transient={"access_keys": ACCESS_KEYS, "codes": Document(65_536, "one-time codes by data provider, and combining")},
    event="joint.submitted",
    errors=(*SUBMISSION_ERRORS, "combining", "one_time_code", "invalid"),
)
def submit(
    ctx: Context,
    *,
    datasets: list[dict[str, Any]],
    totem: int,
    deadline_seconds: int,
    request_key: str | None,
    combining: str,
    at_least: int | None,
    parts_seconds: int | None,
    access_keys: dict[str, Any],
    codes: dict[str, Any],
    **program: Any,
) -> JSON:
    """Check everything as ``jobs.submit`` does, and that the program can be cut; then reserve the pool in slices.

    Datasets are of one schema and of at least two providers, those of one provider together; their order is that of
    the rows. ``combining`` must be allowed by the policies of all others. ``at_least`` data parts must be delivered
    (all, where it is not said) within ``parts_seconds`` (half of ``deadline_seconds``). ``codes`` has one random
    one-time code for each data provider and one for ``combining``, all different.
    """
    asked = {"combining": combining, "at_least": at_least, "parts_seconds": parts_seconds}
    given = {**program, **asked, "datasets": datasets, "totem": totem, "deadline_seconds": deadline_seconds}
    arguments_hash, earlier = earlier_of(ctx, request_key, given)
    if earlier is not None:
        return _summary(ctx.state.need("job", earlier))
    joint_id = new_job_id(ctx)

    found = load(ctx, datasets, joint=True)
    grants = check_grants(ctx, datasets, access_keys)
    providers = list(by_provider(found))
    records = {name: active_provider(ctx, name) for name in (*providers, combining)}
    check_combining(ctx, found, combining)
    _check_codes(ctx, codes, providers)
    if at_least is not None and at_least > len(providers):
        possible = f"1 {'or' if len(providers) == 2 else 'to'} {len(providers)}"
        raise Invalid(
            f"at_least: there are {len(providers)} data parts, {at_least} can't be delivered: give {possible}"
        )
    if parts_seconds is not None and parts_seconds > deadline_seconds:
        raise Invalid("parts_seconds: data parts can't have longer than the whole job (deadline_seconds)")
    checked = evaluate(ctx, found, **program)
    check_cut(ctx, checked.evaluation)
    check_result(checked)
    check_escrow(checked, totem)
    for access in grants:
        take_quota(ctx, access, totem)

    plan = plan_of(ctx, found, combining, checked)
    slices = cut_pool(totem, [part["estimate"] for part in plan])
    base = new_record(ctx, joint_id, checked, totem, deadline_seconds)
    entries = dataset_entries(datasets, found, grants)
    parts_deadline = ctx.now + (parts_seconds or deadline_seconds // 2) * 1_000
    ids = [f"{joint_id}-{number}" for number in range(1, len(providers) + 1)] + [f"{joint_id}-c"]
    joint = {
        **base,
        "kind": "joint",
        "state": "running",
        "provider": combining,
        "provider_msp": records[combining]["msp_id"],
        "combining": combining,
        "parties": list(records),
        "parts": ids,
        "at_least": at_least or len(providers),
        "parts_deadline": parts_deadline,
        "datasets": [{**entry, "provider": item["provider"]} for entry, item in zip(entries, found, strict=True)],
        "data": size_of(found),
        "missing": [],
        "ending": None,
    }
    reserve_slices(
        ctx, joint_id, ctx.caller.id, [(i, p["provider"], s) for i, p, s in zip(ids, plan, slices, strict=True)]
    )
    ctx.state.put("job", joint_id, record=joint)
    for part_id, part, slice_ in zip(ids, plan, slices, strict=True):
        record = {
            **base,
            "job_id": part_id,
            "kind": "part",
            "part": part["part"],
            "joint": joint_id,
            "provider": part["provider"],
            "provider_msp": records[part["provider"]]["msp_id"],
            "combining": combining,
            "parties": joint["parties"],
            "combining_msp": records[combining]["msp_id"],
            "datasets": [entries[place] for place in part["places"]],
            "data": size_of([found[place] for place in part["places"]]),
            "phases": part["phases"],
            "next_phase": part["phases"][0]["index"],
            "estimate": part["estimate"],
            "escrow": slice_,
            "pool": totem,
            "deadline": parts_deadline if part["part"] == "data" else base["deadline"],
            "dry": None,
            "final": False,
            "left_out": None,
        }
        ctx.state.put("job", part_id, record=record)
        ctx.state.put("bounds", part_id, record=part["bounds"])
        index_job(ctx, record)
        put_code(ctx, record, codes[part["provider"] if part["part"] == "data" else _COMBINING])
    put_program(ctx, joint_id, checked.evaluation, program["source"], program["filename"])
    note_submission(ctx, request_key, joint_id, arguments_hash)
    index_job(ctx, joint)
    ctx.emit(job_id=joint_id, consumer=ctx.caller.id, provider=combining, parties=joint["parties"], escrow=totem)
    return _summary(joint)


def _check_codes(ctx: Context, codes: dict[str, Any], providers: list[str]) -> None:
    expected = [*providers, _COMBINING]
    if sorted(codes) != sorted(expected):
        raise Invalid(f"transient.codes: one code for each of {', '.join(expected)} is expected, and no other")
    for name in expected:
        check_new_code(ctx, SECRET.check(codes[name], f"transient.codes.{name}"))
    if len(set(codes.values())) != len(codes):
        raise Invalid("transient.codes: two of the one-time codes are the same: make each a random one")


def _summary(job: dict[str, Any]) -> JSON:
    fields = ("job_id", "state", "combining", "parties", "parts", "at_least", "program_id", "table_id", "phases")
    return {name: job[name] for name in (*fields, "estimate", "escrow", "deadline", "parts_deadline")}
