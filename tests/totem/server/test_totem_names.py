"""Names that nobody has, or several have: refused where they would be kept or sent, with who may have been meant."""

import json

import pytest
from joint_home import HOURS, JointHome

from totem.services.consortium import Consortium


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joint")
    made = JointHome(folder, rows=3)
    (folder / "job.py").write_text(HOURS)
    made.job = folder / "job.py"
    yield made
    made.home.consortium.close()


@pytest.fixture
def totem(joint):
    return joint.tell


@pytest.mark.slow
def test_whoever_is_to_combine_must_be_a_provider(totem, joint):
    words = ["job", "submit", joint.job, "north", "south", "--totem", "1,000,000", "--combine-at"]
    for name, message, hint in (
        ("souht", "no provider is called 'souht'", "did you mean 'south'?"),
        ("souht@SouthMSP", "no provider is called 'souht@SouthMSP'", "did you mean 'south@SouthMSP'?"),
        ("nowhere", "no provider is called 'nowhere'", "`totem admin participants --role provider` lists them"),
        ("alice", "alice@AliceMSP is a consumer, not a provider", "`totem admin participants --role provider`"),
    ):
        said = totem(*words, name, status=2).stderr
        assert f"error: {message}" in said
        assert hint in said
    assert "did you mean" not in totem(*words, "nowhere", status=2).stderr
    assert totem("job", "list", "--json").stdout == "[]\n"


def test_a_name_that_several_have_is_answered_with_all_of_them(totem, joint):
    for msp_id in ("EastMSP", "WestMSP"):
        Consortium(joint.home.session("admin")).enrol(f"grid@{msp_id}", "provider")
    Consortium(joint.home.session("admin")).enrol("grid@SouthMSP", "consumer")
    words = ["job", "estimate", joint.job, "north", "south", "--combine-at", "grid"]
    said = totem(*words, status=2).stderr
    assert "several providers are called 'grid': grid@EastMSP, grid@WestMSP\n" in said
    assert "NAME@MSP" in said
    said = totem("admin", "suspend", "grid", "--reason", "x", who="admin", status=2).stderr
    assert "several participants are called 'grid': grid@EastMSP, grid@SouthMSP, grid@WestMSP" in said


def test_a_policy_keeps_no_name_that_is_nobody_s(totem, joint):
    def publish(*names, status=0):
        words = [word for name in names for word in ("--combining", name)]
        return totem(
            *("provider", "publish", "more", joint.files["north"], *words, "--dry-run", "--json"),
            who="north",
            status=status,
        )

    refused = json.loads(publish("south", "souht", status=2).stdout)["error"]
    assert (refused["code"], refused["message"]) == ("unknown-participant", "no provider is called 'souht'")
    assert "did you mean 'south'?" in refused["hint"]
    assert "is a consumer, not a provider" in publish("alice@AliceMSP", status=2).stdout
    later = publish("south", "souht@SouthMSP")  # who is enrolled later can be named, in full
    assert json.loads(later.stdout)["policy"]["combining_providers"] == ["souht@SouthMSP", "south@SouthMSP"]
    assert "souht@SouthMSP: nobody of this name is enrolled yet" in later.stderr
    assert "did you mean 'south@SouthMSP'?" in later.stderr
    assert publish("south@SouthMSP", "any", status=2)
    assert publish("south", "east").stderr == ""


def test_totem_is_issued_to_members_only(totem):
    words = ["admin", "issue"]
    said = totem(*words, "allice", 5, "--reason", "x", who="admin", status=2).stderr
    assert "no participant is called 'allice'" in said
    assert "did you mean 'alice'?" in said
    said = totem(*words, "stranger", 5, "--reason", "x", who="admin", status=2).stderr
    assert "did you mean" not in said
    assert "`totem admin enrol stranger --role ROLE`" in said
    assert (
        "no participant is called" in totem(*words, "alice@NorthMSP", 5, "--reason", "x", who="admin", status=2).stderr
    )


def test_a_name_that_only_the_wallet_has_is_found(totem, joint):
    """An identity may be called something else here: `admin join --name`."""
    joint.home.consortium.wallet.put("my-alice", joint.home.consortium.identity("alice"))
    said = totem("admin", "issue", "my-alice", 5, "--reason", "x", who="admin").stdout
    assert "5 totem issued to alice@AliceMSP" in said
    words = ["job", "estimate", joint.job, "north", "south", "--combine-at", "my-alice"]
    assert "alice@AliceMSP is a consumer, not a provider" in totem(*words, status=2).stderr
    joint.home.consortium.wallet.remove("my-alice")


def test_an_organisation_that_is_new_is_told(totem):
    slip = totem("admin", "enrol", "wind@NrothMSP", "--role", "consumer", who="admin")
    assert "NrothMSP is an organisation that was not here yet; did you mean 'NorthMSP' or " in slip.stderr
    assert "not here yet\n" in totem("admin", "enrol", "wave@Moonbase", "--role", "consumer", who="admin").stderr
    assert "not here yet" not in totem("admin", "enrol", "moon@Moonbase", "--role", "consumer", who="admin").stderr
    assert "not here yet" not in totem("admin", "enrol", "carol", "--role", "consumer", who="admin").stderr


def test_the_catalogue_of_one_provider_is_named_like_everybody(totem):
    assert [item["dataset_id"] for item in json.loads(totem("dataset", "list", "--provider", "south", "--json").stdout)]
    assert "did you mean 'south'?" in totem("dataset", "list", "--provider", "souht", status=2).stderr


def test_all_missing_grants_are_named_at_once(totem, joint, tmp_path):
    Consortium(joint.home.session("admin")).issue("alice@AliceMSP", 1, "as alice has some anyway")
    joint.home.enrol("dora", "consumer", by="admin")
    joint.home.session("dora").submit(
        "access.request", dataset_id="east", purpose="x", transient={"access_key": "0" * 64}
    )
    words = ["job", "submit", joint.job, "north", "south", "east", "--totem", "10,000"]
    said = totem(*words, who="dora", status=2).stderr
    assert "there is no valid grant of north, south to dora@DoraMSP\n" in said
    for name in ("north", "south"):
        assert f"`totem access request {name} --purpose TEXT`" in said


@pytest.mark.parametrize("words", [("norht",), ("norht", "south")])
def test_a_dataset_that_is_not_there_is_looked_for_before_its_grant(totem, joint, words):
    said = totem("job", "submit", joint.job, *words, "--totem", "10,000", who="alice", status=2).stderr
    assert "there is no dataset norht\n" in said
    assert "hint: did you mean 'north'? `totem dataset list` shows them\n" in said
    assert "there is no dataset norht" in totem("dataset", "show", "norht", status=2).stderr
    said = totem("job", "submit", joint.job, "zzz", "--totem", "10,000", who="alice", status=2).stderr
    assert "did you mean" not in said
    assert "hint: `totem dataset list`" in said


def test_requests_that_are_not_answered_are_told_from_those_that_were_not_made(totem, joint, tmp_path):
    joint.put(tmp_path, "hand", joint.rows[:3], by="north", approval="manual")
    said = totem("job", "submit", joint.job, "hand", "south", "--totem", "10,000", status=2).stderr
    assert "no valid grant of hand to alice@AliceMSP: the request for hand is not answered yet\n" in said
    assert "hint: the provider answers it; `totem access list` shows when\n" in said
    joint.home.enrol("fred", "consumer", by="admin")
    joint.home.session("fred").submit("access.request", dataset_id="hand", purpose="x")
    said = totem("job", "submit", joint.job, "hand", "south", "--totem", "10,000", who="fred", status=2).stderr
    assert "no valid grant of south, hand to fred@FredMSP: the request for hand is not answered yet" in said
    assert "hint: ask for access: `totem access request south --purpose TEXT`\n" in said


def test_a_list_names_all_providers_of_a_joint_job(totem, joint):
    submit = ["job", "submit", joint.job, "--totem", "1,000,000", "--json"]
    one = json.loads(totem(*submit, "whole").stdout)["job_id"]
    two = json.loads(totem(*submit, "north", "south").stdout)["job_id"]
    third = json.loads(totem(*submit, "north", "south", "--combine-at", "east").stdout)["job_id"]
    rows = {line.split()[0]: line for line in totem("job", "list").stdout.splitlines()}
    assert rows["job"].endswith("providers")
    assert rows[one].endswith("  north@NorthMSP")
    assert rows[two].endswith("  north (combining), south")
    assert rows[third].endswith("  north, south, east (combining)")
    found = {job["job_id"]: job["parties"] for job in json.loads(totem("job", "list", "--json").stdout)}
    assert found == {
        one: [],  # as over the REST API: it is `provider`
        two: ["north@NorthMSP", "south@SouthMSP"],
        third: ["north@NorthMSP", "south@SouthMSP", "east@EastMSP"],
    }


def test_amounts_have_separators_also_where_the_account_is_too_small(totem, joint):
    joint.home.enrol("gina", "consumer", by="admin")
    Consortium(joint.home.session("admin")).issue("gina@GinaMSP", 1_234_567, "to begin with")
    totem("access", "request", "north", "--purpose", "x", who="gina")
    said = totem("job", "submit", joint.job, "north", "--totem", "2,000,000", who="gina", status=2).stderr
    assert "the account holds 1,234,567 totem, 2,000,000 are to be reserved" in said


def test_who_is_not_enrolled_is_told_who_can_help(totem, joint):
    joint.home.consortium.wallet.put("hugo", joint.home.consortium.authority.issue("hugo", "HugoMSP", "consumer"))
    said = totem("dataset", "list", who="hugo", status=2).stderr
    assert "hugo@HugoMSP is not enrolled" in said
    assert "`totem admin enrol hugo@HugoMSP --role consumer`" in said


def test_the_ledger_is_looked_at_in_anybody_s_name(totem):
    assert json.loads(totem("ledger", "verify", "--as", "south", "--json").stdout)["ok"]
    assert totem("ledger", "show", "--as", "alice").stdout == totem("ledger", "show").stdout
    assert totem("ledger", "show", "1", "--as", "alice").stdout
    for words in (["show"], ["verify"]):
        assert "no identity 'nobody'" in totem("ledger", *words, "--as", "nobody", status=2).stderr


def test_the_help_says_when_a_job_expires(totem):
    assert "86400, a day" in " ".join(totem("job", "submit", "--help").stdout.split())
