"""What is kept in private data or stores until somebody purges it, and the index of it.

``result (job)`` says what there is; ``kept_result (provider, expiry, job)`` lists what a provider has to look after,
what expires first first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["forget", "keep"]


def keep(ctx: Context, job_id: str, provider: str, record: dict[str, Any]) -> None:
    """Write the record of what a job has delivered, and list it under the provider that looks after it."""
    ctx.state.put("result", job_id, record=record)
    ctx.state.mark("kept_result", *_place(job_id, provider, record))


def forget(ctx: Context, job_id: str, provider: str, record: dict[str, Any]) -> dict[str, Any]:
    """Say that what a job has delivered is purged; return the record."""
    ctx.state.delete("kept_result", *_place(job_id, provider, record))
    purged = {**record, "purged_at": ctx.now}
    ctx.state.put("result", job_id, record=purged)
    return purged


def _place(job_id: str, provider: str, record: dict[str, Any]) -> tuple[str, str, str]:
    return provider, f"{record['expires_at']:016d}", job_id
