"""State of an earlier format: nobody works on it, the consortium brings it forward page by page, nothing is lost."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaincode.older_format import MARKS, NEWER, OLDER, newer, older
from totem_chaincode import canonical
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Conflict, Forbidden
from totem_chaincode.formats import Formats, Migration
from totem_chaincode.stub import split_composite_key
from totem_chaincode.testing import PEOPLE, MemoryLedger, Story, ToyEvaluator, creator

LATER = Migration("the charter has a motto", {"charter": lambda _, record: {**record, "motto": "x"}})


def made(chaincode):
    """A ledger and its story, with a job that runs and one that has ended."""
    memory = MemoryLedger(chaincode)
    story = story_of(memory)
    access = story.ready()
    for amount in range(1, 8):
        story.fund("paula", amount)
        story.invoke("paula", "accounts.request", {"amount": amount, "reason": "x"})
    ended, running = story.submit(access), story.submit(access)
    for job_id in (ended, running):
        story.accept(job_id)
        story.settle(job_id, 0, 5)
    story.settle(ended, 1, 5)
    story.complete(ended)
    return memory, story, running


def story_of(memory):
    def invoke(person, function, args, transient=None):
        who = PEOPLE[person]
        return memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    return Story(invoke)


def migrate(story, limit=200):
    answers = [story.invoke("admin", "consortium.migrate", {"limit": limit})]
    while not answers[-1]["done"]:
        answers.append(story.invoke("admin", "consortium.migrate", {"limit": limit}))
    return answers


def records(memory, kind):
    found = {}
    for key, (value, _) in memory.state.rows.items():
        name, parts = split_composite_key(key)
        if name == kind:
            found[parts] = canonical.decode(value)
    return found


def code_of(run):
    with pytest.raises(Conflict) as refused:
        run()
    return refused.value.code


def test_older_records_are_brought_forward_and_a_running_job_goes_on():
    memory, story, running = made(older())
    entries, before = records(memory, "entry"), story.audit()
    there = sum(len(records(memory, kind)) for kind in MARKS.kinds)
    memory.chaincode = newer()
    answers = migrate(story, 5)
    assert sum(answer["changed"] for answer in answers) == there > len(entries)
    assert records(memory, "entry") == {parts: {**entry, "format": 2} for parts, entry in entries.items()}
    assert [record["format"] for record in records(memory, "dataset_version").values()] == [2]
    assert records(memory, "totem_request") == records(memory, "totem_request_of") == {}
    assert story.audit() == before
    story.settle(running, 1, 5)
    story.complete(running)
    assert story.audit()["balanced"]
    assert code_of(lambda: story.invoke("admin", "consortium.migrate", {})) == "newest_format"


def test_nobody_works_on_older_or_half_migrated_records():
    memory, story, running = made(older())
    memory.chaincode = newer()
    before = dict(memory.state.rows)
    calls = [
        lambda: story.available("peter"),
        lambda: story.fund("peter", 1),
        lambda: story.settle(running, 1, 5),
        lambda: story.invoke("peter", "jobs.cancel", {"job_id": running}),
        lambda: story.invoke("admin", "participants.suspend", {"participant": PEOPLE["paula"].id, "reason": "x"}),
    ]
    assert {code_of(call) for call in calls} == {"old_format"}
    assert memory.state.rows == before
    said = story.invoke("peter", "consortium.format", {})
    assert said == {"version": 1, "needed": 2, "migrating": None, "remaining": [MARKS.title]}
    assert not story.invoke("admin", "consortium.migrate", {"limit": 1})["done"]
    assert {code_of(call) for call in calls} == {"migrating"}
    # The contracts that wrote them don't touch them again either.
    memory.chaincode = older()
    assert {code_of(call) for call in calls} == {"migrating"}
    memory.chaincode = newer()
    migrate(story)
    assert story.invoke("peter", "consortium.format", {})["remaining"] == []
    memory.chaincode = older()
    assert {code_of(call) for call in calls} == {"new_format"}
    assert code_of(lambda: story.invoke("admin", "consortium.migrate", {})) == "newest_format"


@pytest.mark.parametrize("person", ["utility", "peter"])
def test_only_the_consortium_migrates(person):
    memory, story, _ = made(older())
    memory.chaincode = newer()
    before = dict(memory.state.rows)
    with pytest.raises(Forbidden):
        story.invoke(person, "consortium.migrate", {})
    stranger = creator("mallory", "MalloryMSP", "consortium")
    with pytest.raises(Forbidden, match="not enrolled"):
        memory.invoke(stranger, "consortium.migrate", {})
    assert memory.state.rows == before


def test_a_suspended_member_does_not_migrate():
    memory, story, _ = made(older())
    story.invoke("admin", "participants.enrol", {"participant": "deputy@ConsortiumMSP", "role": "consortium"})
    deputy = creator("deputy", "ConsortiumMSP", "consortium")
    memory.invoke(deputy, "participants.suspend", {"participant": PEOPLE["admin"].id, "reason": "left"})
    memory.chaincode = newer()
    with pytest.raises(Forbidden, match="is suspended"):
        story.invoke("admin", "consortium.migrate", {})


def test_what_was_endorsed_before_the_upgrade_is_void_after_its_first_page():
    memory, story, _ = made(older())
    peter = creator("peter", PEOPLE["peter"].msp_id, "consumer")
    early = memory.simulate(peter, "accounts.request", {"amount": 5, "reason": "x"})
    memory.chaincode = newer()
    story.invoke("admin", "consortium.migrate", {"limit": 1})
    assert memory.commit(early) == "MVCC_READ_CONFLICT"


def test_a_new_ledger_begins_in_the_newest_format():
    _, story, _ = made(newer())
    assert story.invoke("peter", "consortium.format", {})["version"] == 2
    assert code_of(lambda: story.invoke("admin", "consortium.migrate", {})) == "newest_format"


def test_several_formats_are_gone_through_in_order():
    memory, story, _ = made(older())
    memory.chaincode = Chaincode(ToyEvaluator(), Formats([MARKS, LATER]))
    answers = migrate(story)
    assert [answer["version"] for answer in answers] == [1, 1, 1, 2, 3]
    assert records(memory, "charter")[()]["motto"] == "x"
    assert {entry["format"] for entry in records(memory, "entry").values()} == {2}


def test_a_page_ends_before_it_is_too_large_for_a_transaction(monkeypatch):
    memory, story, _ = made(older())
    memory.chaincode = newer()
    monkeypatch.setattr("totem_chaincode.contracts.consortium._PAGE_BYTES", 1)
    answers = migrate(story, 1_000)
    assert {answer["records"] for answer in answers} == {1}


@pytest.fixture(scope="module")
def older_state():
    return made(older())[0].state


@pytest.mark.slow
@given(limits=st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_pages_of_any_size_give_the_same_state(older_state, limits):
    found = []
    for sizes in (limits, [1_000]):
        memory = MemoryLedger(newer())
        memory.state = copy.deepcopy(older_state)
        story, turn = story_of(memory), 0
        while not story.invoke("admin", "consortium.migrate", {"limit": sizes[turn % len(sizes)]})["done"]:
            turn += 1
        found.append({key: value for key, (value, _) in memory.state.rows.items()})
    assert found[0] == found[1]


def test_a_migration_without_kinds_or_of_the_formats_own_record_is_our_mistake():
    for kinds in ({}, {"format": lambda _, record: record}):
        with pytest.raises(ValueError, match="names no kind"):
            Formats([Migration("x", kinds)])
    assert (OLDER.newest, NEWER.newest) == (1, 2)
