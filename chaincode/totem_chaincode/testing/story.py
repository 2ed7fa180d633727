"""A story over the contracts: a consortium, its people, and a job's life in short calls, on any ledger.

``Story`` needs only ``invoke(person, function, args, transient)``: the in-memory ledger and every implementation of
the Ledger port can give it one, so one set of tests runs on all of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from totem_chaincode import canonical
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.contracts.sealed import FORMAT, INLINE_BYTES, key_id, sealed_size
from totem_chaincode.testing.toy import toy_source

__all__ = ["PEOPLE", "PEOPLE_OF_TWO", "Invoke", "Person", "Story", "secret"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a certificate."""

    name: str
    msp_id: str
    role: str

    @property
    def id(self) -> str:
        """The participant's id."""
        return f"{self.name}@{self.msp_id}"


PEOPLE = {
    person.name: person
    for person in (
        Person("admin", "ConsortiumMSP", "consortium"),
        Person("utility", "UtilityMSP", "provider"),
        Person("grid", "GridMSP", "provider"),
        Person("peter", "StavangerMSP", "consumer"),
        Person("paula", "PortoMSP", "consumer"),
    )
}
"""One member of the consortium, two providers, two consumers, each of an organisation of its own."""

PEOPLE_OF_TWO = {
    name: replace(person, msp_id="Org2MSP" if name in ("grid", "peter") else "Org1MSP")
    for name, person in PEOPLE.items()
}
"""The same people in two organisations, as a test network calls them: a provider and a consumer in each."""


class Invoke(Protocol):
    """Runs one transaction to its end."""

    def __call__(
        self, person: str, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the transaction's answer, or raise its ContractError."""


def secret() -> str:
    """Return a new random secret: access key, one-time code or salt."""
    return secrets.token_hex(32)


TABLE = {"name": "toy", "weights": {"read": 1}}


class Story:
    """Short calls for what tests need again and again; each runs real transactions."""

    def __init__(self, invoke: Invoke) -> None:
        self.invoke = invoke
        self.people = PEOPLE

    def found(self, table_approval: str = "all") -> None:
        """Found the consortium and enrol everybody."""
        self.invoke("admin", "participants.found", {"table_approval": table_approval})
        for person in self.people.values():
            if person.name != "admin":
                self.invoke("admin", "participants.enrol", {"participant": person.id, "role": person.role})

    def agree_on_table(self, document: Mapping[str, Any] = TABLE) -> str:
        """Propose a table, have both providers approve it, activate it; return its id."""
        table_id: str = self.invoke("utility", "tables.propose", {"document": document})["table_id"]
        for provider in ("utility", "grid"):
            self.invoke(provider, "tables.approve", {"table_id": table_id})
        self.invoke("admin", "tables.activate", {"table_id": table_id})
        return table_id

    def publish(self, dataset_id: str = "homes", provider: str = "utility", **policy: Any) -> str:
        """Publish a dataset of two fragments."""
        self.invoke(provider, "datasets.publish", {"dataset_id": dataset_id, **self.metadata(**policy)})
        return dataset_id

    @staticmethod
    def metadata(**policy: Any) -> dict[str, Any]:
        """Return what publishing and revising take, with this policy."""
        return {
            "title": "Hourly electricity",
            "schema": [{"name": "home", "type": "int"}, {"name": "kwh", "type": "float"}],
            "statistics": {"rows": 6, "fragments": [3, 3], "columns": {"home": {"distinct": 3}}},
            "fragments": ["ab" * 32, "cd" * 32],
            "policy": policy,
        }

    def fund(self, person: str = "peter", amount: int = 1_000) -> None:
        """Issue totem."""
        args = {"account": self.people[person].id, "amount": amount, "reason": "test", "reference": "invoice 1"}
        self.invoke("admin", "accounts.issue", args)

    def grant(
        self, dataset_id: str = "homes", consumer: str = "peter", provider: str = "utility", quota: int | None = None
    ) -> tuple[str, str]:
        """Request and grant access; return access id and key."""
        args = {"dataset_id": dataset_id, "purpose": "peak hour"}
        access_id: str = self.invoke(consumer, "access.request", args)["access_id"]
        key = secret()
        self.invoke(
            provider,
            "access.grant",
            {"access_id": access_id, "seconds": 86_400, "quota": quota},
            {"access_key": key},
        )
        return access_id, key

    def ready(self, amount: int = 1_000, **policy: Any) -> tuple[str, str]:
        """Do everything that a first submission needs; return access id and key."""
        self.found()
        self.agree_on_table()
        self.publish(**policy)
        self.fund("peter", amount)
        return self.grant()

    def submit(
        self, access: tuple[str, str], totem: int = 100, *, dataset_id: str = "homes", source: str = "", **more: Any
    ) -> str:
        """Submit a toy job as peter; return its id."""
        args = {
            "source": source or toy_source(),
            "datasets": [{"dataset_id": dataset_id, "access_id": access[0]}],
            "totem": totem,
            **more,
        }
        transient = {"access_keys": {access[0]: access[1]}, "code": secret()}
        job_id: str = self.invoke("peter", "jobs.submit", args, transient)["job_id"]
        return job_id

    def accept(self, job_id: str, provider: str = "utility") -> Any:
        """Fetch the one-time code and accept."""
        code = self.invoke(provider, "access.code", {"job_id": job_id})["code"]
        return self.invoke(provider, "jobs.accept", {"job_id": job_id}, {"code": code})

    @staticmethod
    def receipt(
        step: int,
        phase: str,
        charge: int,
        end: str = "done",
        *,
        records_out: int = 1,
        error: Any = None,
        before: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return a toy receipt: block 1 entered ``charge`` times, on the story's dataset or on what ``before`` gave."""
        return {
            "step": step,
            "phase": phase,
            "blocks": {"1": charge} if charge else {},
            "units": {},
            "charge": charge,
            "records_in": 6 if before is None else before["records_out"],
            "records_out": records_out,
            "groups_in": 1,
            "tasks": 2 if before is None else before["tasks"],
            "end": end,
            "error": error,
        }

    @staticmethod
    def settlement(
        job_id: str, index: int, receipt: Mapping[str, Any], salt: str = "", before: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return arguments and transient data of a settlement; ``before`` is the earlier receipt with its salt."""
        salt = salt or secret()
        args = {
            "job_id": job_id,
            "phase_index": index,
            "charge": receipt["charge"],
            "end": receipt["end"],
            "digest": salted_hash(salt, canonical.encode(receipt)),
        }
        told = {"receipt": receipt, "salt": salt}
        return args, told if before is None else {**told, "before": before}

    def before(self, job_id: str, index: int) -> Mapping[str, Any] | None:
        """Return the receipt of the phase before with its salt, where there is one."""
        settled = self.invoke("utility", "results.receipts", {"job_id": job_id})["receipts"]
        found: Mapping[str, Any] | None = settled[index - 1] if 0 < index <= len(settled) else None
        return found

    def settle(self, job_id: str, index: int, charge: int, end: str = "done", **more: Any) -> Any:
        """Settle a phase of a job with phases map, reduce, map, reduce, …; return the answer."""
        before = self.before(job_id, index)
        earlier = before["receipt"] if before else None
        receipt = self.receipt(index // 2, ("map", "reduce")[index % 2], charge, end, before=earlier, **more)
        args, transient = self.settlement(job_id, index, receipt, before=before)
        return self.invoke("utility", "jobs.settle", args, transient)

    def complete(self, job_id: str, result: str = "[1,2]\n") -> Any:
        """Deliver a result."""
        salt = secret()
        args = {"job_id": job_id, "result_hash": salted_hash(salt, result.encode())}
        return self.invoke("utility", "jobs.complete", args, {"result": result, "salt": salt})

    def sealed(self, job_id: str, size: int = INLINE_BYTES + 1, **changes: Any) -> dict[str, Any]:
        """Return what a provider tells of a result that is sealed to the consumer's key (made up, but for the key)."""
        key = self.invoke("utility", "jobs.get", {"job_id": job_id})["consumer_key"]
        told = {
            "hash": "aa" * 32,
            "lines": 2,
            "bytes": size,
            "format": FORMAT,
            "recipient": key_id(key),
            "envelope": "ee" * 145,
            "ciphertext": "cc" * 32,
            "ciphertext_bytes": sealed_size(changes.get("bytes", size)),
            "location": "file:///srv/results",
        }
        return {**told, **changes}

    def halt(self, job_id: str, result: str | None = None) -> Any:
        """Halt a job, with a partial result where one is given."""
        if result is None:
            return self.invoke("utility", "jobs.halt", {"job_id": job_id})
        salt = secret()
        args = {"job_id": job_id, "result_hash": salted_hash(salt, result.encode())}
        return self.invoke("utility", "jobs.halt", args, {"result": result, "salt": salt})

    def fail(
        self, job_id: str, side: str, error: Mapping[str, Any], undelivered: Mapping[str, Any] | None = None
    ) -> Any:
        """End a job in an error of the program or of the provider's side."""
        args: dict[str, Any] = {"job_id": job_id, "side": side, "error": error}
        return self.invoke(
            "utility", "jobs.fail", args if undelivered is None else {**args, "undelivered": undelivered}
        )

    def available(self, person: str) -> int:
        """Return what somebody's account can spend."""
        found: int = self.invoke(person, "accounts.balance", {})["available"]
        return found

    def audit(self) -> Any:
        """Return the consortium's audit of everything."""
        return self.invoke("admin", "accounts.audit", {"detail": "accounts"})
