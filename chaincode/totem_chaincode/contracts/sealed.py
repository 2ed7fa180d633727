"""Sealed results: those that are larger than a private data collection should carry.

Up to ``INLINE_BYTES`` the lines of a result travel through transient data into the private data of the organisation
that they are for. Beyond that, or where that organisation does not endorse, their provider encrypts them to the
recipient's public key and keeps the ciphertext in its result store (docs/sealed-results.md has the format). On the
channel are then what a reader needs to find it, open it and check it: hash and size of plain text and ciphertext, the
envelope with the key, and where the store is. The contract can't look into the envelope; it checks that everything is
there and for whom it says it is.

Partial groups are always sealed: whoever endorses sees transient data, the consumer's organisation too. Up to
``INLINE_BYTES`` of them their ciphertext goes into private data (``location`` is null), beyond that into a store.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import HASH, Choice, Fields, Integer, Optional, Record, Text
from totem_chaincode.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from totem_chaincode.context import Context

__all__ = [
    "CHUNK_BYTES",
    "CONTENT",
    "FORMAT",
    "INLINE_BYTES",
    "INLINE_LINES",
    "SEALED",
    "get_ciphertext",
    "get_lines",
    "key_id",
    "key_of",
    "put_ciphertext",
    "put_lines",
    "sealed_record",
    "sealed_size",
]

INLINE_BYTES = 1_000_000
"""Bytes of lines that go through private data at most; with the salt before them they stay below 1 MiB."""

INLINE_LINES = Text(INLINE_BYTES, least=0, what="lines")
"""Lines that go through private data, as a transient field."""

FORMAT = "totem-sealed-1"
"""The only format of ciphertexts and envelopes so far."""

CHUNK_BYTES = 1 << 16
"""Bytes of plain text in each chunk of a ciphertext but the last."""

_TAG_BYTES = 16
_SIZE = Integer(0, (1 << 63) - 1, "size")
_CIPHERTEXT: Fields = {
    "format": Choice(FORMAT),
    "recipient": HASH,
    "envelope": Text(1_024, pattern=r"(?:[0-9a-f]{2}){65,512}", what="envelope in hex"),
    "ciphertext": HASH,
    "ciphertext_bytes": _SIZE,
    # Nothing before an @: a store's credentials have no place on a channel. No ? and no #: what its reader asks for
    # ends in the ciphertext's hash, and is nothing else on a server of the reader's. Only a bucket has options.
    "location": Optional(
        Text(
            1_024,
            pattern=r'(?:(?:file|https?)://[!"$->A-~]*|s3://[!"$->A-~]*(?:\?[!"$->A-~]*)?)',
            what="store's location",
            form="a URL file://, http://, https:// or s3:// in ASCII, without a user's name, # or (but for s3) ?",
        )
    ),
}

SEALED = Record({"hash": HASH, "lines": _SIZE, "bytes": _SIZE, **_CIPHERTEXT})
"""What a provider tells of a sealed result: the salted hash, lines and bytes of the plain text, and its ciphertext."""

CONTENT = Text(-(-(INLINE_BYTES + (1 << 12)) // 3) * 4, pattern="[A-Za-z0-9+/]+={0,2}", what="ciphertext in base64")
"""A ciphertext that goes into private data, as a transient field; it is a little longer than what it holds."""


def key_id(public_key: str) -> str:
    """Return the name of a public key: the sha256 of its SubjectPublicKeyInfo, both in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()


def key_of(ctx: Context, participant: str) -> str | None:
    """Return the public key that a participant has announced last (SubjectPublicKeyInfo in hex), or None."""
    record = ctx.state.get("public_key", participant)
    return None if record is None else record["public_key"]


def sealed_size(size: int) -> int:
    """Return how many bytes the ciphertext of ``size`` bytes has: the format's first line, and a tag for each chunk."""
    return len(FORMAT) + 1 + size + _TAG_BYTES * max(1, -(-size // CHUNK_BYTES))


def sealed_record(told: dict[str, Any], public_key: str | None) -> dict[str, Any]:
    """Return what the channel keeps of a sealed result besides hash and size of its plain text.

    Raises:
        Invalid: its ciphertext can't have the size that is told, or it is not sealed to ``public_key``.
    """
    if told["ciphertext_bytes"] != sealed_size(told["bytes"]):
        raise Invalid(
            f"sealed.ciphertext_bytes: {told['bytes']} bytes are {sealed_size(told['bytes'])} when they are sealed, not"
            f" {told['ciphertext_bytes']}"
        )
    if public_key is None:
        raise Invalid("sealed.recipient: there is no key on the ledger to which it could be sealed")
    if told["recipient"] != key_id(public_key):
        raise Invalid(f"sealed.recipient: the key to seal it to is {key_id(public_key)}, not {told['recipient']}")
    return {name: told[name] for name in _CIPHERTEXT}


def put_ciphertext(
    ctx: Context, msp_ids: Iterable[str], kind: str, *parts: str, told: dict[str, Any], content: str
) -> None:
    """Write a ciphertext, given in base64, into the private data of organisations.

    Raises:
        Invalid: it is too large for that, or not the one that is told.
    """
    try:
        data = base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise Invalid(f"transient.content: not base64: {error}") from None
    if told["bytes"] > INLINE_BYTES:
        raise Invalid(f"transient.content: more than {INLINE_BYTES} bytes go into a store, these are {told['bytes']}")
    if (len(data), hashlib.sha256(data).hexdigest()) != (told["ciphertext_bytes"], told["ciphertext"]):
        raise Invalid("transient.content: not the ciphertext that sealed says")
    ctx.put_private_bytes(msp_ids, kind, *parts, value=data)


def get_ciphertext(ctx: Context, kind: str, *parts: str) -> str | None:
    """Return what ``put_ciphertext`` wrote, from the caller's organisation, in base64."""
    value = ctx.get_private_bytes(kind, *parts)
    return None if value is None else base64.b64encode(value).decode()


def put_lines(ctx: Context, msp_ids: Iterable[str], kind: str, *parts: str, lines: bytes, salt: str) -> None:
    """Write lines with their salt into the private data of organisations.

    As they are, not as JSON: quoted they could be twice as long as what has been checked.
    """
    ctx.put_private_bytes(msp_ids, kind, *parts, value=f"{salt}\n".encode() + lines)


def get_lines(ctx: Context, kind: str, *parts: str) -> dict[str, str] | None:
    """Return what ``put_lines`` wrote, from the caller's organisation: ``result`` and ``salt``."""
    value = ctx.get_private_bytes(kind, *parts)
    if value is None:
        return None
    salt, _, lines = value.partition(b"\n")
    return {"result": lines.decode(), "salt": salt.decode()}
