"""A consortium of three providers whose servers run in threads, for tests of joint jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.consortium import Consortium
from totem.services.consumer import ENDED, Consumer, Submission
from totem.services.home import Home
from totem.services.keeping import ResultKeeper
from totem.services.provider import Provider
from totem.services.publish import prepare, publish
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.server import ProviderServer
from totem_ccf.engines.local import LocalEngine

PROVIDERS = ("north", "south", "east")
TOTEM = 1_000_000_000

HOURS = """from totem_sdk import TotemJob


class Hours(TotemJob):
    def mapper(self, _, row):
        yield row.hour, row.kwh

    def reducer(self, hour, kwh):
        yield hour, sum(kwh)
"""


class JointHome:
    """Three providers with rows of one schema each, and a consumer with grants of all."""

    def __init__(self, folder: Path, providers: Sequence[str] = PROVIDERS, *, rows: int = 30, **policy) -> None:
        self.providers = providers
        self.home = self.founded(folder / "totem")
        self.alice = Consumer(self.home.session("alice"))
        self.rows = [(number % 6, number / 8) for number in range(rows * len(providers))]
        self.files = {}
        for place, name in enumerate(providers):
            share = self.rows[place * rows : (place + 1) * rows]
            self.put(folder, name, share, **policy)
        self.put(folder, "whole", self.rows, by=providers[0], **policy)

    def founded(self, folder: Path) -> Home:
        """Found the consortium in a folder, with totem on the consumer's account."""
        home = Home(folder)
        admin = home.found(providers=self.providers, consumers=["alice"])
        Consortium(admin).issue(home.participant("alice"), TOTEM, "to test with")
        return home

    def put(self, folder: Path, name: str, rows: Sequence[tuple[int, float]], *, by: str | None = None, **policy):
        """Publish rows as the dataset ``name`` of a provider, and get access to it."""
        by = by or name
        self.files[name] = folder / f"{name}.csv"
        self.files[name].write_text("hour,kwh\n" + "".join(f"{hour},{kwh}\n" for hour, kwh in rows))
        kept = {"approval": "auto", "combining_providers": "any", **policy}
        publication = prepare(name, [self.files[name]], policy=kept)
        publish(self.home.session(by), self.home.store(by), publication)
        self.alice.request_access(name, "tests")

    def tell(self, *words, who: str = "alice", status: int = 0) -> Result:
        """Give the ``totem`` command these words in somebody's name; it must end with this status."""
        env = {"TOTEM_HOME": str(self.home.root), "TOTEM_AS": who, "COLUMNS": "200"}
        done = CliRunner().invoke(app, [str(word) for word in words], env=env)
        assert done.exit_code == status, done.output
        return done

    def submit(self, source: str = HOURS, datasets: Sequence[str] | None = None, **more) -> str:
        """Submit a job over all providers' datasets; return its id."""
        submission = Submission(
            source=source, filename="job.py", datasets=datasets or self.providers, **{"totem": 1_000_000, **more}
        )
        return self.alice.submit(submission)["job_id"]

    def server(self, engine: LocalEngine, name: str, *, at_once: int = 2) -> ProviderServer:
        """Return a provider's server."""
        session = self.home.session(name)
        runner = JobRunner(session, self.home.store(name), engine, RunnerOptions(1, "interpreter"))
        keeper = ResultKeeper(runner.purging, time.time)
        return ProviderServer(Provider(session), runner, at_once=at_once, keeper=keeper)

    @contextmanager
    def serving(self, engine: LocalEngine, *names: str, at_once: int = 2) -> Iterator[None]:
        """Run the servers of these providers (default: all) in threads."""
        servers = [self.server(engine, name, at_once=at_once) for name in names or self.providers]
        threads = [threading.Thread(target=server.serve) for server in servers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for server in servers:
                server.stop()
            for thread in threads:
                thread.join(30)

    def until(self, holds: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something holds."""
        clock = threading.Event()
        for _ in range(int(seconds * 10)):
            if holds():
                return
            clock.wait(0.1)
        raise AssertionError(f"it does not hold after {seconds} s")

    def until_ended(self, *job_ids: str, seconds: float = 60) -> list:
        """Wait until jobs have ended and return them."""

        def look():
            return [self.alice.job(job_id) for job_id in job_ids]

        self.until(lambda: all(job["state"] in ENDED for job in look()), seconds)
        return look()

    def cost(self) -> int:
        """Return what the usual job costs at one provider that has all rows; its server must be running."""
        (job,) = self.until_ended(self.submit(datasets=["whole"]))
        return job["paid"]

    def told(self, event: str) -> int:
        """Return how often the ledger has told an event."""
        return sum(found.name == event for found in self.home.consortium.view.events(0))

    def is_sound(self) -> None:
        """Check that no totem is missing, the ledger is whole, and nothing is open any more."""
        audit = Consortium(self.home.session("admin")).audit()
        assert audit["balanced"]
        assert self.alice.balance()["reserved"] == 0
        assert self.home.explorer().verify()["ok"]
        for name in self.providers:
            assert Provider(self.home.session(name)).jobs(open_only=True) == []
