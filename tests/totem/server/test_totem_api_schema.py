"""The API against its own description: generated requests, no server error, every answer as documented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from totem.api import catalogue, jobs, ledger
from totem.api.app import create_app
from totem.api.serve import api_of
from totem.services.consumer import Consumer, Submission

load_all_checks()

# A generated request may well name what isn't there, so that not every valid one is accepted.
LEFT_OUT = CHECKS.get_by_names(["positive_data_acceptance"])

OPERATIONS = [(path, method) for path, methods in create_app(None).openapi()["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def api(home, job_source):
    alice = Consumer(home.session("alice"))
    alice.request_access("bills", "tests")
    alice.submit(Submission(source=job_source, filename="job.py", datasets=["bills"], totem=20_000))
    return schemathesis.openapi.from_asgi("/v1/openapi.json", api_of(home))


@pytest.fixture(scope="module")
def headers(home):
    return {"Authorization": f"Bearer {home.tokens.issue('alice')[0]}"}


def test_every_route_is_described():
    routes = {
        (route.path, method.lower())
        for part in (catalogue, jobs, ledger)
        for route in part.router.routes
        for method in route.methods
    }
    assert len(routes) > 15
    assert set(OPERATIONS) == routes | {("/v1/health", "get")}


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_described(api, headers, path, method):
    @settings(
        max_examples=40,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=api[path][method.upper()].as_strategy())
    def check(case):
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    check()
