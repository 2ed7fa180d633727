"""What a provider's server owes the joint jobs of its parts, besides running the parts: whatever nobody else does.

The contracts let every provider of a part do it, so that a job does not hang on one of them: late data parts are
expired, what is left in a pool is given to the part that waits for it, a joint job that can't complete is ended. All
servers look at the same records and come to the same answer; the first one's transaction counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from totem.logs import logger
from totem.services.errors import InTheWay, ProgramRefused, ServiceError
from totem.services.killpoints import pass_point
from totem.services.session import Record, Session
from totem_chaincode.job_states import OPEN, is_absent, is_data_part, is_joint, is_over, is_part, may_stop_waiting

__all__ = ["Duty", "JointDuties", "can_combine", "duties", "waits"]

_log = logger("provider")


@dataclass(frozen=True, slots=True)
class Duty:
    """A transaction that is due: its function and the job that it is about."""

    function: str
    job_id: str


def duties(joint: Record, now: float) -> list[Duty]:
    """Return what is due at ``now`` (milliseconds since 1970) in an open joint job, as ``jobs.get`` tells of it."""
    data = [part for part in joint["parts"] if is_data_part(part)]
    running = [part for part in data if part["state"] in OPEN]
    if late := [part for part in running if is_over(part, now)]:
        return [Duty("jobs.expire", part["job_id"]) for part in late]
    if _is_late(joint, now) or _is_doomed(joint, data):
        return [Duty("joint.end", joint["job_id"])]
    waiting = [part for part in running if part["dry"] is not None]
    if not waiting or joint["state"] != "running":
        return []
    absent = [part for part in running if is_absent(part, now)]
    if len(waiting) + len(absent) < len(running):
        return []
    # Nobody is sent away without need: a provider that is late may still come while no other one waits for its slice.
    return [Duty("jobs.expire", part["job_id"]) for part in absent] or [Duty("joint.redistribute", joint["job_id"])]


def _is_late(joint: Record, now: float) -> bool:
    """Return whether a joint job's deadline has passed; a finished result may still be delivered for a while."""
    combining = joint["parts"][-1]
    return is_over(combining if combining["state"] in OPEN else joint, now)


def _is_doomed(joint: Record, data: Sequence[Record]) -> bool:
    """Return whether ``joint.end`` has something to do: the job can't complete, or it is stopped and nothing runs."""
    if joint["state"] == "cancelling":
        return not any(part["state"] in OPEN for part in joint["parts"])
    combining = joint["parts"][-1]
    possible = len(data) - len(joint["missing"])
    return combining["state"] not in OPEN or possible < joint["at_least"]


def can_combine(joint: Record) -> bool:
    """Return whether the combining part of a joint job may begin."""
    data = [part for part in joint["parts"] if is_data_part(part)]
    return not any(part["state"] in OPEN for part in data) and len(data) - len(joint["missing"]) >= joint["at_least"]


def waits(part: Record, now: float) -> bool:
    """Return whether a part waits for the pool: there is nothing that its framework could do."""
    return (
        is_data_part(part)
        and part["state"] == "running"
        and part["dry"] is not None
        and not may_stop_waiting(part, now)
    )


class JointDuties:
    """Does what is due in the open joint jobs of one provider."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def look(self, jobs: Sequence[Record], now: float) -> list[Record]:
        """Do what is due now; return those of the open ``jobs`` that this provider has to run now.

        Not among them are joint jobs, which are run nowhere, and combining parts for which it is too early.
        """
        joints = {job["job_id"]: self._joint(job["job_id"], now) for job in jobs if is_joint(job)}
        return [job for job in jobs if not is_joint(job) and self._is_due(job, joints)]

    def are_due(self, jobs: Sequence[Record], now: float) -> bool:
        """Return whether something is due now in the joint ones of the open ``jobs``.

        Raises:
            ServiceError: the ledger does not say.
        """
        joints = [self._session.query("jobs.get", job_id=job["job_id"]) for job in jobs if is_joint(job)]
        return any(joint["state"] in OPEN and duties(joint, now) for joint in joints)

    def _is_due(self, job: Record, joints: dict[str, Record | None]) -> bool:
        if not is_part(job) or is_data_part(job) or job["state"] != "submitted":
            return True
        joint = joints.get(job["joint"])
        return joint is not None and can_combine(joint)

    def _joint(self, job_id: str, now: float) -> Record | None:
        """Do what is due in one joint job; return how it stands, None where the ledger does not say."""
        try:
            joint = self._session.query("jobs.get", job_id=job_id)
            if joint["state"] not in OPEN or not (due := duties(joint, now)):
                return joint
            for duty in due:
                self._do(duty)
            return self._session.query("jobs.get", job_id=job_id)
        except ServiceError as error:
            _log.warning("the joint job can't be looked after now", job_id=job_id, problem=error.message)
            return None

    def _do(self, duty: Duty) -> None:
        pass_point("server:before-duty")
        try:
            self._session.submit(duty.function, job_id=duty.job_id)
        except (InTheWay, ProgramRefused) as error:
            # Another provider has done it, or the ledger's clock is a little behind: the next look sees which.
            _log.info("not done for a joint job", job_id=duty.job_id, transaction=duty.function, why=error.message)
            return
        pass_point("server:after-duty")
        _log.info("done for a joint job", job_id=duty.job_id, transaction=duty.function)
