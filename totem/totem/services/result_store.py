"""Result stores: where a provider keeps ciphertexts of large results, each under the sha256 of its bytes.

A store is a URL: a folder (``file:///srv/results``, which others may have mounted), a bucket (``s3://bucket/prefix``),
or, for reading only, a provider's server (``https://provider.example/v1/sealed``). ``HASH`` lies at ``URL/HA/HASH``.
A ciphertext appears there whole or not at all; nothing in a store is secret, and whoever reads checks hash and size.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
import urllib.parse
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from totem.ledger.files import replacing, sync_folder
from totem.services.errors import BadInput, ProviderSide

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "FolderStore",
    "Readable",
    "ResultStore",
    "check_url",
    "copy_checked",
    "object_path",
    "open_regular",
    "open_store",
    "storing",
]

_PIECE = 1 << 20
_HASH = re.compile(r"[0-9a-f]{64}")
_LEFTOVER_SECONDS = 3_600
_TEMPORARY = ".putting-"


class ResultStore(Protocol):
    """A store that a provider writes to; ``url`` names it.

    Every method may raise ProviderSide, code ``result_store``: the store does not work.
    """

    url: str

    def put(self, ciphertext: str, file: Path) -> None:
        """Keep a file under its sha256; nothing where it is there already. It is safe when this returns."""

    def open(self, ciphertext: str) -> BinaryIO | None:
        """Return a ciphertext to be read from its beginning, None where there is none."""

    def delete(self, ciphertext: str) -> None:
        """Delete a ciphertext; nothing where there is none."""

    def tidy(self) -> None:
        """Remove what an interrupted ``put`` has left."""


def object_path(ciphertext: str) -> str:
    """Return where a ciphertext lies below its store's URL.

    Raises:
        ValueError: it is not a sha256.
    """
    if not _HASH.fullmatch(ciphertext):
        raise ValueError(f"not a sha256: {ciphertext[:80]!r}")
    return f"{ciphertext[:2]}/{ciphertext}"


def check_url(url: str, what: str, schemes: tuple[str, ...]) -> urllib.parse.SplitResult:
    """Return the parts of a store's URL.

    Raises:
        BadInput: code ``bad-store``: a store can't be at such a URL; the message begins with ``what``.
    """
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        raise BadInput(f"{what} {url!r}: not a URL", code="bad-store") from None
    problem = ""
    if "@" in url:
        problem = "a URL with a user's name or key would be on the ledger: give credentials by the environment"
    elif parts.scheme not in schemes:
        problem = f"it begins with none of {', '.join(f'{scheme}://' for scheme in schemes)}"
    elif not re.fullmatch(r"[!-~]{1,1000}", url):
        problem = "at most 1000 characters of ASCII, without spaces (write others as %20)"
    elif "#" in url or ("?" in url and parts.scheme != "s3"):
        problem = "what stands after ? or # would keep the ciphertext's hash from being what is asked for"
    elif parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        problem = "a folder's URL is file:// and its absolute path"
    elif parts.scheme != "file" and not parts.netloc:
        problem = f"it names no {'bucket' if parts.scheme == 's3' else 'host'}"
    if problem:
        raise BadInput(f"{what} {url!r}: {problem}", code="bad-store")
    return parts


def open_store(url: str) -> ResultStore:
    """Return the store at a URL that a provider writes to.

    Raises:
        BadInput: code ``bad-store``: a provider can't write there.
    """
    parts = check_url(url, "the result store", ("file", "s3"))
    if parts.scheme == "file":
        return FolderStore(url, Path(urllib.parse.unquote(parts.path)))
    from totem.services.result_bucket import BucketStore  # noqa: PLC0415  # brings pyarrow

    return BucketStore(url)


@contextmanager
def storing(url: str) -> Iterator[None]:
    """Turn everything that goes wrong in a store into an error of the provider's side that names the store.

    Raises:
        ProviderSide: code ``result_store``.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise ProviderSide(f"the result store {url} does not work: {reason}", code="result_store") from error


class Readable(Protocol):
    """What can be read to its end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most ``size`` of them; none at the end."""


def copy_checked(source: Readable, target: BinaryIO, ciphertext: str, size: int) -> bool:
    """Copy a ciphertext, never more than it should have; return whether it has the size and sha256 that it should."""
    digest, left = hashlib.sha256(), size
    while piece := source.read(min(_PIECE, left + 1)):
        digest.update(piece)
        left -= len(piece)
        if left < 0:
            return False
        target.write(piece)
    return left == 0 and digest.hexdigest() == ciphertext


def _copy_sealed(source: BinaryIO, target: BinaryIO, ciphertext: str) -> None:
    if not copy_checked(source, target, ciphertext, os.fstat(source.fileno()).st_size):
        raise OSError("the ciphertext is not what was sealed: it has changed on this disk")


class FolderStore:
    """A store in a folder, which others may have mounted: its files can be read by everybody who gets there."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder

    @classmethod
    def at(cls, folder: Path) -> FolderStore:
        """Return the store in a folder of this machine."""
        return cls(folder.absolute().as_uri(), folder)

    def put(self, ciphertext: str, file: Path) -> None:
        """See ``ResultStore``: a temporary file beside its place, made safe, then renamed."""
        place = self._folder / object_path(ciphertext)
        with storing(self.url):
            place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if self._has(place, ciphertext, file.stat().st_size):
                return
            with replacing(place, mode=0o644, prefix=_TEMPORARY) as target, file.open("rb") as source:
                _copy_sealed(source, target, ciphertext)
            for folder in (place.parent, self._folder):
                sync_folder(folder)

    def open(self, ciphertext: str) -> BinaryIO | None:
        """See ``ResultStore``; something else than a file is no ciphertext."""
        return open_regular(self._folder / object_path(ciphertext), self.url)

    def delete(self, ciphertext: str) -> None:
        """See ``ResultStore``."""
        place = self._folder / object_path(ciphertext)
        with storing(self.url):
            place.unlink(missing_ok=True)
            if place.parent.exists():
                sync_folder(place.parent)

    def tidy(self) -> None:
        """See ``ResultStore``; younger temporary files may be those of a server that is writing them."""
        with storing(self.url):
            for path in self._folder.glob(f"*/{_TEMPORARY}*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < time.time() - _LEFTOVER_SECONDS:
                        path.unlink()

    @staticmethod
    def _has(place: Path, ciphertext: str, size: int) -> bool:
        if not place.is_file():
            return False
        with place.open("rb") as source, Path(os.devnull).open("wb") as nowhere:
            return copy_checked(source, nowhere, ciphertext, size)


def open_regular(path: Path, url: str) -> BinaryIO | None:
    """Open a file for reading, None where there is none; a pipe or device, which could keep its reader, is none.

    Raises:
        ProviderSide: code ``result_store``: it can't be read.
    """
    with storing(url):
        try:
            number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            return None
        return os.fdopen(number, "rb")
