"""Settlement without a ledger: for tests, and for trying a job out."""

from __future__ import annotations

from typing import Any

from totem_ccf.metering.settlement import SettlementAnswer, SettlementRefused
from totem_sdk.cost import PricedProgram
from totem_sdk.cut import Part, phases_of
from totem_sdk.errors import InvalidDocument
from totem_sdk.estimate import phase_lower_bound
from totem_sdk.flow import ImpossibleCounts, check_receipt

__all__ = ["EscrowSettlement"]


class EscrowSettlement:
    """Keeps a job's escrow in memory, checks every receipt as a contract would, and decides at the gates.

    ``receipts`` are those that were settled, by phase. A phase that is settled again with the same receipt gets the
    same answer; with another one it is refused. ``part`` is what the job runs of the program.
    """

    def __init__(self, priced: PricedProgram, escrow: int, *, precheck: bool = True, part: Part = "whole") -> None:
        self._priced = priced
        self._phases = phases_of(priced.program, part)
        self._precheck = precheck
        self.left = escrow
        self.receipts: list[dict[str, Any]] = []
        self._answers: list[SettlementAnswer] = []

    def settle(self, phase_index: int, receipt: dict[str, Any]) -> SettlementAnswer:
        """Settle a phase; see SettlementPort."""
        place = phase_index - self._phases.start
        if 0 <= place < len(self.receipts):
            if self.receipts[place] != receipt:
                raise SettlementRefused(f"phase {phase_index} is settled with another receipt")
            return self._answers[place]
        try:
            check_receipt(self._priced, receipt)
        except (ImpossibleCounts, InvalidDocument) as error:
            raise SettlementRefused(f"phase {phase_index}: {error}") from None
        if place != len(self.receipts) or receipt["charge"] > self.left:
            raise SettlementRefused(f"phase {phase_index} is not the next, or costs more than the {self.left} left")
        self.left -= receipt["charge"]
        reason = self._verdict(phase_index, receipt)
        answer: SettlementAnswer = {"continue": reason == "continue", "left": self.left, "reason": reason}
        self.receipts.append(receipt)
        self._answers.append(answer)
        return answer

    def more(self, used: int, needs: int) -> int:
        """Give nothing more; see SettlementPort."""
        del used, needs
        return self.left

    def _verdict(self, phase: int, receipt: dict[str, Any]) -> str:
        if receipt["end"] != "done":
            return str(receipt["end"])
        if phase == self._phases[-1]:
            return "finished"
        if self._precheck and phase_lower_bound(self._priced, phase + 1, receipt["records_out"]) > self.left:
            return "gate"
        return "continue"
