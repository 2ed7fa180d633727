"""The durable lease log: one file for each job, only ever appended to.

Each line is the CRC-32 of a JSON text, a space and the text; the first line names the format, the job and its escrow.
``append`` returns when the records are on the disk, so what is done afterwards has happened for good. What stands
behind the last line feed is a line that a crash cut short: it was never acted upon and is dropped. A whole line whose
checksum does not fit is damage, wherever it stands, because it may have been acted upon.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from totem_ccf.metering.records import Record, record_from_json, record_to_json
from totem_sdk.errors import InvalidDocument

__all__ = ["FORMAT", "LeaseLog", "LeaseLogDamaged"]

FORMAT = "totem-lease-log-1"


class LeaseLogDamaged(Exception):
    """The log is not one that this program wrote for this job: the provider must look at it; nothing is guessed."""


class LeaseLog:
    """The open log of one job. Used as a context manager; one process at a time.

    Args:
        path: the file; made if it is not there.
        job_id: whose log it is.
        escrow: totem reserved for the job.

    Raises:
        LeaseLogDamaged: the file is of another job or escrow, or a whole line is damaged.
    """

    def __init__(self, path: Path, job_id: str, escrow: int) -> None:
        self._path = path
        header = {"format": FORMAT, "job_id": job_id, "escrow": escrow}
        self._file = path.open("a+b", buffering=0)
        try:
            self.records: list[Record] = self._open(header)
        except BaseException:
            self._file.close()
            raise

    def append(self, records: Iterable[Record]) -> None:
        """Write records; they are on the disk when this returns."""
        self._write([record_to_json(record) for record in records])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, header: dict[str, Any]) -> list[Record]:
        documents, good = self._read()
        if os.fstat(self._file.fileno()).st_size > good:
            self._file.truncate(good)
        if not documents:
            self._write([header])
            _sync_directory(self._path.parent)
        elif documents[0] != header:
            job, escrow = header["job_id"], header["escrow"]
            raise LeaseLogDamaged(f"{self._path}: this is not the lease log of {job} with {escrow} totem")
        return [self._record(number, item) for number, item in enumerate(documents[1:], 2)]

    def _write(self, documents: list[dict[str, Any]]) -> None:
        data = memoryview(b"".join(_line(document) for document in documents))
        while data:
            data = data[self._file.write(data) :]
        os.fdatasync(self._file.fileno())

    def _read(self) -> tuple[list[dict[str, Any]], int]:
        """Return the documents of the file and how many of its bytes they are."""
        self._file.seek(0)
        *lines, torn = self._file.read().split(b"\n")
        documents: list[dict[str, Any]] = []
        for number, line in enumerate(lines, 1):
            document = _document(line)
            if document is None:
                raise LeaseLogDamaged(
                    f"{self._path}, line {number}: the checksum does not fit the line. What the job has spent is not"
                    " known any more, so it ends in provider_failed and its escrow goes back: keep the file, and check"
                    " the disk that holds it before further jobs run there"
                )
            documents.append(document)
        return documents, self._file.tell() - len(torn)

    def _record(self, number: int, document: dict[str, Any]) -> Record:
        try:
            return record_from_json(document)
        except InvalidDocument as error:
            raise LeaseLogDamaged(f"{self._path}, line {number}: {error}") from None


def _line(document: dict[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _document(line: bytes) -> dict[str, Any] | None:
    text = line[9:]
    if line[:9] != b"%08x " % zlib.crc32(text):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
