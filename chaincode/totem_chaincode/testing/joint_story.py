"""A story of joint jobs: datasets of several providers, the parts' lives and the combining part's, in short calls."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.contracts.sealed import key_id, sealed_size
from totem_chaincode.job_states import is_delivered
from totem_chaincode.testing.story import Invoke, Person, Story, secret
from totem_chaincode.testing.toy import toy_source

__all__ = ["JointStory"]


class JointStory(Story):
    """Short calls for joint jobs of peter's; every dataset is called like its provider, ``homes-utility``.

    ``more`` are further providers; they join when the table is agreed on.
    """

    def __init__(self, invoke: Invoke, more: Sequence[Person] = ()) -> None:
        super().__init__(invoke)
        self._more = more
        self._everybody = {**self.people, **{person.name: person for person in more}}

    def ready_joint(
        self, providers: Sequence[str] = ("utility", "grid"), amount: int = 1_000, **policy: Any
    ) -> dict[str, tuple[str, str]]:
        """Do everything that a first joint submission needs; return access id and key by provider."""
        self.found()
        self.agree_on_table()
        for person in self._more:
            self.invoke("admin", "participants.enrol", {"participant": person.id, "role": person.role})
        self.people = self._everybody
        self.fund("peter", amount)
        return self.publish_each(providers, **policy)

    def publish_each(self, providers: Sequence[str] = ("utility", "grid"), **policy: Any) -> dict[str, tuple[str, str]]:
        """Publish a dataset of each provider, which anybody may combine, and grant it; return access id and key."""
        policy = {"combining_providers": "any", **policy}
        for provider in providers:
            self.publish(f"homes-{provider}", provider, **policy)
        return {provider: self.grant(f"homes-{provider}", provider=provider) for provider in providers}

    def asked(
        self, access: Mapping[str, tuple[str, str]], totem: int = 100, combining: str = "grid", **more: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return arguments and transient data of a joint submission."""
        people = self.people
        args = {
            "source": toy_source(),
            "datasets": [{"dataset_id": f"homes-{name}", "access_id": access[name][0]} for name in access],
            "totem": totem,
            "combining": people[combining].id,
            **more,
        }
        codes = {people[name].id: secret() for name in access}
        return args, {"access_keys": dict(access.values()), "codes": {**codes, "combining": secret()}}

    def submit_joint(self, access: Mapping[str, tuple[str, str]], totem: int = 100, **more: Any) -> str:
        """Submit a joint toy job as peter; return its id."""
        job_id: str = self.invoke("peter", "joint.submit", *self.asked(access, totem, **more))["job_id"]
        return job_id

    def joint(self, job_id: str) -> Any:
        """Return a joint job with its parts, as its consumer sees it."""
        return self.invoke("peter", "jobs.get", {"job_id": job_id})

    def runner(self, part_id: str) -> str:
        """Return who runs a part."""
        parts = self.joint(part_id.rpartition("-")[0])["parts"]
        provider = next(part["provider"] for part in parts if part["job_id"] == part_id)
        return str(provider).split("@", maxsplit=1)[0]

    def accept_part(self, part_id: str) -> Any:
        """Accept a part as its provider."""
        return self.accept(part_id, self.runner(part_id))

    def settle_data(self, part_id: str, charge: int, end: str = "done", **more: Any) -> Any:
        """Settle the map phase of a data part."""
        args, transient = self.settlement(part_id, 0, self.receipt(0, "map", charge, end, **more))
        return self.invoke(self.runner(part_id), "jobs.settle", args, transient)

    def deliver(self, part_id: str, groups: str = "partial\n") -> Any:
        """Deliver a data part's partial groups, or the combining part's result."""
        if not part_id.endswith("-c"):
            return self.invoke(self.runner(part_id), "jobs.complete", *self.delivery(part_id, groups))
        salt = secret()
        args = {"job_id": part_id, "result_hash": salted_hash(salt, groups.encode())}
        return self.invoke(self.runner(part_id), "jobs.complete", args, {"result": groups, "salt": salt})

    def delivery(self, part_id: str, groups: str = "partial\n") -> tuple[dict[str, Any], dict[str, Any]]:
        """Return arguments and transient data with which a data part delivers small partial groups."""
        data, salt = groups.encode(), "5a" * 32
        ciphertext = self.ciphertext(groups)
        combining = self.joint(part_id.rpartition("-")[0])["combining"]
        key = self.invoke("peter", "participants.get", {"participant": combining})["public_key"]
        told = self.sealed(
            part_id,
            len(data),
            hash=salted_hash(salt, data),
            lines=groups.count("\n"),
            recipient=key_id(key),
            ciphertext=hashlib.sha256(ciphertext).hexdigest(),
            location=None,
        )
        content = base64.b64encode(ciphertext).decode()
        return {"job_id": part_id, "sealed": told}, {"content": content, **self.with_receipt(part_id)}

    @staticmethod
    def ciphertext(groups: str) -> bytes:
        """Return what stands for the ciphertext of partial groups: it has its size, and nobody can open it."""
        data = groups.encode()
        return hashlib.shake_256(data).digest(sealed_size(len(data)))

    def with_receipt(self, part_id: str) -> dict[str, Any]:
        """Return the receipt that a data part delivers with its partial groups; nothing for the combining part."""
        if part_id.endswith("-c"):
            return {}
        settled = self.invoke(self.runner(part_id), "results.receipts", {"job_id": part_id})["receipts"]
        return {"receipt": settled[0]} if settled else {}

    def run_data(self, part_id: str, charge: int = 5, **more: Any) -> Any:
        """Run a data part from accepting to delivery."""
        self.accept_part(part_id)
        self.settle_data(part_id, charge, **more)
        return self.deliver(part_id)

    def shown(self, joint_id: str) -> list[Any]:
        """Return the receipts of all delivered data parts with their salts, as the combining provider shows them."""
        parts = self.joint(joint_id)["parts"]
        combining = self.runner(f"{joint_id}-c")
        delivered = [part["job_id"] for part in parts if is_delivered(part)]
        return [self.invoke(combining, "joint.partials", {"job_id": part_id})["receipt"] for part_id in delivered]

    def settle_combining(self, joint_id: str, charge: int, end: str = "done", **more: Any) -> Any:
        """Settle the first phase of the combining part, the reduce of step 0."""
        part_id = f"{joint_id}-c"
        shown = self.shown(joint_id)
        records = sum(item["receipt"]["records_out"] for item in shown)
        earlier = {**shown[0]["receipt"], "records_out": records} if shown else None
        receipt = self.receipt(0, "reduce", charge, end, before=earlier, **more)
        args, transient = self.settlement(part_id, 1, receipt)
        return self.invoke(self.runner(part_id), "jobs.settle", args, {**transient, "before": shown})

    def combine(self, joint_id: str, charge: int = 5, result: str = "[1,2]\n") -> Any:
        """Run the combining part of a job of one step from accepting to the result."""
        part_id = f"{joint_id}-c"
        self.accept_part(part_id)
        self.settle_combining(joint_id, charge)
        return self.deliver(part_id, result)

    def run_joint(self, joint_id: str, charges: Sequence[int], combining: int = 5) -> Any:
        """Run a joint job to its result: what each data part charges in listed order, and the combining part."""
        for number, charge in enumerate(charges, 1):
            self.run_data(f"{joint_id}-{number}", charge)
        return self.combine(joint_id, combining)
