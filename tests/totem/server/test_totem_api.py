"""The REST API: what a consumer can do over HTTP, and what nobody can.

One file of over 400 lines, because its tests share one application with its people and tokens.
"""

import asyncio
import json
import logging

import httpx
import pytest

from totem import logs
from totem.api.limits import MAX_BODY_BYTES
from totem.api.serve import api_of
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem_sdk.errors import Refused
from totem_sdk.lang import CODES, compile_job
from totem_sdk.limits import SOURCE_BYTES
from totem_sdk.schema import Column, Schema
from totem_sdk.types import FLOAT, INT

PROBLEM = "application/problem+json"


class Client:
    """Calls the application without a socket, one request after the other."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def request(self, method, path, **options):
        async def call():
            async with httpx.AsyncClient(transport=self._transport, base_url="http://totem") as client:
                return await client.request(method, path, **options)

        return asyncio.run(call())

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)


@pytest.fixture(scope="module")
def client(home):
    return Client(api_of(home))


@pytest.fixture(scope="module")
def alice(home):
    return {"Authorization": f"Bearer {home.tokens.issue('alice')[0]}"}


@pytest.fixture(scope="module")
def bob(home):
    return {"Authorization": f"Bearer {home.tokens.issue('bob')[0]}"}


@pytest.fixture(scope="module")
def granted(client, alice):
    answer = client.post("/v1/access-requests", headers=alice, json={"dataset_id": "bills", "purpose": "tests"})
    assert answer.status_code == 201
    return answer.json()


def is_problem(answer, status, code=None):
    document = answer.json()
    assert answer.status_code == document["status"] == status, document
    assert answer.headers["content-type"] == PROBLEM
    assert document["type"].startswith("urn:totem:problem:")
    assert document["title"]
    assert document["detail"]
    assert code is None or document["code"] == code
    return document


def test_health_needs_no_token(client):
    assert client.get("/v1/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}]
)
@pytest.mark.parametrize("path", ["/v1/datasets", "/v1/jobs", "/v1/ledger/blocks", "/v1/account"])
def test_without_a_valid_token_there_is_nothing(client, path, headers):
    answer = client.get(path, headers=headers)
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_token_is_worthless_at_once(client, home):
    token, described = home.tokens.issue("alice")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/account", headers=headers).status_code == 200
    home.tokens.revoke(described.token_id)
    is_problem(client.get("/v1/account", headers=headers), 401)


def test_a_token_of_a_provider_is_refused(client, home):
    headers = {"Authorization": f"Bearer {home.tokens.issue('north')[0]}"}
    is_problem(client.get("/v1/datasets", headers=headers), 403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/v1/nothing", 404), ("delete", "/v1/datasets", 405), ("get", "/", 404)]
)
def test_wrong_paths_and_methods_are_problems(client, alice, method, path, status):
    is_problem(client.request(method, path, headers=alice), status)


def test_invalid_requests_are_problems_that_repeat_nothing(client, alice):
    body = {"dataset_id": "NOT A NAME", "purpose": "secret-purpose " * 100}
    document = is_problem(client.post("/v1/access-requests", headers=alice, json=body), 422, "invalid_request")
    assert {error["place"] for error in document["errors"]} == {"body.dataset_id", "body.purpose"}
    assert "secret-purpose" not in json.dumps(document)
    is_problem(client.post("/v1/jobs", headers=alice, content=b"{"), 422, "invalid_request")
    is_problem(client.get("/v1/datasets?limit=0", headers=alice), 422)
    is_problem(client.get("/v1/datasets?bookmark=abcd", headers=alice), 422)
    is_problem(client.get("/v1/jobs/job-1", headers=alice), 422)


def post_text(client, headers, path, text):
    return client.post(path, headers={**headers, "Content-Type": "application/json"}, content=text)


@pytest.mark.parametrize(
    ("path", "field", "body"),
    [
        ("/v1/account/requests", "amount", '{"reason": "tests", "amount": %s}'),
        ("/v1/jobs", "totem", '{"source": "x", "datasets": ["bills"], "totem": %s}'),
        ("/v1/jobs", "deadline_seconds", '{"source": "x", "datasets": ["bills"], "totem": 1, "deadline_seconds": %s}'),
    ],
)
def test_an_amount_is_an_integer_and_nothing_else(client, alice, path, field, body):
    for amount in ("true", "1e3", "1000.0", '"5"', "null", "[5]", "0.5", "-1", "1" * 20):
        document = is_problem(post_text(client, alice, path, body % amount), 422, "invalid_request")
        assert [error["place"] for error in document["errors"]] == [f"body.{field}"], amount
    is_problem(post_text(client, alice, path, body % ("1" * 5_000)), 400)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "\xff", "\ud800"])
def test_a_body_that_cannot_be_read_is_a_problem(client, alice, text):
    answer = post_text(
        client, alice, "/v1/jobs", text.encode("latin-1" if text == "\xff" else "utf-8", "surrogatepass")
    )
    is_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    ("path", "field", "body"),
    [
        ("/v1/access-requests", "purpose", {"dataset_id": "bills"}),
        ("/v1/account/requests", "reason", {"amount": 5}),
    ],
)
def test_free_text_has_no_control_characters(client, alice, path, field, body):
    for character in "\0\n\x1b\x7f\x9b\u2028\u202e\u2066\ud800":
        text = json.dumps({**body, field: f"for {character} tests"})
        document = is_problem(post_text(client, alice, path, text), 422, "invalid_request")
        assert [error["place"] for error in document["errors"]] == [f"body.{field}"], repr(character)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400, "[1]", "null", "{}"])
def test_parameters_that_are_no_values_are_refused(client, alice, job_source, value):
    body = json.dumps({"source": job_source, "datasets": ["bills"]})[:-1] + ', "params": {"least": %s}}'
    is_problem(post_text(client, alice, "/v1/estimates", body % value), 422)


def test_what_is_not_there(client, alice):
    is_problem(client.get("/v1/datasets/nothing", headers=alice), 404)
    is_problem(client.get("/v1/jobs/job-00000000000000000000", headers=alice), 404)
    is_problem(client.get("/v1/jobs/job-00000000000000000000/events", headers=alice), 404)
    is_problem(client.get(f"/v1/tables/{'0' * 64}", headers=alice), 404)
    is_problem(client.get("/v1/ledger/blocks/9007199254740991", headers=alice), 404)


def test_a_body_that_is_too_large_is_refused(client, alice):
    body = b'{"source": "' + b"x" * MAX_BODY_BYTES + b'"}'
    is_problem(client.post("/v1/jobs", headers=alice, content=body), 413)

    async def pieces():  # no length is announced
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    is_problem(client.post("/v1/jobs", headers=alice, content=pieces()), 413)


def test_the_catalogue(client, alice):
    page = client.get("/v1/datasets", headers=alice).json()
    assert [item["dataset_id"] for item in page["datasets"]] == ["bills"]
    found = client.get("/v1/datasets/bills", headers=alice).json()
    assert found["schema"] == [
        {"name": "date", "type": "date"},
        {"name": "cid", "type": "int"},
        {"name": "bill", "type": "float"},
    ]
    assert found["statistics"]["rows"] == 6
    tables = client.get("/v1/tables", headers=alice).json()["tables"]
    default = next(item for item in tables if item["default"])
    assert client.get(f"/v1/tables/{default['table_id']}", headers=alice).json()["document"]["name"] == default["name"]


def test_an_estimate_and_a_refused_program(client, alice, job_source):
    body = {"source": job_source, "datasets": ["bills"]}
    found = client.post("/v1/estimates", headers=alice, json=body).json()
    assert 0 < found["estimate"]["lower"] <= found["estimate"]["expected"] <= found["estimate"]["upper"]
    answer = client.post("/v1/estimates", headers=alice, json={**body, "source": "import numpy\n"})
    document = is_problem(answer, 422)
    assert document["refusals"][0]["line"] == 1


def padded(source, size):
    """Return the source with a comment that makes it so many bytes of UTF-8."""
    left = size - len(source.encode()) - len("# \n")
    return f"{source}# {'ä' * (left // 2)}{'x' * (left % 2)}\n"


def test_the_ledger_takes_what_the_compiler_takes(client, alice, job_source, tmp_path):
    """One limit for both, and one code for what is larger."""
    body = {"source": padded(job_source, SOURCE_BYTES), "datasets": ["bills"]}
    assert len(body["source"].encode()) == SOURCE_BYTES
    compile_job(body["source"], Schema([Column("cid", INT), Column("bill", FLOAT)]))
    assert client.post("/v1/estimates", headers=alice, json=body).status_code == 200
    body["source"] = padded(job_source, SOURCE_BYTES + 1)
    with pytest.raises(Refused, match="too-large"):
        compile_job(body["source"], Schema([Column("cid", INT), Column("bill", FLOAT)]))
    document = is_problem(client.post("/v1/estimates", headers=alice, json=body), 422, "too-large")
    assert document["hint"] == CODES["too-large"].hint


@pytest.fixture
def run_all(home, serve):
    return lambda: serve(home)


@pytest.mark.usefixtures("granted")
def test_a_job_over_http(client, alice, bob, job_source, run_all):
    body = {"source": job_source, "datasets": ["bills"], "totem": 20_000}
    answer = client.post("/v1/jobs", headers={**alice, "Idempotency-Key": "first"}, json=body)
    assert answer.status_code == 202
    job_id = answer.json()["job_id"]
    assert answer.headers["location"] == f"/v1/jobs/{job_id}"
    again = client.post("/v1/jobs", headers={**alice, "Idempotency-Key": "first"}, json=body)
    assert again.json()["job_id"] == job_id
    changed = client.post("/v1/jobs", headers={**alice, "Idempotency-Key": "first"}, json={**body, "totem": 1_000})
    is_problem(changed, 409, "request_key")
    is_problem(client.get(f"/v1/jobs/{job_id}/result", headers=alice), 404, "no_result")
    run_all()
    job = client.get(f"/v1/jobs/{job_id}", headers=alice).json()
    assert job["state"] == "completed"
    assert job["used"] == job["paid"] == job["escrow"] - job["returned"]
    bill = client.get(f"/v1/jobs/{job_id}/bill", headers=alice).json()
    assert sum(row["totem"] for row in bill["bill"]) == job["used"]
    result = client.get(f"/v1/jobs/{job_id}/result", headers=alice)
    assert sorted(json.loads(line) for line in result.text.splitlines()) == [[1, 100.5], [2, 400.375], [3, 200.0]]
    assert result.headers["totem-partial"] == "false"
    for what in ("", "/bill", "/result", "/events"):
        is_problem(client.get(f"/v1/jobs/{job_id}{what}", headers=bob), 403)
    is_problem(client.post(f"/v1/jobs/{job_id}/cancel", headers=bob), 403)
    is_problem(client.post(f"/v1/jobs/{job_id}/cancel", headers=alice), 409, "job_state")
    assert [item["job_id"] for item in client.get("/v1/jobs", headers=alice).json()["jobs"]] == [job_id]
    assert client.get("/v1/jobs", headers=bob).json()["jobs"] == []


def test_events_tell_every_change_and_end_with_the_job(client, alice, granted, job_source):
    body = {"source": job_source, "datasets": ["bills"], "totem": 20_000}
    job_id = client.post("/v1/jobs", headers=alice, json=body).json()["job_id"]
    assert client.post(f"/v1/jobs/{job_id}/cancel", headers=alice).json()["state"] == "cancelled"
    stream = client.get(f"/v1/jobs/{job_id}/events", headers=alice)
    lines = [line for line in stream.text.splitlines() if line.startswith("data:")]
    assert [json.loads(line.removeprefix("data:"))["state"] for line in lines] == ["cancelled"]


def data_of(stream):
    return [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data:")]


def ids_of(stream):
    return [line.removeprefix("id: ") for line in stream.splitlines() if line.startswith("id:")]


@pytest.mark.usefixtures("granted")
def test_a_reader_that_comes_back_is_told_what_has_changed_since(client, alice, job_source, monkeypatch):
    body = {"source": job_source, "datasets": ["bills"], "totem": 20_000}
    events = f"/v1/jobs/{client.post('/v1/jobs', headers=alice, json=body).json()['job_id']}/events"
    read = Consumer.job

    def read_and_cancel(self, job_id):
        found = read(self, job_id)
        if found["state"] == "submitted":
            self.cancel(job_id)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Consumer, "job", read_and_cancel)
        first, last = ids_of(client.get(events, headers=alice).text)
    again = client.get(events, headers={**alice, "Last-Event-ID": first})
    assert ids_of(again.text) == [last]
    assert json.loads(data_of(again.text)[0])["state"] == "cancelled"
    for nonsense in ("0", "nonsense", "f" * 16):
        assert ids_of(client.get(events, headers={**alice, "Last-Event-ID": nonsense}).text) == [last]
    done = client.get(events, headers={**alice, "Last-Event-ID": last})
    assert (done.status_code, done.content) == (204, b"")


def test_parameters_may_be_floats(client, alice):
    source = (
        "from totem_sdk import Param, TotemJob\n\n\nclass Large(TotemJob):\n    least: float = Param(1.0, help='x')\n\n"
        "    def mapper(self, _, row):\n        if row.bill >= self.least:\n            yield row.cid, row.bill\n"
    )
    body = {"source": source, "datasets": ["bills"], "params": {"least": 150.5}}
    found = client.post("/v1/estimates", headers=alice, json=body).json()
    assert found["params"] == [{"name": "least", "type": "float", "value": "150.5"}]


def test_the_ledger(client, alice):
    page = client.get("/v1/ledger/blocks?limit=3", headers=alice).json()
    assert [block["number"] for block in page["blocks"]] == [page["height"] - 1, page["height"] - 2, page["height"] - 3]
    assert page["blocks"][0]["previous"] == page["blocks"][1]["hash"]
    assert client.get("/v1/ledger/blocks/0", headers=alice).json()["number"] == 0
    last = page["blocks"][-1]["number"]
    older = client.get(f"/v1/ledger/blocks?limit=2&before={last}", headers=alice).json()["blocks"]
    assert [block["number"] for block in older] == [last - 1, last - 2]
    assert client.get(f"/v1/ledger/blocks?before={page['height']}&limit=3", headers=alice).json() == page


@pytest.mark.parametrize("before", [-5, 10**9, 10**30])
def test_a_page_that_no_list_gave_is_refused(client, alice, before):
    is_problem(client.get(f"/v1/ledger/blocks?before={before}", headers=alice), 422)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/v1/ledger/blocks?bookmark=-5", "only before, limit"),
        ("/v1/datasets?limits=3", "only limit, bookmark"),
        ("/v1/datasets/bills?v=1", "only version"),
        ("/v1/account?x=SECRETVALUE", "none"),
    ],
)
def test_a_parameter_that_is_not_there_is_refused(client, alice, path, there):
    answer = client.get(path, headers=alice)
    assert there in is_problem(answer, 422, "invalid_request")["detail"]
    assert "SECRETVALUE" not in answer.text
    is_problem(client.get(path), 401)


PATHS = {"dataset_id": "bills", "table_id": "0" * 64, "number": "0"}
SAMPLES = {
    "/v1/access-requests": {"dataset_id": "bills", "purpose": "tests"},
    "/v1/account/requests": {"amount": 1, "reason": "tests"},
    "/v1/estimates": {"source": "x", "datasets": ["bills"]},
    "/v1/jobs": {"source": "x", "datasets": ["bills"], "totem": 1},
}


def locked_out(fresh, how):
    if how == "suspended":
        Consortium(fresh.session("admin")).suspend("alice@AliceMSP", "for the test")
    else:
        fresh.consortium.revoke("alice")


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [("suspended", "suspended"), ("revoked", "proposal_revoked")])
def test_who_is_locked_out_gets_nothing_anywhere(fresh, job_source, how, code):
    app = api_of(fresh)
    client, headers = Client(app), {"Authorization": f"Bearer {fresh.tokens.issue('alice')[0]}"}
    consumer = Consumer(fresh.session("alice"))
    access_id = consumer.request_access("bills", "tests")["access_id"]
    job_id = consumer.submit(Submission(source=job_source, filename="j.py", datasets=["bills"], totem=9_000))["job_id"]
    stream = client.get("/v1/ledger/blocks", headers=headers)
    assert stream.status_code == 200
    locked_out(fresh, how)
    tried = 0
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            if path != "/v1/health":
                names = {**PATHS, "job_id": job_id, "access_id": access_id}
                answer = client.request(method, path.format(**names), headers=headers, json=SAMPLES.get(path))
                is_problem(answer, 403, code)
                tried += 1
    assert tried > 15


@pytest.mark.slow
def test_a_stream_ends_when_its_reader_is_locked_out(fresh, job_source, monkeypatch):
    client, headers = Client(api_of(fresh)), {"Authorization": f"Bearer {fresh.tokens.issue('alice')[0]}"}
    consumer = Consumer(fresh.session("alice"))
    consumer.request_access("bills", "tests")
    job_id = consumer.submit(Submission(source=job_source, filename="j.py", datasets=["bills"], totem=9_000))["job_id"]
    read = Consumer.job

    def read_once(self, job_id):
        found = read(self, job_id)
        locked_out(fresh, "suspended")
        return found

    monkeypatch.setattr(Consumer, "job", read_once)
    text = client.get(f"/v1/jobs/{job_id}/events", headers=headers).text
    events = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event:")]
    assert events == ["job", "problem"]
    assert json.loads(data_of(text)[-1])["code"] == "suspended"


def test_the_account(client, alice, bob):
    assert client.get("/v1/account", headers=bob).json() == {"account": "bob@BobMSP", "available": 0, "reserved": 0}
    entries = client.get("/v1/account/statement", headers=alice).json()["entries"]
    assert {entry["account"] for entry in entries} == {"alice@AliceMSP"}
    asked = client.post("/v1/account/requests", headers=bob, json={"amount": 5, "reason": "to begin"})
    assert (asked.status_code, asked.json()["state"]) == (201, "open")


def test_an_unexpected_error_tells_nothing(home, alice, monkeypatch, capsys):
    logs.configure("info")
    monkeypatch.setattr("totem.services.consumer.Consumer.balance", lambda self: 1 / 0)
    document = is_problem(Client(api_of(home)).get("/v1/account", headers=alice), 500, "internal_error")
    assert "division" not in json.dumps(document)
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    assert alice["Authorization"].removeprefix("Bearer ") not in logged
    logs.configure("warning")
    logging.getLogger().handlers.clear()


def test_a_body_that_is_not_said_to_be_json_is_answered_with_the_header(client, alice):
    headers = {**alice, "Content-Type": "application/x-www-form-urlencoded"}
    problem = client.post("/v1/jobs", headers=headers, content=b'{"source": ""}').json()
    assert (problem["status"], problem["hint"]) == (422, "send the header Content-Type: application/json")
    assert "hint" not in client.post("/v1/jobs", headers=alice, json={"source": ""}).json()
