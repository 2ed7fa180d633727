"""What the combining part of a joint job works on: the partial groups of the data parts that were delivered.

They are fetched into the combining part's folder, each compared with the hash that is on the ledger, and deleted when
the part has ended: they are other providers' data. Their content is checked by who reads it (``partial_reader``).
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from totem.services.errors import NotAllowed, ProviderSide
from totem.services.killpoints import pass_point
from totem.services.opening import open_sealed
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_ccf.mapreduce.partial_reader import PartialFile
from totem_chaincode.job_states import is_data_part

__all__ = ["delivered_parts", "fetch_partials", "forget_partials"]

_FOLDER = "received"


def delivered_parts(joint: Record) -> list[Record]:
    """Return the data parts of a joint job that were delivered, in listed order."""
    return [part for part in joint["parts"] if is_data_part(part) and part["state"] == "completed"]


def fetch_partials(session: Session, store: ProviderStore, part: Record) -> list[dict[str, Any]]:
    """Fetch what a combining part begins with; return it as the framework takes it, in listed order.

    Raises:
        ProviderSide: what a data provider has delivered can't be opened, or is not what the ledger was told of; code
            ``result_store``: its store can't be reached now.
        Missing: code ``ciphertext_missing``: its store does not have it (any more).
    """
    folder = store.job_folder(part["job_id"]) / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    joint = session.query("jobs.get", job_id=part["joint"])
    found = [_fetch(session, folder, item["job_id"]).to_json() for item in delivered_parts(joint)]
    pass_point("server:after-fetch")
    return found


def forget_partials(store: ProviderStore, part_id: str) -> None:
    """Delete what a combining part has fetched."""
    shutil.rmtree(store.root / "jobs" / part_id / _FOLDER, ignore_errors=True)


def _fetch(session: Session, folder: Path, part_id: str) -> PartialFile:
    found = session.query("joint.partials", job_id=part_id)
    path = folder / f"{part_id}.jsonl"
    try:
        with open_sealed(session.gateway.identity, part_id, found, name="partial") as plain, path.open("wb") as file:
            shutil.copyfileobj(plain, file)
    except NotAllowed as error:
        raise ProviderSide(error.message, code="partials") from error
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    values = found["receipt"]["receipt"]["records_out"]
    return PartialFile(str(path), found["provider"], digest, values)
