"""Consortium: what concerns the ledger as a whole: the format of its records, and bringing it forward.

``format ()`` says which format the records are in, see ``totem_chaincode.formats``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from totem_chaincode.arguments import Integer, Optional
from totem_chaincode.errors import Conflict
from totem_chaincode.formats import Position
from totem_chaincode.registry import EVERYBODY, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__: list[str] = []

_PAGE_BYTES = 1 << 20
"""Bytes of records that one transaction of a migration rewrites, about: it must fit into a block."""


@transaction("consortium.format", who=EVERYBODY, read_only=True, any_format=True)
def format_(ctx: Context) -> JSON:
    """Return the format of the ledger's records, the one that these contracts need, and what lies between."""
    return ctx.formats.describe(ctx.formats.position(ctx.state))


@transaction(
    "consortium.migrate",
    who=by("consortium"),
    arguments={"limit": Optional(Integer(1, 1_000, "records"), 200)},
    event="consortium.migrated",
    errors=(Conflict,),
    any_format=True,
)
def migrate(ctx: Context, *, limit: int) -> JSON:
    """Bring the next page of records towards the contracts' format; to be repeated until the answer says done.

    From the first page on until it is done, all other transactions are refused. Every page is a transaction of its
    own, that all endorsers compute alike; an interrupted migration goes on where it was.
    """
    formats = ctx.formats
    position = formats.position(ctx.state)
    if position.version >= formats.newest:
        raise Conflict(
            f"the ledger's records are in format {position.version} already; these contracts need {formats.newest}",
            code="newest_format",
        )
    migration, kinds = formats.step(position)
    kind = kinds[0]
    after = position.after if kind == position.kind else ""
    rows, last = ctx.state.rows_behind(kind, after, limit, _PAGE_BYTES)
    changed = 0
    for parts, record in rows:
        new = migration.kinds[kind](parts, record)
        if new is None:
            ctx.state.delete(kind, *parts)
        elif new != record:
            ctx.state.put(kind, *parts, record=new)
        changed += new != record
    if last:
        following = Position(position.version, kind, last)
    elif len(kinds) > 1:
        following = Position(position.version, kinds[1])
    else:
        following = Position(position.version + 1)
    formats.write(ctx.state, following)
    answer: dict[str, JSON] = {
        **formats.describe(following),
        "kind": kind,
        "records": len(rows),
        "changed": changed,
        "done": following.version == formats.newest,
    }
    ctx.emit(version=following.version, kind=kind, records=len(rows), changed=changed)
    return answer
