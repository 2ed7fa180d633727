"""A consortium in a folder with a published dataset, for tests of services, commands and the API."""

from pathlib import Path

import pytest

from totem.services.consortium import Consortium
from totem.services.home import Home
from totem.services.provider import Provider
from totem.services.publish import prepare, publish
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.server import ProviderServer
from totem_ccf.engines.local import LocalEngine

BILLS = """date,cid,bill
2019-02-25,1,100.5
2019-02-25,2,200.25
2019-02-25,3,150.0
2019-02-26,2,100.125
2019-02-26,3,50.0
2019-02-27,2,100.0
"""

JOB = """from totem_sdk import TotemJob


class TotalBill(TotemJob):
    def mapper(self, _, row):
        yield row.cid, row.bill

    def reducer(self, cid, bills):
        yield cid, sum(bills)
"""


def make_home(folder: Path, *, totem: int = 1_000_000) -> Home:
    """Found a consortium: providers north and south, consumers alice (with totem) and bob (with none)."""
    home = Home(folder)
    admin = home.found(providers=["north", "south"], consumers=["alice", "bob"])
    if totem:
        Consortium(admin).issue(home.participant("alice"), totem, "to test with")
    return home


def put_bills(home: Home, folder: Path, name: str = "bills", **options) -> Path:
    """Publish the bills as a dataset of north and return their file."""
    file = folder / f"{name}.csv"
    file.write_text(BILLS)
    policy = {"approval": "auto", **options.pop("policy", {})}
    publish(home.session("north"), home.store("north"), prepare(name, [file], policy=policy, **options))
    return file


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """A consortium with the dataset ``bills`` (granted at once), shared by a module's tests."""
    folder = tmp_path_factory.mktemp("home")
    made = make_home(folder / "totem")
    put_bills(made, folder)
    yield made
    made.consortium.close()


@pytest.fixture
def fresh(tmp_path) -> Home:
    """A consortium of a test's own, with the dataset ``bills``."""
    made = make_home(tmp_path / "totem")
    put_bills(made, tmp_path)
    yield made
    made.consortium.close()


@pytest.fixture(scope="session")
def engine() -> LocalEngine:
    """One engine for all tests: its processes take a second to start."""
    with LocalEngine() as made:
        yield made


@pytest.fixture
def serve(engine):
    """Bring all open jobs of a provider to their ends."""

    def run(home: Home, name: str = "north") -> None:
        session = home.session(name)
        runner = JobRunner(session, home.store(name), engine, RunnerOptions(1, "interpreter"))
        ProviderServer(Provider(session), runner).drain()

    return run


@pytest.fixture(scope="module")
def job_source() -> str:
    """A job that adds up the bills of a customer."""
    return JOB
