"""Participants, tables, datasets: the rules of who and what takes part."""

import pytest

from totem_chaincode.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.policy import ENFORCED, NOT_ENFORCED
from totem_chaincode.testing import PEOPLE, creator

UTILITY, GRID, ADMIN = PEOPLE["utility"].id, PEOPLE["grid"].id, PEOPLE["admin"].id


def test_a_consortium_is_founded_once_by_a_certificate_of_the_consortium(story, memory):
    with pytest.raises(Forbidden):
        memory.invoke(creator("peter", "StavangerMSP", "consumer"), "participants.found", {"table_approval": "all"})
    story.found()
    with pytest.raises(Conflict, match="founded already"):
        memory.invoke(creator("eve", "EveMSP", "consortium"), "participants.found", {"table_approval": "all"})
    assert story.invoke("paula", "participants.charter", {})["founded_by"] == ADMIN


def test_enrolment_is_of_one_identity_with_one_role(story, memory):
    story.found()
    with pytest.raises(Conflict, match="enrolled already"):
        story.invoke("admin", "participants.enrol", {"participant": UTILITY, "role": "consumer"})
    with pytest.raises(Forbidden) as refused:
        memory.invoke(creator("utility", "UtilityMSP", "consortium"), "participants.list", {})
    assert refused.value.code == "role_mismatch"
    with pytest.raises(Forbidden) as refused:
        memory.invoke(creator("nobody", "UtilityMSP", "provider"), "participants.list", {})
    assert refused.value.code == "not_enrolled"
    with pytest.raises(Forbidden) as refused:
        memory.invoke(creator("a@b", "UtilityMSP", "provider"), "participants.list", {})
    assert refused.value.code == "bad_certificate"


def test_suspension_ends_and_begins_again(story):
    story.found()
    with pytest.raises(Invalid, match="nobody suspends themselves"):
        story.invoke("admin", "participants.suspend", {"participant": ADMIN, "reason": "x"})
    with pytest.raises(Conflict, match="not suspended"):
        story.invoke("admin", "participants.reinstate", {"participant": UTILITY})
    with pytest.raises(NotFound):
        story.invoke("admin", "participants.suspend", {"participant": "no@NoMSP", "reason": "x"})
    story.invoke("admin", "participants.suspend", {"participant": UTILITY, "reason": "unpaid"})
    with pytest.raises(Conflict, match="suspended already"):
        story.invoke("admin", "participants.suspend", {"participant": UTILITY, "reason": "x"})
    with pytest.raises(Forbidden, match="unpaid"):
        story.invoke("utility", "participants.get", {})
    story.invoke("admin", "participants.reinstate", {"participant": UTILITY})
    assert story.invoke("utility", "participants.get", {})["state"] == "active"


def test_participants_are_listed_by_role_and_in_pages(story):
    story.found()
    providers = story.invoke("peter", "participants.list", {"role": "provider"})["participants"]
    assert [item["participant"] for item in providers] == sorted([UTILITY, GRID])
    seen, bookmark = [], ""
    while True:
        page = story.invoke("peter", "participants.list", {"limit": 2, "bookmark": bookmark})
        seen += [item["participant"] for item in page["participants"]]
        bookmark = page["bookmark"]
        if not bookmark:
            break
    assert seen == sorted(person.id for person in PEOPLE.values())
    with pytest.raises(Invalid, match="bookmark"):
        story.invoke("peter", "participants.list", {"bookmark": "bm90IG9uZQ=="})


@pytest.mark.parametrize(("rule", "enough"), [("all", 3), ("majority", 2)])
def test_a_table_is_activated_when_the_charter_says_so(story, rule, enough):
    story.found(rule)
    story.invoke("admin", "participants.enrol", {"participant": "third@ThirdMSP", "role": "provider"})
    story.people = {**PEOPLE, "third": type(PEOPLE["grid"])("third", "ThirdMSP", "provider")}
    table_id = story.invoke("admin", "tables.propose", {"document": {"name": "t"}})["table_id"]
    memory_people = ["utility", "grid"]
    for number, provider in enumerate(memory_people, 1):
        with pytest.raises(Refused) as refused:
            story.invoke("admin", "tables.activate", {"table_id": table_id})
        assert refused.value.code == "approvals"
        assert len(refused.value.details["approved"]) == number - 1
        story.invoke(provider, "tables.approve", {"table_id": table_id})
    if enough == 3:
        with pytest.raises(Refused, match="2 of 3 have approved"):
            story.invoke("admin", "tables.activate", {"table_id": table_id})
        # A suspended provider has no say.
        story.invoke("admin", "participants.suspend", {"participant": "third@ThirdMSP", "reason": "x"})
    assert story.invoke("admin", "tables.activate", {"table_id": table_id})["state"] == "active"
    assert story.invoke("peter", "tables.get", {})["table_id"] == table_id


def test_tables_are_approved_once_and_their_states_go_one_way(story):
    story.found()
    first = story.agree_on_table()
    with pytest.raises(Conflict, match="proposed already"):
        story.invoke("grid", "tables.propose", {"document": {"name": "toy", "weights": {"read": 1}}})
    with pytest.raises(Conflict, match="is active"):
        story.invoke("grid", "tables.approve", {"table_id": first})
    with pytest.raises(Conflict, match="is the default"):
        story.invoke("admin", "tables.retire", {"table_id": first})
    second = story.agree_on_table({"name": "newer"})
    assert story.invoke("admin", "tables.retire", {"table_id": first})["state"] == "retired"
    with pytest.raises(Conflict, match="is retired"):
        story.invoke("admin", "tables.activate", {"table_id": first})
    states = {
        item["name"]: (item["state"], item["default"]) for item in story.invoke("peter", "tables.list", {})["tables"]
    }
    assert states == {"toy": ("retired", False), "newer": ("active", True)}
    third = story.invoke("utility", "tables.propose", {"document": {"name": "third"}})["table_id"]
    story.invoke("utility", "tables.approve", {"table_id": third})
    with pytest.raises(Conflict, match="has approved"):
        story.invoke("utility", "tables.approve", {"table_id": third})
    assert second == story.invoke("peter", "tables.get", {})["table_id"]


def test_a_job_names_only_active_tables(story):
    access = story.ready()
    table_id = story.invoke("utility", "tables.propose", {"document": {"name": "cheap"}})["table_id"]
    with pytest.raises(Refused, match="is proposed, not active"):
        story.submit(access, table_id=table_id)
    with pytest.raises(NotFound):
        story.submit(access, table_id="0" * 64)


def test_a_dataset_is_published_revised_and_withdrawn(story):
    access = story.ready(hidden_columns=["kwh"])
    with pytest.raises(Conflict, match="taken"):
        story.publish("homes", "grid")
    story.invoke("utility", "datasets.revise", {"dataset_id": "homes", **story.metadata(max_groups=7)})
    current = story.invoke("paula", "datasets.get", {"dataset_id": "homes"})
    earlier = story.invoke("paula", "datasets.get", {"dataset_id": "homes", "version": 1})
    assert (current["version"], current["policy"]["max_groups"]) == (2, 7)
    assert (earlier["version"], earlier["policy"]["hidden_columns"], earlier["current_version"]) == (1, ["kwh"], 2)
    story.invoke("utility", "datasets.withdraw", {"dataset_id": "homes", "reason": "sold"})
    for attempt in (
        lambda: story.submit(access),
        lambda: story.invoke("paula", "access.request", {"dataset_id": "homes", "purpose": "x"}),
    ):
        with pytest.raises(Refused, match="withdrawn: sold"):
            attempt()
    assert story.invoke("paula", "datasets.list", {"provider": UTILITY})["datasets"][0]["state"] == "withdrawn"
    story.invoke("utility", "datasets.revise", {"dataset_id": "homes", **story.metadata()})
    story.submit(access)


@pytest.mark.parametrize("field", sorted(NOT_ENFORCED))
def test_a_policy_field_that_nothing_enforces_is_refused_by_name(story, field):
    story.found()
    with pytest.raises(Refused, match=f"policy.{field}: nothing enforces it yet") as refused:
        story.publish("homes", **{field: 3})
    assert refused.value.code == "unenforced_policy"


def test_a_policy_is_checked_and_filled_in(story):
    story.found()
    for policy, message in (
        ({"precheck": "maybe"}, "policy.precheck"),
        ({"max_groups": 0}, "policy.max_groups"),
        ({"colour": 1}, "unknown field 'colour'"),
        ({"hidden_columns": ["a", "a"]}, "twice"),
    ):
        with pytest.raises(Invalid, match=message):
            story.publish("homes", **policy)
    with pytest.raises(Refused, match="hidden column 'home'"):
        story.publish("homes", hidden_columns=["home"])
    story.publish("homes")
    assert set(story.invoke("paula", "datasets.get", {"dataset_id": "homes"})["policy"]) == set(ENFORCED)
