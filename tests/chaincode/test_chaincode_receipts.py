"""A receipt must fit the data: the published rows and fragments, then what the phase before gave, and the estimate."""

import pytest

from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.testing import secret, toy_source

STEPS = ("map", "reduce", "map", "reduce")


def running(story, **more):
    job_id = story.submit(story.ready(), 100, source=toy_source(phases=STEPS, **more))
    story.accept(job_id)
    return job_id


def settle(story, job_id, index, end="done", charge=1, **change):
    before = story.before(job_id, index)
    receipt = story.receipt(index // 2, STEPS[index], charge, end, before=before["receipt"] if before else None)
    args, transient = story.settlement(job_id, index, receipt | change, before=before)
    return story.invoke("utility", "jobs.settle", args, transient)


def refused(story, job_id, index, end="done", **change):
    with pytest.raises(Refused, match="impossible for the data") as found:
        settle(story, job_id, index, end, **change)
    assert found.value.code == "receipt"


def test_the_job_remembers_how_much_data_was_published(story):
    access = story.ready()
    story.publish("more-homes")
    second = story.grant("more-homes")
    args = {
        "source": toy_source(),
        "datasets": [
            {"dataset_id": "homes", "access_id": access[0]},
            {"dataset_id": "more-homes", "access_id": second[0]},
        ],
        "totem": 20,
    }
    keys = {access[0]: access[1], second[0]: second[1]}
    job_id = story.invoke("peter", "jobs.submit", args, {"access_keys": keys, "code": secret()})["job_id"]
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["data"] == {"rows": 12, "fragments": 4}


@pytest.mark.parametrize("change", [{"records_in": 5}, {"records_in": 7}, {"tasks": 1}, {"tasks": 3}])
def test_a_finished_first_phase_has_read_all_rows_and_fragments(story, change):
    job_id = running(story)
    refused(story, job_id, 0, **change)
    assert settle(story, job_id, 0)["continue"]


@pytest.mark.parametrize("change", [{"records_in": 7}, {"tasks": 3}])
def test_an_unfinished_first_phase_has_read_no_more_than_there_is(story, change):
    job_id = running(story)
    refused(story, job_id, 0, "out_of_totem", **change)
    assert settle(story, job_id, 0, "out_of_totem", records_in=2, tasks=1)["reason"] == "out_of_totem"


def test_a_reduce_reads_no_more_than_the_map_gave_in_no_more_tasks_than_partitions(story):
    job_id = running(story)
    settle(story, job_id, 0, records_out=9)
    refused(story, job_id, 1, records_in=10)
    refused(story, job_id, 1, tasks=5)
    assert settle(story, job_id, 1, records_in=8, tasks=4)["continue"]


def test_a_reduce_has_no_more_groups_than_pairs_went_in_though_it_reads_no_values(story):
    job_id = running(story)
    settle(story, job_id, 0, records_out=9)
    for end in ("done", "out_of_totem"):
        refused(story, job_id, 1, end, records_in=0, groups_in=10, tasks=4)
    assert settle(story, job_id, 1, records_in=0, groups_in=9, tasks=4)["continue"]


def test_a_later_map_reads_exactly_what_the_phase_before_gave(story):
    job_id = running(story)
    settle(story, job_id, 0, records_out=9)
    settle(story, job_id, 1, records_out=3, tasks=4)
    for change in ({"records_in": 2}, {"records_in": 4}, {"tasks": 3}, {"tasks": 5}):
        refused(story, job_id, 2, **change)
    refused(story, job_id, 2, "out_of_totem", records_in=4)
    assert settle(story, job_id, 2)["continue"]


def test_a_later_map_that_did_not_finish_may_have_read_less(story):
    job_id = running(story)
    settle(story, job_id, 0)
    settle(story, job_id, 1, records_out=3, tasks=4)
    assert settle(story, job_id, 2, "out_of_totem", records_in=1, tasks=1)["reason"] == "out_of_totem"


def test_what_the_phase_before_gave_is_what_was_settled(story):
    job_id = running(story)
    settle(story, job_id, 0, records_out=2)
    before = story.before(job_id, 1)
    more = {**before, "receipt": before["receipt"] | {"records_out": 50}}
    receipt = story.receipt(0, "reduce", 1, before=more["receipt"])
    for shown, message in ((more, "not the receipt that was settled"), (None, "before: missing")):
        with pytest.raises(Invalid, match=message):
            story.invoke("utility", "jobs.settle", *story.settlement(job_id, 1, receipt, before=shown))


def test_each_charge_stays_within_the_bounds_of_its_phase(story):
    job_id = running(story, bounds=[(4, 20), (0, 10), (0, None), (3, 5)])

    def out_of_bounds(index, charge, message, end="done"):
        with pytest.raises(Refused, match=message) as found:
            settle(story, job_id, index, end, charge=charge)
        assert found.value.code == "bound"
        assert found.value.details["phase_index"] == index

    out_of_bounds(0, 21, "phase 0 can't cost 21 totem: it costs 20 at most")
    out_of_bounds(0, 21, "it costs 20 at most", end="out_of_totem")
    out_of_bounds(0, 3, "phase 0 is done and can't cost 3 totem: it costs 4 at least")
    assert settle(story, job_id, 0, charge=4)["continue"]
    # What the phase before has left of its bound is not this one's.
    out_of_bounds(1, 11, "it costs 10 at most")
    assert settle(story, job_id, 1, charge=10)["continue"]
    assert settle(story, job_id, 2, charge=70)["left"] == 16
    out_of_bounds(3, 2, "it costs 3 at least")
    assert settle(story, job_id, 3, charge=5)["reason"] == "finished"


def test_a_phase_that_did_not_end_may_have_cost_less_than_its_lower_bound(story):
    job_id = running(story, upper=None, bounds=[(4, 20), (0, None), (0, None), (0, None)])
    assert settle(story, job_id, 0, "out_of_totem", charge=0, tasks=1)["reason"] == "out_of_totem"


def test_without_an_upper_bound_the_escrow_is_the_only_one(story):
    job_id = running(story, upper=None)
    assert settle(story, job_id, 0, charge=90)["left"] == 10
