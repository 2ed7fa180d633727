"""What a consumer does: look for data, ask for access, price a job, submit it, follow it, fetch bill and result."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from totem.near import meant
from totem.services.combining import choose_combining, providers_of
from totem.services.errors import BadInput, Missing, NotAllowed
from totem.services.lines import ResultLines
from totem.services.session import Record, Session
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.job_states import ENDED as _ENDED
from totem_sdk.errors import InternalError
from totem_sdk.program import Program
from totem_sdk.types import Type

__all__ = ["ENDED", "Consumer", "Result", "Submission"]

ENDED = frozenset(_ENDED)
"""The states in which a job is over."""

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Submission:
    """A job to be priced or submitted.

    ``datasets`` are ids in the order of the plan; ``params`` texts or JSON scalars without floats (a float is given
    as its text); ``table`` the id of an active table (None: the default). ``request_key`` makes a repetition of the
    same submission the same job.

    Where the datasets are of several providers it becomes a joint job: ``combining`` (``name@msp``; None: the first
    listed one that may) combines their partial groups, ``at_least`` so many of them must deliver (None: all), within
    ``parts_seconds`` (None: half of the deadline's).
    """

    source: str
    filename: str
    datasets: Sequence[str]
    params: Mapping[str, Any] = field(default_factory=dict)
    table: str | None = None
    totem: int = 0
    deadline_seconds: int | None = None
    request_key: str | None = None
    combining: str | None = None
    at_least: int | None = None
    parts_seconds: int | None = None

    def program(self) -> dict[str, Any]:
        """Return the arguments that say what runs."""
        return {
            "source": self.source,
            "filename": _plain_name(self.filename),
            "params": {name: _ledger_value(value) for name, value in self.params.items()} or None,
            "table_id": self.table,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A job's result: the canonical JSON lines as they were delivered; ``partial`` where it ran out of totem.

    ``content`` goes through them in bounded memory, however many there are; ``lines`` are all of them at once.
    ``missing`` are the providers of a joint job whose data are not in it.
    """

    content: ResultLines
    partial: bool
    missing: tuple[str, ...] = ()

    @property
    def lines(self) -> bytes:
        """All lines, in memory."""
        return b"".join(self.content)

    @property
    def sha256(self) -> str:
        """sha256 of the lines, in hexadecimal."""
        return self.content.sha256()

    def pairs(self) -> list[list[Any]]:
        """Return the [key, value] pairs in plan order."""
        return [[key, value] for key, value in self.content.pairs()]


class Consumer:
    """One consumer at the ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def session(self) -> Session:
        """The identity that this consumer acts with."""
        return self._session

    def datasets(self, provider: str | None = None) -> list[Record]:
        """Return the catalogue, all of it or one provider's, without schemas and statistics."""
        return list(self._session.pages("datasets.list", "datasets", provider=provider))

    def dataset(self, dataset_id: str, version: int | None = None) -> Record:
        """Return a dataset's metadata: schema, statistics, policy, digests.

        Raises:
            Missing: there is none of this id; the hint names those that are like it.
        """
        try:
            return self._session.query("datasets.get", dataset_id=dataset_id, version=version)
        except Missing as error:
            known = [str(item["dataset_id"]) for item in self.datasets()] if error.code == "not_found" else []
            question = meant(dataset_id, known) if dataset_id not in known else ""
            hint = f"{question} `totem dataset list` shows them" if question else error.hint
            raise Missing(error.message, code=error.code, hint=hint, details=error.details) from error

    def request_access(self, dataset_id: str, purpose: str) -> Record:
        """Ask for access to a dataset; the purpose can be read by everybody on the ledger."""
        # Only an automatic approval uses the key; a provider who approves by hand makes its own.
        approval = self.dataset(dataset_id)["policy"]["approval"]
        transient = {"access_key": secrets.token_hex(_SECRET_BYTES)} if approval == "auto" else None
        return self._session.submit("access.request", transient=transient, dataset_id=dataset_id, purpose=purpose)

    def access(self, state: str | None = None) -> list[Record]:
        """Return the caller's requests and grants with what is left of their quotas, newest first."""
        return list(self._session.pages("access.list", "access", state=state))

    def access_record(self, access_id: str) -> Record:
        """Return one request or grant, with what is left of its quota."""
        return self._session.query("access.get", access_id=access_id)

    def balance(self) -> Record:
        """Return what the account can spend and what open jobs have reserved."""
        return self._session.query("accounts.balance")

    def request_totem(self, amount: int, reason: str) -> Record:
        """Ask the consortium for totem."""
        return self._session.submit("accounts.request", amount=amount, reason=reason)

    def estimate(self, submission: Submission) -> Record:
        """Run the whole pre-check without submitting: program id, estimate, what the policy asks for.

        Over datasets of several providers the answer has ``parts`` as well: what the job costs at each provider and
        where the partial groups are combined.
        """
        datasets = [{"dataset_id": dataset_id} for dataset_id in submission.datasets]
        combining = self._combining(submission)
        if combining is None:
            return self._session.query("jobs.estimate", datasets=datasets, **submission.program())
        return self._session.query("joint.estimate", datasets=datasets, combining=combining, **submission.program())

    def submit(self, submission: Submission) -> Record:
        """Submit a job under the caller's grants; its totem goes into escrow.

        Over datasets of several providers it is a joint job: each of them runs a part, one combines what comes out.

        Raises:
            ProgramRefused: program, price or balance do not allow it; nothing has changed.
            Missing: there is no such dataset.
            NotAllowed: there is no grant for some of the datasets, or (code ``combining``) nobody may combine.
            BadInput: something is said about several providers, but there is one.
        """
        repeats = submission.request_key is not None
        combining = self._combining(submission)
        grants = self._grants(submission.datasets, repeats=repeats)
        keys = {
            grant["access_id"]: self._session.query("access.key", access_id=grant["access_id"])["access_key"]
            for grant in grants.values()
        }
        asked = {
            "datasets": [
                {"dataset_id": dataset_id, "access_id": grants[dataset_id]["access_id"]}
                for dataset_id in submission.datasets
            ],
            "totem": submission.totem,
            "deadline_seconds": submission.deadline_seconds,
            "request_key": submission.request_key,
            **submission.program(),
        }
        if combining is None:
            transient = {"access_keys": keys, "code": secrets.token_hex(_SECRET_BYTES)}
            return self._session.submit("jobs.submit", transient=transient, **asked)
        # A code for each data part, and one for the combining part: its provider may have both.
        holders = [*dict.fromkeys(str(grant["provider"]) for grant in grants.values()), "combining"]
        codes = {holder: secrets.token_hex(_SECRET_BYTES) for holder in holders}
        return self._session.submit(
            "joint.submit",
            transient={"access_keys": keys, "codes": codes},
            combining=combining,
            at_least=submission.at_least,
            parts_seconds=submission.parts_seconds,
            **asked,
        )

    def jobs(self, state: str | None = None) -> list[Record]:
        """Return the caller's jobs, newest first."""
        return list(self._session.pages("jobs.list", "jobs", state=state))

    def job(self, job_id: str) -> Record:
        """Return a job with what it has used and its settled phases."""
        return self._session.query("jobs.get", job_id=job_id)

    def cancel(self, job_id: str) -> Record:
        """Cancel a job: before it is accepted it costs nothing, later what its live attempts have used."""
        return self._session.submit("jobs.cancel", job_id=job_id)

    def expire(self, job_id: str) -> Record:
        """End an open job whose deadline has passed.

        One that was accepted pays what is settled, until an hour after the deadline; else everything is returned.

        Raises:
            ProgramRefused: code ``deadline``: it has not passed, or a finished job may still be delivered.
            InTheWay: the job has ended.
        """
        return self._session.submit("jobs.expire", job_id=job_id)

    def bill(self, job_id: str) -> Record:
        """Return the itemised bill of the phases settled so far, recomputed from their receipts."""
        return self._session.query("results.bill", job_id=job_id)

    def result(self, job_id: str, store: str | None = None) -> Result:
        """Return what the job has delivered, checked against the salted hash on the ledger.

        A large one is fetched from its provider's result store and opened with the caller's key; ``store`` is that
        store's URL where it is not the one on the ledger. It stays there until it is purged or expires.

        Raises:
            Missing: it has delivered nothing (yet), the result is purged, or (code ``ciphertext_missing``) the store
                does not have it.
            NotAllowed: code ``sealed_key``: it is sealed to another key of the caller.
            ProviderSide: the store can't be reached, or has something else.
        """
        found = self._session.query("results.get", job_id=job_id)
        if found["sealed"] is not None:
            from totem.services.opening import open_sealed  # noqa: PLC0415  # brings cryptography and HTTP

            plain = open_sealed(self._session.gateway.identity, job_id, found, store=store)
            return Result(ResultLines(plain), found["partial"], tuple(found.get("missing", ())))
        lines = found["result"].encode()
        if salted_hash(found["salt"], lines) != found["hash"]:
            raise InternalError(f"the result of {job_id} does not have the hash that is on the ledger")
        return Result(ResultLines.of(lines), found["partial"], tuple(found.get("missing", ())))

    def purge(self, job_id: str) -> Record:
        """Delete a job's result for good, from the ledger and from its provider's store; its hash stays.

        Raises:
            Missing: there is none.
            InTheWay: it is purged already.
        """
        return self._session.submit("results.purge", job_id=job_id)

    def result_types(self, job_id: str) -> tuple[Type, Type]:
        """Return the types of a job's result: key and value."""
        program = self._session.query("jobs.source", job_id=job_id)["program"]
        return Program.decode(program.encode()).steps[-1].result

    def _combining(self, submission: Submission) -> str | None:
        """Return who combines the partial groups of a job, or None where it is one provider's.

        Raises:
            NotAllowed: code ``combining``: nobody may.
            BadInput: something is said about several providers, but there is one.
        """
        asked = {
            "combining": submission.combining,
            "at_least": submission.at_least,
            "parts_seconds": submission.parts_seconds,
        }
        if len(submission.datasets) > 1:
            found = [self.dataset(dataset_id) for dataset_id in submission.datasets]
            if len(providers_of(found)) > 1:
                return submission.combining or choose_combining(found)
        if said := [name for name, value in asked.items() if value is not None]:
            raise BadInput(
                f"{said[0]}: all datasets are one provider's: nothing is combined",
                code="one_provider",
                hint="name datasets of several providers, or leave it out",
            )
        return None

    def _grants(self, datasets: Sequence[str], *, repeats: bool) -> dict[str, Record]:
        """Return the newest valid grant of each dataset; where a submission may be a repetition, else the newest.

        Whether there is an earlier submission is for the contract to say, which refuses a new one under an old grant.

        Raises:
            Missing: there is no such dataset.
            NotAllowed: some have none; the message names all of them.
        """
        now = time.time() * 1_000
        mine = self.access()
        grants, missing, waiting = {}, [], []
        for dataset_id in dict.fromkeys(datasets):
            of_it = [item for item in mine if item["dataset_id"] == dataset_id]
            answered = [item for item in of_it if item["state"] in ("granted", "revoked")]
            valid = [item for item in answered if item["state"] == "granted" and item["expires_at"] > now]
            if found := valid or (answered if repeats else []):
                grants[dataset_id] = found[0]
            elif any(item["state"] == "requested" for item in of_it):
                waiting.append(dataset_id)
            else:
                self.dataset(dataset_id)  # nobody can be asked for what there is not
                missing.append(dataset_id)
        if missing or waiting:
            raise _not_granted(self._session.participant, missing, waiting)
        return grants


def _not_granted(participant: str, missing: Sequence[str], waiting: Sequence[str]) -> NotAllowed:
    """Return what to say where some datasets are not granted; of those ``waiting`` the request is not answered yet."""
    text = f"there is no valid grant of {', '.join([*missing, *waiting])} to {participant}"
    if waiting:
        text += f": the request for {', '.join(waiting)} is not answered yet"
    commands = [f"`totem access request {dataset_id} --purpose TEXT`" for dataset_id in missing]
    hint = (
        f"ask for access: {', '.join(commands)}"
        if commands
        else "the provider answers it; `totem access list` shows when"
    )
    return NotAllowed(text, code="grant", hint=hint)


def _ledger_value(value: Any) -> Any:
    """Return a parameter without floats, which the ledger does not take: as the shortest text that reads back."""
    return repr(value) if isinstance(value, float) else value


def _plain_name(filename: str) -> str:
    """Return a file name as the ledger takes it: no folders, no characters that need quoting."""
    name = re.sub(r"[^\w.-]", "_", PurePath(filename).name)
    if not name:
        raise BadInput("a job needs a file name", code="bad-filename")
    return name[-128:] if len(name.encode()) <= 128 else "job.py"
