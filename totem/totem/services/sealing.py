"""A provider's sealed results: encrypted to their reader's key, put into its result store, deleted when it is time.

Each job's folder has the record of its ciphertexts (``sealed-NAME.json``) before the store has them, so that whatever
a crash interrupts is found again: sealing is repeated until the record is written, afterwards only putting is, and a
ciphertext that the ledger does not know, or whose result is purged, is deleted with its record.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from totem.ledger.files import sync_folder, write_private
from totem.logs import logger
from totem.services.killpoints import pass_point
from totem.services.result_store import open_store
from totem.services.sealed import purpose_of, seal
from totem.services.session import Record
from totem.services.store import ProviderStore
from totem_chaincode.contracts.sealed import FORMAT, key_id

__all__ = ["Sealing"]

_log = logger("provider")

_PIECE = 1 << 20
_PREFIX = "sealed-"


class Sealing:
    """What a provider has sealed; ``store`` has the folders of its jobs and says where its result store is."""

    def __init__(self, store: ProviderStore) -> None:
        self._store = store

    def seal(
        self,
        job_id: str,
        plain: Path,
        *,
        name: str,
        public_key: str,
        salt: str,
        whole: str | None = None,
        is_stored: bool = True,
    ) -> Record:
        """Seal a file of a job and keep it in the result store; return what the ledger is told (``sealed``).

        ``name`` says what it is (``result``, ``partial``) and is bound to the ciphertext with the job, or with the job
        ``whole`` of which this one is a part, where that is under what its reader knows it. Done again it gives the
        same, as long as file, key and store are the same. ``is_stored`` False: the ciphertext is in no store, its
        bytes are to be had from ``content``.

        Raises:
            ProviderSide: code ``result_store``: the store can't keep it now.
        """
        digest, lines, size = _measured(plain, salt)
        place = self._store.result_place
        where = {"store": place.store, "location": place.told} if is_stored else {"store": None, "location": None}
        wanted = {"hash": digest, "recipient": key_id(public_key), **where}
        record = self._record(job_id, name)
        content = self._content(job_id, name)
        if record is None or not content.exists() or any(record[key] != value for key, value in wanted.items()):
            if record is not None:
                self._delete(job_id, name, record)
            with content.open("wb") as target, plain.open("rb") as source:
                made = seal(source, target, public_key=public_key, purpose=purpose_of(name, whole or job_id), salt=salt)
                target.flush()
                os.fsync(target.fileno())
            sync_folder(content.parent)
            pass_point("server:before-seal-record")
            record = {
                **wanted,
                "envelope": made.envelope,
                "ciphertext": made.ciphertext,
                "ciphertext_bytes": made.ciphertext_bytes,
            }
            write_private(self._path(job_id, name), json.dumps(record, sort_keys=True).encode())
        if is_stored:
            pass_point("server:before-put")
            open_store(record["store"]).put(record["ciphertext"], content)
            pass_point("server:after-put")
        told = {key: value for key, value in record.items() if key != "store"}
        return {**told, "lines": lines, "bytes": size, "format": FORMAT}

    def content(self, job_id: str, name: str) -> bytes:
        """Return a ciphertext that was sealed last, for as long as its job runs."""
        return self._content(job_id, name).read_bytes()

    def held(self, job_id: str = "*") -> list[tuple[str, str]]:
        """Return job and name of what is sealed here, of one job or all; also of what a crash has left half done."""
        found = {
            (path.parent.name, path.stem.removeprefix(_PREFIX))
            for kind in ("json", "bin")
            for path in self._store.root.glob(f"jobs/{job_id}/{_PREFIX}*.{kind}")
        }
        return sorted(found)

    def settle(self, job_id: str, name: str, known: str | None) -> None:
        """Keep what the ledger knows of a job that has ended, and nothing else.

        ``known`` is the ciphertext that its reader may still fetch, None where there is none (any more).

        Raises:
            ProviderSide: code ``result_store``: the store can't delete it now.
        """
        record = self._record(job_id, name)
        if record is not None and record["ciphertext"] != known:
            self._delete(job_id, name, record)
        self._content(job_id, name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what interrupted puts have left in the store.

        Raises:
            ProviderSide: code ``result_store``: the store does not work now.
        """
        open_store(self._store.result_place.store).tidy()

    def _delete(self, job_id: str, name: str, record: Record) -> None:
        """Delete a ciphertext: first from the store, so that it is found again if that is interrupted."""
        if record["store"] is not None:
            open_store(record["store"]).delete(record["ciphertext"])
        self._content(job_id, name).unlink(missing_ok=True)
        self._path(job_id, name).unlink(missing_ok=True)
        _log.info("ciphertext deleted", job_id=job_id, ciphertext=record["ciphertext"])

    def _record(self, job_id: str, name: str) -> Record | None:
        try:
            text = self._path(job_id, name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        found: Record = json.loads(text)
        return found

    def _path(self, job_id: str, name: str) -> Path:
        return self._store.job_folder(job_id) / f"{_PREFIX}{name}.json"

    def _content(self, job_id: str, name: str) -> Path:
        return self._store.job_folder(job_id) / f"{_PREFIX}{name}.bin"


def _measured(plain: Path, salt: str) -> tuple[str, int, int]:
    """Return a file's salted hash, its lines and its bytes."""
    digest, lines, size = hashlib.sha256(bytes.fromhex(salt)), 0, 0
    with plain.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            lines += piece.count(b"\n")
            size += len(piece)
    return digest.hexdigest(), lines, size
