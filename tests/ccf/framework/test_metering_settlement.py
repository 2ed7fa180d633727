"""The settlement's state machine, the in-memory ledger, and reports and receipts."""

import pytest

from totem_ccf.engines.local import EscrowSettlement
from totem_ccf.metering.messages import Settled
from totem_ccf.metering.receipt import AttemptReport, phase_receipt
from totem_ccf.metering.settlement import CallLedger, GiveUp, Settlement, SettlementRefused, read_answer
from totem_sdk.cost import Counts
from totem_sdk.errors import InvalidDocument
from totem_sdk.program import Phase

RECEIPT = {"charge": 3}
ANSWER = {"continue": True, "left": 7, "reason": "continue"}


def test_a_settlement_is_repeated_until_it_is_answered():
    settlement = Settlement()
    assert settlement.owe(2, RECEIPT) == CallLedger(2, RECEIPT, 0.0)
    # A ledger may be away for days, or stand still while its records are migrated.
    again = [settlement.failed(2, "not reached") for _ in range(5_000)]
    assert {(call.phase, call.receipt["charge"]) for call in again} == {(2, 3)}
    delays = [call.delay for call in again]
    assert delays == sorted(delays)
    assert 0 < delays[0] < delays[-1] == 2
    assert settlement.answered(2, ANSWER) == Settled(2, True, 7, "continue")
    settlement.owe(3, RECEIPT)
    assert settlement.failed(3, "not reached").delay == delays[0]


def test_a_refusal_is_final():
    settlement = Settlement()
    settlement.owe(0, RECEIPT)
    assert settlement.failed(0, "the counts are impossible", final=True) == GiveUp(0, "the counts are impossible")


def test_an_answer_that_is_not_awaited_changes_nothing():
    settlement = Settlement()
    assert settlement.answered(0, ANSWER) is None
    settlement.owe(1, RECEIPT)
    assert settlement.answered(0, ANSWER) is None
    assert settlement.failed(0, "late") is None
    assert settlement.answered(1, ANSWER) is not None
    assert settlement.answered(1, ANSWER) is None


@pytest.mark.parametrize(
    "document",
    [{}, {"continue": 1, "left": 2}, {"continue": True, "left": -1}, {"continue": True, "left": 1, "reason": 2}],
)
def test_an_answer_must_be_one(document):
    with pytest.raises(SettlementRefused):
        read_answer(document)


def test_the_escrow_settlement_answers_the_same_again_and_refuses_another(jobs):
    spec = jobs.paper1(escrow=198)
    settlement = EscrowSettlement(spec.priced, 198)
    receipt = phase_receipt(spec.priced.program.phases[0], "done", [AttemptReport("done", 90, Counts({0: 6}), 6, 6)])
    answer = settlement.settle(0, receipt)
    assert answer == {"continue": True, "left": 108, "reason": "continue"}
    assert settlement.settle(0, dict(receipt)) == answer
    with pytest.raises(SettlementRefused, match="another receipt"):
        settlement.settle(0, {**receipt, "records_out": 5})
    with pytest.raises(SettlementRefused, match="is not the next"):
        settlement.settle(2, receipt)
    with pytest.raises(SettlementRefused, match="the counts add up to 90 totem, the charge says 91"):
        settlement.settle(1, {**receipt, "charge": 91})
    assert settlement.left == 108


def test_a_receipt_adds_up_its_attempts():
    failed = AttemptReport("failed", 5, Counts({1: 1}), 2, 0, 0, {"kind": "index", "line": 9})
    done = AttemptReport("done", 20, Counts({0: 2}, {3: [1, 0, 7]}), 4, 3, 2)
    receipt = phase_receipt(Phase(1, 0, "reduce"), "failed", [done, failed])
    assert receipt == {
        "step": 0,
        "phase": "reduce",
        "blocks": {"0": 2, "1": 1},
        "units": {"3": [1, 0, 7]},
        "charge": 25,
        "records_in": 6,
        "records_out": 3,
        "groups_in": 2,
        "tasks": 2,
        "end": "failed",
        "error": {"kind": "index", "line": 9},
    }


def test_a_cancelled_phase_has_no_error_even_if_a_task_had_failed():
    failed = AttemptReport("failed", 5, Counts({1: 1}), 2, 0, 0, {"kind": "index", "line": 9})
    receipt = phase_receipt(Phase(1, 0, "reduce"), "cancelled", [failed])
    assert (receipt["end"], receipt["error"], receipt["charge"]) == ("cancelled", None, 5)


def test_a_report_is_read_as_it_was_written():
    report = AttemptReport("done", 20, Counts({0: 2}, {3: [1, 0, 7]}), 4, 3, 2, None, {"pieces": []})
    assert AttemptReport.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    "change", [{"end": "well"}, {"used": -1}, {"used": True}, {"counts": {}}, {"output": []}, {"error": "no"}]
)
def test_a_report_that_is_none_is_refused(change):
    with pytest.raises(InvalidDocument):
        AttemptReport.from_json({**AttemptReport("done", 0).to_json(), **change})
