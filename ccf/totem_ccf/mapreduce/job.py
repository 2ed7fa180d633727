"""One job as an engine gets it, and how it ended: two documents in the job's directory.

::

    job.json      JobSpec: everything that a restart needs
    lease.log     the manager's durable log
    partials/     what came in from other providers, laid out for the first phase (combining parts)
    phase-…/      what the attempts have written
    result.jsonl  canonical JSON lines of the result, if one is delivered; of a data part: partial.jsonl
    end.json      JobEnd; with it the job is over for good
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from totem_sdk.cost import PricedProgram, price
from totem_sdk.cut import Part, phases_of
from totem_sdk.errors import InvalidDocument
from totem_sdk.program import Program, Value
from totem_sdk.table import Table

__all__ = ["JobEnd", "JobSpec", "JobState", "write_document"]

JobState = Literal["completed", "out_of_totem", "failed", "provider_failed", "cancelled"]


@dataclass(frozen=True)
class JobSpec:
    """One job.

    ``program`` are the canonical bytes, ``table`` the document of the estimator table, ``params`` the bound
    parameters, ``fragments`` the documents of the map tasks of step 0 in order (``totem_ccf.storage``), ``escrow`` the
    totem reserved. ``estimate`` is what the pre-check expects at least (only shown). ``audit``: a lease is one charge.
    ``trace``: every process writes the messages it sends and gets into the directory. ``order_seed``: tasks are
    started in an order made from it, not from the lowest upwards (for tests). ``memory_limit``: bytes of emits that a
    task keeps before it writes them to disk.

    ``part`` is what is run of a job over several providers (``totem_sdk.cut``): a ``data`` part runs phase 0 alone and
    ends with a file of partial groups (``totem_ccf.mapreduce.partials``); a ``combine`` part has no fragments, but
    ``partials``: documents of such files (``partial_reader.PartialFile``), in the order in which the datasets are
    listed, and runs the phases from 1 on.
    """

    job_id: str
    directory: Path
    program: bytes
    table: Mapping[str, Any]
    params: Mapping[str, Value]
    escrow: int
    fragments: Sequence[Mapping[str, Any]]
    workers: int = 2
    executor: Literal["kernel", "interpreter"] = "kernel"
    precheck: bool = True
    estimate: int = 0
    audit: bool = False
    trace: bool = False
    order_seed: int | None = None
    memory_limit: int = 256 << 20
    part: Part = "whole"
    partials: Sequence[Mapping[str, Any]] = ()

    @property
    def phases(self) -> range:
        """The indexes of the phases that the job runs."""
        return phases_of(self.priced.program, self.part)

    @cached_property
    def priced(self) -> PricedProgram:
        """The program under its table.

        Raises:
            InvalidDocument: program or table are not what they should be.
        """
        return price(Program.decode(self.program), Table.from_json(dict(self.table)))

    def write(self) -> None:
        """Write ``job.json``; the directory is made if it is not there, readable for its owner only."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        document = {
            **asdict(self),
            "directory": str(self.directory),
            "program": base64.b64encode(self.program).decode(),
        }
        write_document(self.directory / "job.json", document)

    @classmethod
    def read(cls, directory: Path) -> JobSpec:
        """Read the job of a directory.

        Raises:
            InvalidDocument: there is none, or it is damaged.
        """
        document = _read_document(directory / "job.json")
        try:
            return cls(
                **{**document, "directory": directory, "program": base64.b64decode(document["program"], validate=True)}
            )
        except (TypeError, KeyError, ValueError) as error:
            raise InvalidDocument(f"{directory / 'job.json'}: not a job ({error})") from None


@dataclass(frozen=True)
class JobEnd:
    """How a job ended.

    ``used`` is the totem to be paid (0 where the provider failed), ``receipts`` those of the settled phases in plan
    order. ``result`` is the file with the result lines (None: nothing is delivered), with its digest and number of
    lines, or that with a data part's partial groups and their number; ``partial``: the lines are those of a job that
    ran out of totem. ``error`` is {"kind", "line"} of a program that
    failed. ``data_error`` is {"kind"} for the consumer, ``reason`` says what happened on the provider's side, for the
    provider only.
    """

    state: JobState
    used: int
    receipts: Sequence[Mapping[str, Any]] = ()
    result: Path | None = None
    result_sha256: str | None = None
    result_rows: int = 0
    partial: bool = False
    error: Mapping[str, Any] | None = None
    data_error: Mapping[str, Any] | None = None
    reason: str | None = None
    seconds: float = field(default=0.0, compare=False)

    def write(self, directory: Path) -> None:
        """Write ``end.json``: from then on the job is over."""
        result = None if self.result is None else self.result.name
        write_document(directory / "end.json", {**asdict(self), "result": result})

    @classmethod
    def read(cls, directory: Path) -> JobEnd | None:
        """Return how the job of a directory ended; None if it has not ended."""
        if not (directory / "end.json").exists():
            return None
        document = _read_document(directory / "end.json")
        result = document["result"]
        return cls(**{**document, "result": None if result is None else directory / result})


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document so that after a crash there is the old one or the new one."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(document, file, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidDocument(f"{path}: {error.strerror}") from None
    except ValueError:
        raise InvalidDocument(f"{path}: not JSON") from None
    if not isinstance(document, dict):
        raise InvalidDocument(f"{path}: not an object")
    return document
