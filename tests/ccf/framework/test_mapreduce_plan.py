"""From steps to tasks: what each reads and writes."""

import pytest

from totem_ccf.mapreduce.planner import Plan, TaskSpec
from totem_sdk.errors import InternalError


def output(task, partitions):
    return {"pieces": [{"of": task, "partition": partition} for partition in partitions]}


@pytest.fixture
def plan(jobs):
    spec = jobs.three_steps(3, 5)
    return Plan(spec.priced.program, spec.fragments)


def test_phases_and_their_numbers_of_tasks(plan):
    assert [(phase.step, phase.kind) for phase in plan.phases] == [
        (0, "map"),
        (0, "reduce"),
        (1, "map"),
        (2, "map"),
        (2, "reduce"),
    ]
    counts = []
    for phase in plan.phases:
        counts.append(plan.tasks(phase.index, counts[-1] if counts else 0))
    assert counts == [3, 16, 16, 16, 16]


def test_the_first_maps_read_the_fragments_and_write_partitions(plan):
    task = plan.task(0, 2, [])
    assert (task.kind, task.fragment, task.pieces, task.partitions) == ("map", plan.fragments[2], [], 16)


def test_a_reduce_reads_its_partition_of_every_map_in_order(plan):
    outputs = [output(0, [4, 9]), output(1, [9]), output(2, [4])]
    task = plan.task(1, 4, outputs)
    assert (task.kind, task.fragment, task.partitions) == ("reduce", None, 0)
    assert [piece["of"] for piece in task.pieces] == [0, 2]
    assert plan.task(1, 5, outputs).pieces == []


def test_a_later_map_reads_what_one_task_has_written(plan):
    outputs = [output(task, [0, 0]) for task in range(16)]
    task = plan.task(2, 7, outputs)
    assert (task.kind, task.partitions) == ("map", 0)
    assert [piece["of"] for piece in task.pieces] == [7, 7]
    assert plan.task(3, 7, outputs).partitions == 16


def test_a_task_is_read_as_it_was_written(plan):
    task = plan.task(1, 4, [output(0, [4])])
    assert TaskSpec.from_json(task.to_json()) == task


def test_a_data_part_has_the_first_phase_and_a_combining_part_the_others(plan):
    data = Plan(plan.program, plan.fragments, "data")
    assert (list(plan.run), list(data.run)) == ([0, 1, 2, 3, 4], [0])
    assert data.task(0, 1, []) == plan.task(0, 1, [])
    theirs = [output("a", [4, 4]), output("b", []), output("c", [4])]
    combine = Plan(plan.program, (), "combine", theirs)
    assert list(combine.run) == [1, 2, 3, 4]
    assert combine.tasks(1, 0) == 16
    assert [piece["of"] for piece in combine.task(1, 4, []).pieces] == ["a", "a", "c"]
    assert [piece["of"] for piece in combine.task(2, 7, [output(t, [0]) for t in range(16)]).pieces] == [7]


@pytest.mark.parametrize(
    ("part", "fragments", "entering"), [("combine", True, True), ("combine", False, False), ("data", True, True)]
)
def test_a_part_reads_either_fragments_or_partial_groups(plan, part, fragments, entering):
    with pytest.raises(InternalError):
        Plan(plan.program, plan.fragments if fragments else (), part, [output("a", [])] if entering else ())


def test_a_job_without_fragments_is_none(plan):
    with pytest.raises(InternalError, match="at least one fragment"):
        Plan(plan.program, [])
