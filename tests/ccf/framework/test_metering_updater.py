"""The updater against a manager that is there at once: leases, audit mode, and what a bad lease leads to."""

import pytest

from totem_ccf.metering import messages as m
from totem_ccf.metering.audit import AuditTrail, ChargeItem, ChargePricer
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.lease_size import LeasePolicy
from totem_ccf.metering.manager import Manager, MeterViolation
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.updater import Fenced, Updater
from totem_sdk.cost import Counts
from totem_sdk.errors import InternalError
from totem_sdk.interpreter import run_map_task, run_reduce_task
from totem_sdk.task import OutOfTotem

ID = AttemptId(0, 0, 1)


class Direct:
    """A manager without a network."""

    def __init__(self, spec, escrow, policy):
        self.asked = []
        self.manager = Manager(escrow, spec.priced.program.phases, spec.priced.total, policy)
        self.manager.handle(m.OpenPhase(0, 1))
        self.manager.handle(m.StartAttempt(ID, "token"))

    def ask(self, ask, charge, items):
        self.asked.append((ask, charge, items))
        return self.manager.handle(ask).actions[0]

    def finish(self, finish):
        return self.manager.handle(finish).actions[0]


def clock(times):
    return iter(times).__next__


def run_map(spec, port, items=None):
    updater = Updater(ID, "token", port, clock(range(0, 10**9, 1000)), items=items)
    rows = [(None, cid, bill) for cid, bill in ((1, 100.0), (2, 200.0), (3, 150.0), (2, 100.0), (3, 50.0), (2, 100.0))]
    return updater, run_map_task(spec.priced, 0, rows, {}, updater)[1]


def test_a_task_on_leases_uses_what_it_costs(jobs):
    spec = jobs.paper1()
    port = Direct(spec, 198, LeasePolicy(first=40))
    updater, result = run_map(spec, port)
    assert (result.end, result.used) == ("done", 90)
    assert 1 < len(port.asked) < 6
    updater.finish(AttemptReport.of(result, {"pieces": []}))
    assert port.manager.balance() == m.Balance(90, 108)


def test_in_audit_mode_every_charge_is_asked_for_with_its_opcodes(jobs):
    spec = jobs.paper1()
    port = Direct(spec, 198, LeasePolicy(audit=True))
    _, result = run_map(spec, port, ChargePricer(spec.priced))
    assert result.used == 90
    assert [(ask.cost, charge) for ask, charge, _ in port.asked] == [(15, 0)] * 6
    row = (ChargeItem("read", "date", 1, 3), ChargeItem("read", "float", 1, 8), ChargeItem("read", "int", 1, 4))
    assert {item for _, _, items in port.asked for item in items if item.totem} == set(row)


def test_an_attempt_halts_before_the_charge_that_it_can_not_pay(jobs):
    spec = jobs.paper1()
    port = Direct(spec, 44, LeasePolicy())
    updater, result = run_map(spec, port)
    assert (result.end, result.used, updater.stopped) == ("out_of_totem", 30, "out_of_totem")
    updater.finish(AttemptReport.of(result, {"pieces": []}))
    assert port.manager.books.closed.receipt["charge"] == 30


def test_a_fenced_attempt_is_dropped(jobs):
    spec = jobs.paper1()
    port = Direct(spec, 198, LeasePolicy(first=20))
    updater = Updater(ID, "token", port, clock(range(100)))
    assert updater.more(15, 0, 0) >= 15
    port.manager.handle(m.Lost(ID))
    with pytest.raises(Fenced):
        updater.more(15, 15, 0)
    with pytest.raises(Fenced):
        updater.finish(AttemptReport("done", 15, Counts({0: 1})))


def test_another_token_gets_nothing(jobs):
    spec = jobs.paper1()
    port = Direct(spec, 198, LeasePolicy())
    with pytest.raises(Fenced):
        Updater(ID, "guessed", port, clock(range(100))).more(15, 0, 0)
    assert port.manager.balance() == m.Balance(0, 198)


def test_a_lease_that_is_too_small_is_a_violation(jobs):
    class Stingy:
        def ask(self, ask, charge, items):
            return m.Grant(ask.id, ask.seq, 3)

    with pytest.raises(MeterViolation, match="needs 15 more totem and was granted 3"):
        Updater(ID, "token", Stingy(), clock(range(100))).more(15, 0, 0)


def test_a_cancelled_attempt_says_out_of_totem_to_its_executor(jobs):
    spec = jobs.paper1()
    port = Direct(spec, 198, LeasePolicy(audit=True))
    updater = Updater(ID, "token", port, clock(range(100)))
    assert updater.more(15, 0, 0) == 15
    port.manager.handle(m.Cancel())
    with pytest.raises(OutOfTotem):
        updater.more(15, 15, 0)
    updater.finish(AttemptReport("stopped", 15, Counts({0: 1})))
    assert port.manager.books.closed.receipt["end"] == "cancelled"
    assert port.manager.books.closed.receipt["charge"] == 15


BAD = {
    "more used than held": m.Ask(ID, "token", 1, 99, 15),
    "a charge of nothing": m.Ask(ID, "token", 1, 0, 0),
    "a request out of order": m.Ask(ID, "token", 2, 0, 15),
    "counts that do not come to what was used": m.Finish(ID, "token", AttemptReport("done", 0, Counts({0: 1}))),
    "more than was granted": m.Finish(ID, "token", AttemptReport("done", 15, Counts({0: 1}))),
    "out of totem without having been told": m.Finish(ID, "token", AttemptReport("out_of_totem", 0)),
    "stopped without having been told": m.Finish(ID, "token", AttemptReport("stopped", 0)),
    "a phase that is not next": m.OpenPhase(1, 1),
    "a phase of another size": m.OpenPhase(0, 2),
}


@pytest.mark.parametrize("event", BAD.values(), ids=BAD.keys())
def test_what_no_honest_process_says_is_refused_and_changes_nothing(jobs, event):
    port = Direct(jobs.paper1(), 198, LeasePolicy())
    with pytest.raises(MeterViolation):
        port.manager.handle(event)
    assert port.manager.balance() == m.Balance(0, 198)
    assert port.manager.handle(m.Ask(ID, "token", 1, 0, 15)).actions[0].held >= 15


def test_a_request_that_is_repeated_gets_the_same_lease(jobs):
    port = Direct(jobs.paper1(), 198, LeasePolicy())
    first = port.manager.handle(m.Ask(ID, "token", 1, 0, 15))
    again = port.manager.handle(m.Ask(ID, "token", 1, 0, 15))
    assert again.records == []
    assert again.actions == first.actions


class TestAuditTrail:
    def test_reports_that_fit_the_counts_pass(self, jobs):
        spec = jobs.paper1()
        trail = AuditTrail(spec.priced)
        for seq in (1, 2, 2):
            trail.add(seq, 0, 15)
        trail.check(Counts({0: 2}))

    @pytest.mark.parametrize("counts", [Counts({0: 1}), Counts({0: 3}), Counts({0: 2}, {0: [1, 2, 0]})])
    def test_reports_that_do_not_fit_are_found(self, jobs, counts):
        spec = jobs.paper1()
        trail = AuditTrail(spec.priced)
        trail.add(1, 0, 15)
        trail.add(2, 0, 15)
        with pytest.raises(InternalError, match="audit"):
            trail.check(counts)


def test_the_opcodes_of_a_fold_are_taken_apart(jobs):
    spec = jobs.paper1()
    paid = []

    class Noting:
        def more(self, need, used, charge):
            paid.append((charge, need))
            return need

    run_reduce_task(spec.priced, 0, [(2, [200.0, 100.0, 100.0])], {}, Noting())
    pricer = ChargePricer(spec.priced)
    assert [pricer(charge, cost) for charge, cost in paid] == [
        (ChargeItem("emit", "float", 1, 0), ChargeItem("emit", "int", 1, 0), ChargeItem("read", "int", 1, 4)),
        (ChargeItem("read", "float", 3, 24), ChargeItem("add", "float", 2, 32)),
    ]
