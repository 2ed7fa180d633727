"""What a provider keeps at home: where its data lie, the salts of what it published, the folders of its jobs.

Nothing in it goes onto the ledger. Files are written whole and replaced atomically, so that a crash leaves the old or
the new one; folder and files are for their owner's eyes only.

::

    secret.key                    32 random bytes: every salt is derived from it
    datasets/ID/PUBLISHED.json    locations, fragments, digests and salt of what was published under these digests
    jobs/JOB_ID/                  the framework's durable log and spill files of a job, its result, what of it is sealed
    result-store.json             where ciphertexts of large results go (without it: into results/)
    results/                      ciphertexts of large results, for everybody who gets there
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.ledger.files import sync_folder, write_private
from totem.services.errors import Missing
from totem_sdk.errors import InternalError

__all__ = ["Holding", "ProviderStore", "ResultPlace"]


@dataclass(frozen=True, slots=True)
class ResultPlace:
    """Where ciphertexts of large results go: the store's URL, and the one under which consumers find it (``told``)."""

    store: str
    told: str


@dataclass(frozen=True, slots=True)
class Holding:
    """One publication of a dataset, as its provider knows it.

    It is found by its salted digests: which version of the dataset it becomes is decided at the ledger, later than it
    is kept here, and what is kept here is never overwritten by another publication. ``locations`` are the paths that
    were published; ``fragments`` the documents of its fragments in the order of the plan (files, places in them,
    digests: ``totem_ccf.storage``); ``salt`` (hexadecimal, secret) is what ``published``, the digests on the ledger in
    the same order, were made with.
    """

    dataset_id: str
    published: tuple[str, ...]
    locations: tuple[str, ...]
    salt: str
    fragments: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the record as it is kept."""
        return {
            "dataset_id": self.dataset_id,
            "published": list(self.published),
            "locations": list(self.locations),
            "salt": self.salt,
            "fragments": list(self.fragments),
        }

    @classmethod
    def from_json(cls, document: Any) -> Holding:
        """Read what ``to_json`` gives.

        Raises:
            InternalError: the record is not one of ours.
        """
        try:
            return cls(
                dataset_id=document["dataset_id"],
                published=tuple(document["published"]),
                locations=tuple(document["locations"]),
                salt=document["salt"],
                fragments=tuple(document["fragments"]),
            )
        except (KeyError, TypeError) as error:
            raise InternalError(f"a record of the provider's store can't be read: {error!r}") from None


class ProviderStore:
    """The provider's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def salt(self, *purpose: str | int) -> str:
        """Return the salt for a purpose, 64 hexadecimal digits: the same after a restart, unknown to all others."""
        message = "\n".join(str(part) for part in purpose).encode()
        return hmac.new(self._secret(), message, hashlib.sha256).hexdigest()

    def hold(self, holding: Holding) -> None:
        """Keep what is about to be published, beside all that was published before."""
        path = self._holding_path(holding.dataset_id, holding.published)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, json.dumps(holding.to_json(), sort_keys=True).encode())
        for folder in (path.parent.parent, self._root):
            sync_folder(folder)

    def holding(self, dataset_id: str, version: int, published: Sequence[str]) -> Holding:
        """Return what was published as a version: the one with the digests that the ledger has of it.

        Raises:
            Missing: this server does not hold it.
        """
        try:
            text = self._holding_path(dataset_id, published).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise Missing(
                f"this server holds no data of {dataset_id} version {version}",
                code="not_held",
                hint=f"publish it here, or start the server with the folder that has it (this is {self._root})",
            ) from None
        return Holding.from_json(json.loads(text))

    @property
    def result_place(self) -> ResultPlace:
        """Where ciphertexts go: as ``keep_results_in`` says, else into this folder."""
        try:
            document = json.loads((self._root / "result-store.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            url = (self._root / "results").absolute().as_uri()
            return ResultPlace(url, url)
        return ResultPlace(document["store"], document["told"])

    def keep_results_in(self, place: ResultPlace) -> None:
        """Put ciphertexts there from now on; those that are elsewhere stay until they are purged."""
        text = json.dumps({"store": place.store, "told": place.told}, sort_keys=True)
        write_private(self._root / "result-store.json", text.encode())

    def result_file(self, job_id: str) -> Path:
        """Return where a job's result lies here, as the framework wrote it, if it has one and it is not purged."""
        return self._root / "jobs" / job_id / "result.jsonl"

    def partials_file(self, job_id: str) -> Path:
        """Return where the partial groups of a data part lie here, while its joint job is open."""
        return self._root / "jobs" / job_id / "partial.jsonl"

    def with_results(self) -> list[str]:
        """Return the jobs whose results or partial groups lie here."""
        names = ("result.jsonl", "partial.jsonl")
        return sorted({path.parent.name for name in names for path in self._root.glob(f"jobs/*/{name}")})

    def job_folder(self, job_id: str) -> Path:
        """Return the folder of a job, made if it is not there."""
        folder = self._root / "jobs" / job_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def begun(self) -> list[str]:
        """Return the jobs whose folders hold intermediate data or sockets: they run, or a crash has cut them off."""
        kinds = ("phase-*", "spills", "sockets", "received")
        return sorted({path.parent.name for kind in kinds for path in self._root.glob(f"jobs/*/{kind}")})

    def note_trouble(self, job_id: str, text: str) -> None:
        """Keep what went wrong with a job on the provider's side, in its own words (file, row, reason)."""
        write_private(self.job_folder(job_id) / "trouble.txt", text.encode())

    def trouble(self, job_id: str) -> str:
        """Return what went wrong with a job on the provider's side (empty: nothing)."""
        path = self._root / "jobs" / job_id / "trouble.txt"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _holding_path(self, dataset_id: str, published: Sequence[str]) -> Path:
        name = hashlib.sha256("\n".join(published).encode()).hexdigest()
        return self._root / "datasets" / dataset_id / f"{name}.json"

    def _secret(self) -> bytes:
        path = self._root / "secret.key"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        # Two processes may start at once: the one that links first decides for both.
        number, name = tempfile.mkstemp(dir=self._root, prefix="secret.")
        with os.fdopen(number, "wb") as stream:
            stream.write(secrets.token_bytes(32))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
        sync_folder(self._root)
        return path.read_bytes()
