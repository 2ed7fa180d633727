"""Counts of real runs are possible; counts that somebody has changed are not."""

import pytest

from totem_sdk.flow import ImpossibleCounts, check_receipt


def receipts_of(run):
    return [
        {
            "step": phase.step,
            "phase": phase.phase,
            **phase.counts.to_json(),
            "charge": phase.charge,
            "records_in": phase.records_in,
            "records_out": phase.records_out,
            "groups_in": phase.groups_in,
            "tasks": phase.tasks,
            "end": phase.end,
            "error": None,
        }
        for phase in run.phases
    ]


def test_the_counts_of_a_run_are_possible_wherever_it_stops(corpus_job):
    for part in (1, 4, 8, 11):
        run = corpus_job.machine.run_job(corpus_job.fragments, corpus_job.whole.used * part // 11, precheck=False)
        for receipt in receipts_of(run):
            check_receipt(corpus_job.priced, receipt)


def test_one_entry_more_or_less_is_impossible(corpus_job):
    priced = corpus_job.priced
    for receipt in receipts_of(corpus_job.whole):
        if receipt["end"] != "done":
            continue
        for block, entries in receipt["blocks"].items():
            if int(block) in unconstrained(priced, receipt):
                continue
            for changed in (entries - 1, entries + 1):
                cost = priced.block_cost[int(block)]
                forged = receipt | {
                    "blocks": receipt["blocks"] | {block: changed},
                    "charge": receipt["charge"] + (changed - entries) * cost,
                }
                with pytest.raises(ImpossibleCounts):
                    check_receipt(priced, forged)


def unconstrained(priced, receipt):
    """Give the blocks whose count nothing else fixes: a combiner is called as often as the data have groups."""
    combiner = priced.program.steps[receipt["step"]].combiner
    if combiner is None or receipt["phase"] == "reduce":
        return set()
    return {priced.program.functions[combiner].body[0].id}


def test_a_charge_that_the_counts_do_not_add_up_to_is_impossible(corpus_job):
    priced = corpus_job.priced
    for receipt in receipts_of(corpus_job.whole):
        with pytest.raises(ImpossibleCounts, match="add up"):
            check_receipt(priced, receipt | {"charge": receipt["charge"] + 1})
