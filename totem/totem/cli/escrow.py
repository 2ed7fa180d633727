"""How much totem to put into escrow: what is accepted, and what is certainly enough."""

from __future__ import annotations

from totem.cli.output import show
from totem.services.report import Bounds

__all__ = ["escrow_hint", "escrow_text"]


def escrow_text(needs: int | None, bounds: Bounds) -> str:
    """Say from which escrow on a job is accepted (``needs``: by the datasets' policies), and which is enough.

    The two are kept apart by words: who gives what is accepted may well run out of totem.
    """
    if needs is None:
        return "refused: a dataset's policy asks for an upper bound, and there is none"
    if bounds.enough is None:
        return f"accepted from {show(needs)}; no amount is certainly enough"
    if needs == bounds.enough:
        return f"accepted from {show(needs)}, which is certainly enough"
    return f"accepted from {show(needs)}; {show(bounds.enough)} is certainly enough"


def escrow_hint(bounds: Bounds, escrow: int) -> str:
    """Say with which escrow a job that ran out of ``escrow`` completes; empty where that is not known."""
    advice = bounds.advice(escrow + 1)
    return advice and f"give more with --totem: {advice}"
