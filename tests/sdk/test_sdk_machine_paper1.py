"""Paper I, section 4.4: the published example on the reference interpreter."""

from __future__ import annotations

import itertools

import pytest

from totem_sdk.interpreter import Charge, Machine


def bill_of(run):
    return {(row.phase, row.opcode, row.type): (row.count, row.totem) for row in run.bill}


def test_it_costs_198(paper1, bills):
    run = Machine(paper1, {}).run_job([bills], 198)
    assert (run.state, run.used, run.returned, run.partial) == ("completed", 198, 0, False)
    assert sorted(run.result) == [(1, 100.0), (2, 400.0), (3, 200.0)]
    assert [(phase.phase, phase.charge) for phase in run.phases] == [("map", 90), ("reduce", 108)]


def test_the_bill_is_the_published_one(paper1, bills):
    assert bill_of(Machine(paper1, {}).run_job([bills], 500)) == {
        ("map", "read", "date"): (6, 18),
        ("map", "read", "int"): (6, 24),
        ("map", "read", "float"): (6, 48),
        ("map", "emit", "int"): (6, 0),
        ("map", "emit", "float"): (6, 0),
        ("reduce", "read", "int"): (3, 12),
        ("reduce", "read", "float"): (6, 48),
        ("reduce", "add", "float"): (3, 48),
        ("reduce", "emit", "int"): (3, 0),
        ("reduce", "emit", "float"): (3, 0),
    }


@pytest.mark.parametrize("cuts", [(1,), (2, 3), (1, 2, 3, 4, 5), (0, 6)])
def test_the_cut_into_map_tasks_changes_nothing(paper1, bills, cuts):
    edges = (0, *cuts, len(bills))
    fragments = [bills[a:b] for a, b in itertools.pairwise(edges)]
    whole, cut = (Machine(paper1, {}).run_job(f, 500) for f in ([bills], fragments))
    assert (cut.used, cut.result, cut.bill) == (whole.used, whole.result, whole.bill)


def test_with_197_it_halts_before_the_last_fold_and_delivers_the_finished_groups(paper1, bills):
    run = Machine(paper1, {}).run_job([bills], 197)
    # The partitions put customer 2 last: its key (4) is paid, its fold (3 reads of 8, 2 additions of 16) is not.
    assert (run.state, run.used, run.returned) == ("out_of_totem", 198 - 56, 55)
    assert (run.result, run.partial) == ([(1, 100.0), (3, 200.0)], True)


def test_every_smaller_escrow_halts_at_the_first_charge_that_does_not_fit(paper1, bills):
    charges: list[Charge] = []
    Machine(paper1, {}, audit=charges.append).run_job([bills], 198)
    assert sum(charge.totem for charge in charges) == 198
    for escrow in range(198):
        paid = 0
        for charge in charges:
            if paid + charge.totem > escrow:
                break
            paid += charge.totem
        run = Machine(paper1, {}).run_job([bills], escrow, precheck=False)
        assert (run.state, run.used, run.returned) == ("out_of_totem", paid, escrow - paid)
        assert run.partial == (escrow >= 90)


def test_a_charge_says_what_it_is_for(paper1, bills):
    charges: list[Charge] = []
    Machine(paper1, {}, audit=charges.append).run_job([bills[:1]], 198)
    assert charges == [
        Charge(0, 15, {("read", "date"): (1, 3), ("read", "int"): (1, 4), ("read", "float"): (1, 8),
                       ("emit", "int"): (1, 0), ("emit", "float"): (1, 0)}),
        Charge(1, 4, {("read", "int"): (1, 4), ("emit", "int"): (1, 0), ("emit", "float"): (1, 0)}),
        Charge(-1, 8, {("read", "float"): (1, 8)}),
    ]  # fmt: skip
