"""The result of a job: the pairs of its last phase as canonical JSON lines (abstract machine, §6)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.runs import Piece, open_piece
from totem_sdk.packed import unpacked
from totem_sdk.types import Type
from totem_sdk.values import result_line

__all__ = ["ResultFile", "read_pairs", "write_result"]


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result on disk: where, the sha256 of its bytes in hexadecimal, and how many lines it has."""

    path: Path
    sha256: str
    rows: int


def read_pairs(layout: PairLayout, outputs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs that tasks have put out, tasks in the order given, pairs in the order of their emits.

    Raises:
        ShuffleError: a file is missing or is not what was written.
    """
    for output in outputs:
        for document in output["pieces"]:
            for batch in open_piece(Piece.from_json(document), layout.schema).to_batches():
                yield from layout.to_python(batch)


def write_result(
    path: Path, layout: PairLayout, outputs: Sequence[Mapping[str, Any]], lists: Type | None = None
) -> ResultFile:
    """Write the result lines of a job; its values are the texts of values of the type ``lists``, if that is given.

    Raises:
        ShuffleError: what the tasks have put out can't be read.
        OSError: the result can't be written.
    """
    digest = hashlib.sha256()
    rows = 0
    with path.open("wb") as file:
        for key, value in read_pairs(layout, outputs):
            line = result_line(key, value if lists is None else unpacked(lists, value)).encode("utf-8", "surrogatepass")
            digest.update(line)
            file.write(line)
            rows += 1
        file.flush()
        os.fsync(file.fileno())
    return ResultFile(path, digest.hexdigest(), rows)
