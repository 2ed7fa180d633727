"""Results that don't travel through the ledger: the provider hands a file and a salt over, the consumer checks them.

A result stays with its provider where a policy says ``delivery: file``, or where it is larger than the policy allows
(withheld: whether to hand it over is then for the provider to decide). A sealed one can be handed over too, where its
consumer has lost the key or the result store the ciphertext. On the ledger are its size and the hash of the
salt followed by the file's bytes. Without the salt nobody can tell by the hash what a small result is; so it goes to
whoever asks for the job's handover at home, and nowhere else: into no log, and not onto the ledger.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from totem.services.errors import BadInput, InTheWay, Missing, NotAllowed, ProviderSide
from totem.services.lines import ResultLines
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_chaincode.job_states import is_data_part, is_joint

__all__ = ["Handover", "hand_over", "open_handed_over", "receive"]

_SALT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Handover:
    """A result as its provider hands it over: the lines, and the salt of their hash (hexadecimal).

    ``is_withheld``: it is larger than the datasets' policies allow.
    """

    job_id: str
    consumer: str
    lines: ResultLines
    salt: str
    hash: str
    size: int
    is_partial: bool
    is_withheld: bool


def hand_over(session: Session, store: ProviderStore, job_id: str) -> Handover:
    """Return the result of one of the provider's own jobs, after comparing it with the ledger.

    Raises:
        NotAllowed: the job is not this provider's.
        Missing: the job has left no result here, or it is purged.
        InTheWay: the result has been delivered through the ledger.
        ProviderSide: the file is not what the ledger was told of.
    """
    job = session.query("jobs.get", job_id=job_id)
    if job["provider"] != session.participant:
        raise NotAllowed(f"{job_id} is a job at {job['provider']}, not at {session.participant}")
    return open_handed_over(store, job["parts"][-1] if is_joint(job) else job)


def open_handed_over(store: ProviderStore, job: Record) -> Handover:
    """Return the result of a job whose record is known already; its file stays readable when it is removed.

    Raises:
        ServiceError: as ``hand_over`` says.
    """
    told, job_id = _told(job), job["job_id"]
    hint = "look in the provider's folder for what has changed it; the consumer would refuse it"
    try:
        file = store.result_file(job_id).open("rb")
    except FileNotFoundError:
        raise Missing(f"this folder has no result of {job_id}: {store.root}", code="not_held") from None
    except OSError as error:
        raise ProviderSide(f"the result of {job_id} can't be read: {error.strerror}", code="storage") from None
    lines, salt = ResultLines(file), store.salt("result", job_id)
    if lines.sha256(bytes.fromhex(salt)) != told["hash"]:
        raise ProviderSide(f"the result of {job_id} is not what the ledger was told", code="storage", hint=hint)
    return Handover(
        job_id=job_id,
        consumer=job["consumer"],
        lines=lines,
        salt=salt,
        hash=told["hash"],
        size=told["bytes"],
        is_partial=_is_partial(job),
        is_withheld=job["undelivered"] is not None,
    )


def receive(job: Record, file: Path, salt: str) -> tuple[ResultLines, bool]:
    """Return the lines of a file that the provider has handed over, and whether they are partial.

    Raises:
        Missing: the job has no result, or it is purged.
        InTheWay: its result is not handed over in a file.
        BadInput: the file or the salt is not that of the job.
    """
    told = _told(job)
    if not _SALT.fullmatch(salt):
        raise BadInput("--salt: a salt has 64 hexadecimal digits (0-9, a-f)", code="bad-salt")
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe can't be gone through twice, a device may never end
            raise BadInput(f"--file {str(file)!r}: it is not a file", code="not-readable")
        stream = file.open("rb")
        size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        raise BadInput(f"--file {str(file)!r}: {error.strerror}", code="not-readable") from None
    with_what = f"--file {str(file)!r}: not the result of {job['job_id']}"
    if size != told["bytes"]:
        stream.close()
        raise BadInput(f"{with_what}: it has {size} bytes, on the ledger are {told['bytes']}", code="wrong-file")
    lines = ResultLines(stream)
    if lines.sha256(bytes.fromhex(salt)) != told["hash"]:
        stream.close()
        raise BadInput(
            f"{with_what}, or not its salt: their sha256 is not {told['hash']}, which is on the ledger",
            code="wrong-file",
            hint="ask the provider for both once more: `totem provider result JOB -o FILE` writes and prints them",
        )
    return lines, _is_partial(job)


def _told(job: Record) -> Record:
    """Return what the ledger knows of a result that is handed over: hash and bytes, in a record with more."""
    job_id, record = job["job_id"], job["undelivered"] or job["result"]
    if is_data_part(job):
        raise Missing(f"{job_id} is a data part: its partial groups are for {job['combining']} only", code="no_result")
    if record is None:
        raise Missing(f"{job_id} is {job['state']}: it has no result", code="no_result")
    if job["undelivered"] is None and job["policy"]["delivery"] != "file" and record["sealed"] is None:
        raise InTheWay(
            f"the result of {job_id} is delivered through the ledger, not in a file",
            code="on_ledger",
            hint=f"its consumer fetches it: `totem job result {job_id}`",
        )
    if job["undelivered"] is None and record["purged_at"] is not None:
        raise Missing(f"the result of {job_id} is purged", code="purged")
    return dict(record)


def _is_partial(job: Record) -> bool:
    # A finished job whose result is withheld is failed; its lines are all there.
    return (
        bool(job["result"]["partial"]) if job["result"] is not None else job["state"] in ("out_of_totem", "cancelled")
    )
