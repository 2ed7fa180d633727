"""Datasets: what providers publish about data that stay where they are.

``dataset (id)`` says whose it is, its current version and state; ``dataset_version (id, version)`` is one version's
metadata and never changes; ``dataset_of (provider, id)`` is an index. Metadata are schema, statistics, salted digests
of the fragments and the policy: never rows, and of hidden columns nothing but name and type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import (
    BOOKMARK,
    DATASET_ID,
    HASH,
    LIMIT,
    NOTE,
    PARTICIPANT,
    REASON,
    Document,
    Fields,
    Integer,
    ListOf,
    Optional,
    Text,
)
from totem_chaincode.contracts.participants import note_key
from totem_chaincode.errors import Conflict, Refused
from totem_chaincode.policy import read_policy
from totem_chaincode.registry import EVERYBODY, Owns, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["metadata_of"]

_OWNER = by("provider", owns=Owns("dataset", "dataset_id", "provider"))
_VERSION = Integer(1, 999_999, "version")
_METADATA: Fields = {
    "title": NOTE,
    "description": Optional(Text(2_000, least=0, what="description", prose="lines"), ""),
    "schema": Document(262_144, "schema", lists=True),
    "statistics": Document(2 << 20, "statistics"),
    "fragments": ListOf(HASH, 20_000),
    "policy": Optional(Document(65_536, "policy"), {}),
}
_METADATA_ERRORS = ("invalid", "unenforced_policy", "hidden_column")


def metadata_of(ctx: Context, dataset_id: str, version: int | None) -> dict[str, Any]:
    """Return the metadata of a published dataset's version, the current one where none is named.

    Raises:
        NotFound: there is no such dataset or version.
        Refused: code ``withdrawn``: the dataset is withdrawn.
    """
    head = ctx.state.need("dataset", dataset_id)
    if head["state"] != "published":
        raise Refused(f"the dataset {dataset_id} is withdrawn: {head['reason']}", code="withdrawn")
    found: dict[str, Any] = ctx.state.need("dataset_version", dataset_id, _padded(version or head["version"]))
    return {**found, "provider": head["provider"]}


def _padded(version: int) -> str:
    return f"{version:06d}"


def _put_version(ctx: Context, dataset_id: str, version: int, metadata: dict[str, Any]) -> None:
    policy = read_policy(metadata["policy"])
    hidden = frozenset(policy["hidden_columns"])
    ctx.evaluator.check_metadata(metadata["schema"], metadata["statistics"], hidden, len(metadata["fragments"]))
    record = {
        **metadata,
        "dataset_id": dataset_id,
        "version": version,
        "policy": policy,
        "published_at": ctx.now,
    }
    ctx.state.put("dataset_version", dataset_id, _padded(version), record=record)


@transaction(
    "datasets.publish",
    who=by("provider"),
    arguments={"dataset_id": DATASET_ID, **_METADATA},
    event="datasets.published",
    errors=(Conflict, *_METADATA_ERRORS),
)
def publish(ctx: Context, *, dataset_id: str, **metadata: Any) -> JSON:
    """Publish a dataset's metadata under a name that nobody has taken."""
    if ctx.state.get("dataset", dataset_id) is not None:
        raise Conflict(f"the dataset name {dataset_id} is taken", code="name_taken")
    _put_version(ctx, dataset_id, 1, metadata)
    head = {
        "dataset_id": dataset_id,
        "provider": ctx.caller.id,
        "provider_msp": ctx.caller.msp_id,
        "title": metadata["title"],
        "version": 1,
        "state": "published",
        "reason": "",
        "published_at": ctx.now,
    }
    ctx.state.put("dataset", dataset_id, record=head)
    ctx.state.mark("dataset_of", ctx.caller.id, dataset_id)
    note_key(ctx)
    ctx.emit(dataset_id=dataset_id, version=1, provider=ctx.caller.id)
    return head


@transaction(
    "datasets.revise",
    who=_OWNER,
    arguments={"dataset_id": DATASET_ID, **_METADATA},
    event="datasets.revised",
    errors=("not_found", *_METADATA_ERRORS),
)
def revise(ctx: Context, *, dataset_id: str, **metadata: Any) -> JSON:
    """Publish a new version of a dataset's metadata; jobs already submitted keep theirs. Ends a withdrawal."""
    head = ctx.state.need("dataset", dataset_id)
    version = head["version"] + 1
    _put_version(ctx, dataset_id, version, metadata)
    head = {**head, "title": metadata["title"], "version": version, "state": "published", "reason": ""}
    ctx.state.put("dataset", dataset_id, record=head)
    note_key(ctx)
    ctx.emit(dataset_id=dataset_id, version=version, provider=ctx.caller.id)
    return head


@transaction(
    "datasets.withdraw",
    who=_OWNER,
    arguments={"dataset_id": DATASET_ID, "reason": REASON},
    event="datasets.withdrawn",
    errors=("not_found", Conflict),
)
def withdraw(ctx: Context, *, dataset_id: str, reason: str) -> JSON:
    """Take a dataset out of the catalogue: no new requests and jobs; jobs already submitted go on."""
    head = ctx.state.need("dataset", dataset_id)
    if head["state"] != "published":
        raise Conflict(f"the dataset {dataset_id} is withdrawn already", code="already_withdrawn")
    head = {**head, "state": "withdrawn", "reason": reason}
    ctx.state.put("dataset", dataset_id, record=head)
    ctx.emit(dataset_id=dataset_id, provider=ctx.caller.id)
    return head


@transaction(
    "datasets.get",
    who=EVERYBODY,
    arguments={"dataset_id": DATASET_ID, "version": Optional(_VERSION)},
    read_only=True,
    errors=("not_found",),
)
def get(ctx: Context, *, dataset_id: str, version: int | None) -> JSON:
    """Return a dataset's metadata, of its current version or the one named."""
    head = ctx.state.need("dataset", dataset_id)
    metadata = ctx.state.need("dataset_version", dataset_id, _padded(version or head["version"]))
    return {**head, **metadata, "current_version": head["version"]}


@transaction(
    "datasets.list",
    who=EVERYBODY,
    arguments={"provider": Optional(PARTICIPANT), "limit": LIMIT, "bookmark": BOOKMARK},
    read_only=True,
)
def list_(ctx: Context, *, provider: str | None, limit: int, bookmark: str) -> JSON:
    """List datasets with their states, all or one provider's, without schema and statistics."""
    if provider is None:
        rows, following = ctx.state.page("dataset", (), limit, bookmark)
        return {"datasets": [record for _, record in rows], "bookmark": following}
    rows, following = ctx.state.page("dataset_of", (provider,), limit, bookmark)
    return {"datasets": [ctx.state.need("dataset", parts[1]) for parts, _ in rows], "bookmark": following}
