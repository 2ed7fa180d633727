"""What the combining part of a joint job works on: the partial groups of the data parts that were delivered.

They are fetched into the combining part's folder, each compared with the hash that is on the ledger, and deleted when
the part has ended: they are other providers' data. Their content is checked as it is read (``partial_reader``). What
can't be used is left out, for a reason that the channel may know: the job goes on with the others, if they are enough.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from totem.logs import logger
from totem.services.errors import Missing, NotAllowed, ProviderSide
from totem.services.killpoints import pass_point
from totem.services.opening import open_sealed
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_ccf.mapreduce.partial_reader import PartialFile, PartialRefused, check_partials
from totem_chaincode.job_states import OPEN, is_delivered
from totem_sdk.program import Program

__all__ = [
    "NothingToCombine",
    "PartialsAway",
    "delivered_parts",
    "fetch_partials",
    "forget_partials",
    "patience_with",
]

_log = logger("provider")

_FOLDER = "received"
_LEAST_SECONDS = 1.0
_AWAY = ("result_store", "ciphertext_missing", "ciphertext_damaged")
_UNUSABLE = {
    "partials": "the partial groups are not what a data part of this program writes",
    "sealed_key": "the partial groups are not sealed to the combining provider's key",
    "sealed_wrong": "the partial groups can't be opened",
}
"""Why a part is left out, by the code of what is wrong with it. The channel reads it: no cell and no path is in it."""


class PartialsAway(ProviderSide):
    """What a data provider has delivered can't be fetched now: it is tried again, until half of the time is over."""


class NothingToCombine(ProviderSide):
    """Without the parts that can't be used there are too few: the joint job has ended."""


def delivered_parts(joint: Record) -> list[Record]:
    """Return the data parts of a joint job that are combined, in listed order: delivered, and not left out."""
    return [part for part in joint["parts"] if is_delivered(part)]


def fetch_partials(
    session: Session, store: ProviderStore, part: Record, program: bytes, now: float
) -> list[dict[str, Any]]:
    """Fetch what a combining part begins with; return it as the framework takes it, in listed order.

    ``program`` is its canonical encoding, ``now`` the time in milliseconds since 1970. Parts that can't be used are
    left out on the ledger. One that has begun here goes on with what it has: nothing can be left out of it any more.

    Raises:
        PartialsAway: what a data provider has delivered can't be fetched now.
        NothingToCombine: too few parts remained, and the joint job has ended.
        ProviderSide, Missing: what is wrong with a part of a job that is being cancelled.
    """
    home = store.job_folder(part["job_id"])
    folder = home / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    has_begun = (home / "job.json").exists()
    found = []
    delivered = delivered_parts(session.query("jobs.get", job_id=part["joint"]))
    patience = patience_with(part, len(delivered), now)
    for item in delivered:
        path = folder / f"{item['job_id']}.jsonl"
        try:
            file = _fetch(session, path, item["job_id"], patience)
            if not has_begun:
                _check(Program.decode(program), file)
        except (ProviderSide, Missing) as error:
            if has_begun and path.exists():
                file = PartialFile(str(path), item["provider"])
            elif has_begun or part["state"] != "running":
                raise
            else:
                reason = _why(part, error, now)
                store.note_trouble(part["job_id"], error.message)
                _log.error("a data part is left out", job_id=item["job_id"], kind=error.code, detail=error.message)
                _leave_out(session, item["job_id"], reason)
                path.unlink(missing_ok=True)
                continue
        found.append(file.to_json())
    pass_point("server:after-fetch")
    return found


def patience_with(part: Record, delivered: int, now: float) -> float:
    """Return for how many seconds each of so many ``delivered`` parts may be fetched by a combining part at ``now``.

    Whoever says that its partial groups are huge and sends them slowly must not use up the time of all: the first half
    of the combining part's time is shared by them and a rest, and so is the second, if it comes to that.
    """
    deadline = float(part["deadline"])
    half = (part["accepted_at"] + deadline) / 2
    end = half if now < half else deadline
    return max(_LEAST_SECONDS, (end - now) / 1_000 / (delivered + 1))


def _why(part: Record, error: ProviderSide | Missing, now: float) -> str:
    """Return for what reason a data part is left out of a combining part.

    Raises:
        PartialsAway: it may only be away.
        ProviderSide, Missing: the error itself, where it says nothing about the part.
    """
    if error.code in _UNUSABLE:
        return _UNUSABLE[error.code]
    if error.code not in _AWAY:
        raise error
    if now < (part["accepted_at"] + part["deadline"]) / 2:
        raise PartialsAway(error.message, code=error.code, hint=error.hint) from error
    return "the partial groups could not be fetched before half of the combining part's time was over"


def _leave_out(session: Session, part_id: str, reason: str) -> None:
    answer = session.submit("joint.leave_out", job_id=part_id, reason=reason)
    if answer["state"] not in OPEN:
        raise NothingToCombine(f"without {part_id} the job is {answer['state']}: {reason}", code=answer["state"])


def forget_partials(store: ProviderStore, part_id: str) -> None:
    """Delete what a combining part has fetched."""
    shutil.rmtree(store.root / "jobs" / part_id / _FOLDER, ignore_errors=True)


def _fetch(session: Session, path: Path, part_id: str, patience: float) -> PartialFile:
    found = session.query("joint.partials", job_id=part_id)
    try:
        opened = open_sealed(session.gateway.identity, part_id, found, name="partial", patience=patience)
        with opened as plain, path.open("wb") as file:
            shutil.copyfileobj(plain, file)
    except NotAllowed as error:
        raise ProviderSide(error.message, code=error.code) from error
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    values = found["receipt"]["receipt"]["records_out"]
    return PartialFile(str(path), found["provider"], digest, values)


def _check(program: Program, file: PartialFile) -> None:
    try:
        check_partials(program, file)
    except PartialRefused as error:
        raise ProviderSide(str(error), code="partials") from error
