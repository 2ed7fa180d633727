"""Settling a phase: its receipt goes to the ledger, whose answer decides whether the next phase may begin.

``SettlementPort`` is the way to the ledger, whatever it is. ``Settlement`` is the state machine around it: it repeats
a settlement until it is answered, because a crash on either side can lose the answer (a ledger gives the same answer
to the same receipt again), and gives up only where the ledger refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

from totem_ccf.metering.messages import Settled

__all__ = [
    "CallLedger",
    "GiveUp",
    "Settlement",
    "SettlementAnswer",
    "SettlementPort",
    "SettlementRefused",
    "read_answer",
]

SettlementAnswer = TypedDict("SettlementAnswer", {"continue": bool, "left": int, "reason": str | None})
"""``continue``: the next phase may begin; ``left``: totem left of the escrow; ``reason``: one word, or None."""


class SettlementRefused(Exception):
    """The ledger refuses a receipt for good; repeating it makes no sense. The text says why."""


class SettlementPort(Protocol):
    """The way to the ledger, given by whoever starts an engine."""

    def settle(self, phase_index: int, receipt: dict[str, Any]) -> SettlementAnswer:
        """Settle a phase. The same phase with the same receipt again gets the same answer and changes nothing.

        Raises:
            SettlementRefused: the receipt is refused for good. Anything else that is raised counts as passing, however
                often: the work is done, and a ledger that is away is no reason to lose it.
        """
        ...

    def more(self, used: int, needs: int) -> int | None:
        """Ask for more totem: only a job whose escrow is a slice of a pool does (``JobSpec.part`` is ``data``).

        The job stands at the charge that would end it: ``used`` is all that it pays up to there, the charge takes
        ``needs``. Nothing is spent until there is an answer, so the others may be given what the slice has beyond
        ``used`` meanwhile.

        Returns:
            The job's escrow from now on, **in all** (not what was added), if it is decided: at least ``used + needs``,
            and the job goes on; anything less, and it halts here. None: it is not decided yet, because others still
            run. Then the question is put again, soon, as it is after a crash of anybody: the same question must get
            the same answer, or one that is larger because more was given. Answer within a few seconds; how often None
            is answered does not matter. While the question is open the job may be cancelled and settled.

        Raises:
            SettlementRefused: the ledger refuses for good: the job ends in ``provider_failed``. Anything else that is
                raised counts as passing, however often.
        """
        ...


@dataclass(frozen=True, slots=True)
class CallLedger:
    """Settle this receipt, after ``delay`` seconds."""

    phase: int
    receipt: Mapping[str, Any]
    delay: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The phase can't be settled: the provider's side has failed, ``reason`` says why."""

    phase: int
    reason: str


class Settlement:
    """One job's settlements, one phase after the other; a state machine without I/O and clock."""

    def __init__(self) -> None:
        self._owed: tuple[int, Mapping[str, Any]] | None = None
        self._failures = 0

    def owe(self, phase: int, receipt: Mapping[str, Any]) -> CallLedger:
        """Begin to settle a phase."""
        self._owed = (phase, receipt)
        self._failures = 0
        return CallLedger(phase, receipt, 0.0)

    def answered(self, phase: int, answer: SettlementAnswer) -> Settled | None:
        """Take the ledger's answer; None if it is not (any more) awaited."""
        if self._owed is None or self._owed[0] != phase:
            return None
        self._owed = None
        return Settled(phase, answer["continue"], answer["left"], answer["reason"])

    def failed(self, phase: int, reason: str, *, final: bool = False) -> CallLedger | GiveUp | None:
        """Take note that a call was not answered; return what to do now."""
        if self._owed is None or self._owed[0] != phase:
            return None
        if final:
            self._owed = None
            return GiveUp(phase, reason)
        self._failures += 1
        # The exponent is bounded: a ledger may be away for days.
        return CallLedger(phase, self._owed[1], min(0.1 * 2 ** min(self._failures - 1, 16), 2.0))


def read_answer(document: Mapping[str, Any]) -> SettlementAnswer:
    """Check an answer that came from outside.

    Raises:
        SettlementRefused: it is not a settlement's answer.
    """
    proceed, left, reason = document.get("continue"), document.get("left"), document.get("reason")
    if not isinstance(proceed, bool) or not isinstance(left, int) or isinstance(left, bool) or left < 0:
        raise SettlementRefused("a settlement's answer must have 'continue' (true or false) and 'left' (totem, ≥ 0)")
    if not (reason is None or isinstance(reason, str)):
        raise SettlementRefused("the reason in a settlement's answer must be a text or null")
    return {"continue": proceed, "left": left, "reason": reason}
