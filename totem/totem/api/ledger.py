"""Routes for the ledger explorer: what everybody on the ledger can see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from totem.api import models
from totem.api.context import CallerExplorer
from totem.services.errors import BadInput

__all__ = ["router"]

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])

_MOST = 2**53 - 1


@router.get("/blocks", response_model=models.BlockPage)
def list_blocks(
    explorer: CallerExplorer,
    before: Annotated[int | None, Query(ge=0, le=_MOST, description="only blocks with a smaller number")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Any:
    """List blocks, newest first; the next page is before the last one's number."""
    height = explorer.height()
    if before is not None and before > height:
        raise BadInput("before: not one that this list gave", code="invalid")
    return {"height": height, "blocks": explorer.blocks(height if before is None else before, limit)}


@router.get("/blocks/{number}", response_model=models.Block)
def get_block(explorer: CallerExplorer, number: Annotated[int, Path(ge=0, le=_MOST)]) -> Any:
    """Return one block."""
    return explorer.block(number)
