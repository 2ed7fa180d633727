"""Jobs over several providers over the REST API: what a consumer's program sees of their parts."""

import json

import pytest
from fastapi.testclient import TestClient
from joint_home import HOURS, JointHome

from totem.api.serve import api_of
from totem.services.provider import Provider


@pytest.fixture
def joint(tmp_path):
    made = JointHome(tmp_path)
    yield made
    made.home.consortium.close()


@pytest.fixture
def client(joint):
    with TestClient(api_of(joint.home)) as made:
        made.headers["Authorization"] = f"Bearer {joint.home.tokens.issue('alice')[0]}"
        yield made


def asked(joint, **more):
    return {"source": HOURS, "datasets": list(joint.providers), **more}


def test_an_estimate_says_what_each_part_costs(client, joint):
    found = client.post("/v1/estimates", json=asked(joint, combining="east@EastMSP")).json()
    parts = [(part["part"], part["provider"]) for part in found["parts"]]
    assert parts == [*(("data", f"{name}@{name.title()}MSP") for name in joint.providers), ("combine", "east@EastMSP")]
    for bound in ("lower", "upper"):
        assert sum(part["estimate"][bound] for part in found["parts"]) == found["estimate"][bound]
    alone = client.post("/v1/estimates", json={"source": HOURS, "datasets": ["whole"]}).json()
    assert (alone["parts"], alone["needs"]) == ([], found["needs"])


@pytest.mark.slow
def test_what_is_not_allowed_is_a_problem_with_its_code(client, joint):
    def told(**more):
        answer = client.post("/v1/jobs", json={"totem": 1_000_000, **asked(joint), **more})
        return answer.status_code, answer.json()["code"]

    assert told(combining="peter@PeterMSP") == (404, "not_found")
    assert told(combining="nobody") == (422, "invalid_request")
    assert told(at_least=4) == (422, "invalid")
    assert told(at_least=2, datasets=["north"]) == (422, "one_provider")
    assert told(parts_seconds=3_600, deadline_seconds=60) == (422, "invalid")


@pytest.mark.slow
def test_a_job_with_its_parts_from_submission_to_result(client, joint, engine):
    submitted = client.post("/v1/jobs", json=asked(joint, totem=1_000_000, at_least=2))
    assert submitted.status_code == 202
    summary = submitted.json()
    assert (summary["provider"], summary["combining"], summary["at_least"]) == ("north@NorthMSP", "north@NorthMSP", 2)
    place = submitted.headers["location"]
    Provider(joint.home.session("south")).decline(f"{summary['job_id']}-2", "no")
    with joint.serving(engine):
        joint.until_ended(summary["job_id"])
    job = client.get(place).json()
    assert (job["state"], job["missing"]) == ("completed", ["south@SouthMSP"])
    states = [(part["part"], part["state"]) for part in job["parts"]]
    assert states == [("data", "completed"), ("data", "declined"), ("data", "completed"), ("combine", "completed")]
    assert job["paid"] == sum(part["paid"] for part in job["parts"])
    assert [item["job_id"] for item in client.get("/v1/jobs").json()["jobs"]] == [summary["job_id"]]
    result = client.get(f"{place}/result")
    assert result.headers["totem-missing"] == "south@SouthMSP"
    assert len([json.loads(line) for line in result.text.splitlines()]) == 6
    bill = client.get(f"{place}/bill").json()
    assert [(part["provider"], part["used"]) for part in bill["parts"]] == [
        (part["provider"], part["used"]) for part in job["parts"]
    ]
    assert bill["used"] == sum(row["totem"] for part in bill["parts"] for row in part["bill"])
    # A stream of an ended job tells its end, parts and all.
    assert '"missing": ["south@SouthMSP"]' in client.get(f"{place}/events").text


@pytest.mark.slow
def test_a_job_at_one_provider_names_no_parts(client, joint, engine):
    submitted = client.post("/v1/jobs", json={"source": HOURS, "datasets": ["whole"], "totem": 1_000_000}).json()
    with joint.serving(engine):
        joint.until_ended(submitted["job_id"])
    job = client.get(f"/v1/jobs/{submitted['job_id']}").json()
    assert (job["parts"], job["missing"], job["combining"]) == ([], [], None)
    assert "totem-missing" not in client.get(f"/v1/jobs/{submitted['job_id']}/result").headers
