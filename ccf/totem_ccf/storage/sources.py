"""Where data lie: files, folders and globs; what format a file has; reading it with errors of ours.

A folder stands for every file below it, sorted by its path from there (names that begin with ``.`` or ``_`` are left
out); a glob for every file that it matches, sorted. The format follows from the name: ``.parquet`` and ``.pq`` are
Parquet, ``.csv`` is CSV, ``.jsonl`` and ``.ndjson`` are JSON lines, everything else is text. All but Parquet may be
compressed: ``.gz``, ``.bz2``, ``.xz`` behind the name.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from totem_ccf.storage.errors import DataError

__all__ = ["Format", "find_files", "format_of", "is_compressed", "open_stream", "reading"]

Format = Literal["parquet", "csv", "jsonl", "text"]

_COMPRESSED = (".gz", ".bz2", ".xz")


def find_files(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """Return the absolute paths of all files that ``paths`` stands for, in the order of the dataset.

    Raises:
        DataError: a file, or anything below a folder or glob, is not there (``missing``, ``unreadable``).
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    found: list[Path] = []
    for given in paths:
        found += _expand(os.fspath(given))
    if not found:
        raise DataError("missing", "(no path)", "no data given")
    return tuple(found)


def _expand(given: str) -> list[Path]:
    if "\0" in given:
        raise DataError("missing", repr(given), "a path has no null byte")
    # Links are not followed: a fragment keeps the name that the provider gave.
    path = Path(os.path.abspath(given))  # noqa: PTH100 - Path.absolute leaves ".." in, Path.resolve follows links
    with reading(given):
        if path.is_dir():
            files = [file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path))]
            files.sort(key=lambda file: file.relative_to(path).parts)
        elif path.exists() or not glob.has_magic(given):
            path.stat()
            if not path.is_file():
                raise DataError("unreadable", given, "neither a file nor a folder")
            return [path]
        else:
            matches = glob.glob(str(path), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
            files = sorted(Path(match) for match in matches if Path(match).is_file())
    if not files:
        raise DataError("missing", given, "there is no file in this folder or of this pattern")
    return files


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def format_of(path: Path) -> Format:
    """Return the format that a file's name stands for."""
    name = path.name.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    if name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    return "csv" if name.endswith(".csv") else "text"


def is_compressed(path: Path) -> bool:
    """Tell whether a file is read through a decompressor."""
    return path.name.lower().endswith(_COMPRESSED)


def open_stream(path: Path) -> IO[bytes]:
    """Open a file for reading its bytes, decompressed; use within ``reading``."""
    name = path.name.lower()
    if name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if name.endswith(".bz2"):
        return cast("IO[bytes]", bz2.open(path, "rb"))
    if name.endswith(".xz"):
        return cast("IO[bytes]", lzma.open(path, "rb"))
    return path.open("rb")


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn the operating system's and the decompressors' errors into DataError, in the file ``path``."""
    name = str(path)
    try:
        yield
    except FileNotFoundError:
        raise DataError("missing", name, "there is no such file") from None
    except EOFError:
        raise DataError("truncated", name, "the compressed data end in the middle") from None
    except (lzma.LZMAError, zlib.error, gzip.BadGzipFile):
        raise DataError("format", name, "the compressed data are damaged") from None
    except OSError as error:
        if error.strerror is None:
            # bz2 says so, without an error number.
            raise DataError("format", name, "the compressed data are damaged") from None
        raise DataError("unreadable", name, f"can't be read: {error.strerror}") from None
