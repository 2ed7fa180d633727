"""Digests of data as they lie, and what of them may be public.

A digest on its own would tell who knows a file that it is the provider's, and small fragments could be guessed; so a
digest is published with a salt that only the provider keeps.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import IO

from totem_ccf.storage.errors import DataError

__all__ = ["digest_of_range", "salted_digest"]

_CHUNK = 1 << 20


def digest_of_range(file: IO[bytes], path: str, ranges: Iterable[tuple[int, int]], prefix: bytes = b"") -> str:
    """Return the sha256 (hexadecimal) of ``prefix`` and of byte ranges (start, stop) of an open file.

    Raises:
        DataError: the file ends before a range does (kind ``truncated``).
        OSError: the file can't be read.
    """
    digest = hashlib.sha256(prefix)
    for start, stop in ranges:
        file.seek(start)
        left = stop - start
        while left:
            data = file.read(min(left, _CHUNK))
            if not data:
                raise DataError("truncated", path, "the file ends before its last fragment does")
            digest.update(data)
            left -= len(data)
    return digest.hexdigest()


def salted_digest(digest: str, salt: bytes) -> str:
    """Return the digest that is published: HMAC-SHA256 of a fragment's digest with the dataset's secret salt.

    ``digest`` and the result are hexadecimal. The salt should have 16 random bytes at least.
    """
    return hmac.new(salt, bytes.fromhex(digest), hashlib.sha256).hexdigest()
