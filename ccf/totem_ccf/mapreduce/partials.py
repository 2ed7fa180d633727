"""The partial groups of a data part: the one file that a provider hands over to the combining provider.

Lines of canonical JSON (``totem_sdk.values.canonical_json``), UTF-8, each with a line feed::

    {"fold":"sum","format":"totem-partial-1","key":"int","program_id":"…","value":"float"}
    [7,3,0,11,-2]                                     a group: key, and Folded.to_json()
    …                                                 or, where fold is null, [key,value]
    {"groups":24,"sha256":"…","values":2048}

With a fold there is one line a group, all keys ascending by their canonical bytes. Without one there is a line for each
value that the combiners have emitted, keys ascending and values of a key in the order of their map tasks. ``values``
counts what the reducer will draw (the phase's ``records_out``); ``sha256`` is of all bytes before the last line. The
same job over the same fragments gives the same bytes, whatever executor ran and however tasks were scheduled.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Literal

from totem_ccf.mapreduce.fold_rows import folds_from_columns
from totem_ccf.mapreduce.groups import GroupBatch
from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_ccf.mapreduce.results import ResultFile
from totem_ccf.mapreduce.runs import Piece, ShuffleError
from totem_ccf.mapreduce.shuffle_reader import ShuffleReader
from totem_sdk.cut import Partial, partial_of
from totem_sdk.interpreter.folded import Folded
from totem_sdk.program import Program
from totem_sdk.values import canonical_json

__all__ = ["FORMAT", "LINE_BYTES", "combined_layout", "header_of", "mapped_layout", "write_partials"]

FORMAT = "totem-partial-1"

LINE_BYTES = 256 << 20
"""No line is longer: whoever reads the file need not take more into memory at once."""

_GROUP_ROWS = 16_384


def header_of(program_id: str, partial: Partial) -> dict[str, Any]:
    """Return the first line of the file of a program."""
    return {
        "fold": None if partial.fold is None else partial.fold.kind,
        "format": FORMAT,
        "key": str(partial.key),
        "program_id": program_id,
        "value": str(partial.value),
    }


def combined_layout(program: Program) -> PairLayout | FoldLayout:
    """Return how partial groups are laid out for the reduce phase of step 0."""
    partial = partial_of(program)
    if partial.fold is None:
        return PairLayout(partial.key, partial.value)
    return FoldLayout(partial.key, partial.fold.kind, partial.fold.value)


def mapped_layout(program: Program, executor: Literal["kernel", "interpreter"]) -> PairLayout | FoldLayout:
    """Return how the map tasks of step 0 have laid out what they put out.

    They fold for the reducer on the kernel only, and where there is no combiner that does it.
    """
    layout = combined_layout(program)
    if executor == "kernel" and program.steps[0].combiner is None:
        return layout
    return PairLayout(layout.key, layout.value)


def write_partials(
    path: Path,
    program: Program,
    layout: PairLayout | FoldLayout,
    outputs: Sequence[Mapping[str, Any]],
    memory_limit: int,
) -> ResultFile:
    """Write what the map tasks of a data part have put out, tasks in order; ``rows`` of the answer are groups.

    ``layout`` is the one in which the tasks have written; about ``memory_limit`` bytes are read at a time.

    The digest of the answer is that of the whole file.

    Raises:
        ShuffleError: what the tasks have put out can't be read, or one value is too large for a line.
        OSError: the file can't be written.
    """
    partial = partial_of(program)
    pieces = [Piece.from_json(dict(piece)) for output in outputs for piece in output["pieces"]]
    digest = hashlib.sha256()
    groups = values = 0
    with path.open("wb") as file:

        def put(document: Any) -> None:
            line = f"{canonical_json(document)}\n".encode()
            if len(line) > LINE_BYTES:
                raise ShuffleError(f"a partial group has {len(line) >> 20} MiB, {LINE_BYTES >> 20} MiB is the most")
            digest.update(line)
            file.write(line)

        put(header_of(program.program_id, partial))
        for batch in ShuffleReader(layout, pieces, memory_limit).groups(_GROUP_ROWS):
            for key, drawn in _groups(partial, layout, batch):
                groups += 1
                if isinstance(drawn, Folded):
                    values += drawn.number
                    put([key, *drawn.to_json()])
                    continue
                values += len(drawn)
                for value in drawn:
                    put([key, value])
        put({"groups": groups, "sha256": digest.hexdigest(), "values": values})
        file.flush()
        os.fsync(file.fileno())
    return ResultFile(path, digest.hexdigest(), groups)


def _groups(
    partial: Partial, layout: PairLayout | FoldLayout, batch: GroupBatch
) -> Iterator[tuple[Any, Folded | Sequence[Any]]]:
    """Yield the groups of a batch; where the reducer folds, with what their values come to."""
    pairs = PairLayout(partial.key, partial.value)
    keys = pairs.keys_to_python(batch.keys.columns)
    ends = batch.offsets.tolist()
    if isinstance(layout, FoldLayout):
        folds = folds_from_columns(layout, batch.values.columns)
        for key, start, end in zip(keys, ends[:-1], ends[1:], strict=True):
            yield key, reduce(Folded.then, folds[start:end])
        return
    values = pairs.values_to_python(batch.values.columns)
    for key, start, end in zip(keys, ends[:-1], ends[1:], strict=True):
        drawn = values[start:end]
        yield key, drawn if partial.fold is None else Folded.of(partial.fold, drawn)
