"""Sealing: files encrypted to the key of whom they are for, in chunks, so that memory stays bounded.

The format (``totem-sealed-1``, described in docs/sealed-results.md) is made of two known constructions: the content is
encrypted with a random key of its own as STREAM says (AES-256-GCM over chunks that are numbered, the last one marked),
and that key goes into an envelope by HPKE (RFC 9180) to the recipient's P-256 key. A chunk that is changed, moved,
missing or added is noticed, and so is an end that is not the end.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from totem.ledger import hpke
from totem.ledger.identities import Identity
from totem_chaincode.contracts.sealed import CHUNK_BYTES, FORMAT, key_id

__all__ = ["MAGIC", "Damaged", "NotForThisKey", "Sealed", "purpose_of", "seal", "unseal"]

MAGIC = f"{FORMAT}\n".encode()
"""What every ciphertext begins with."""

_TAG_BYTES = 16
_KEY_BYTES = 32


class NotForThisKey(Exception):
    """The envelope does not open with this identity's key: it is another's, or damaged."""


class Damaged(Exception):
    """The ciphertext is not what was sealed; the message says where it is noticed."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What opens a ciphertext, and names it: all of it may be told to everybody.

    ``envelope`` and ``recipient`` (the name of the key, ``key_id``) are hexadecimal; ``ciphertext`` is the sha256 of
    the ciphertext.
    """

    recipient: str
    envelope: str
    ciphertext: str
    ciphertext_bytes: int


def purpose_of(name: str, job_id: str) -> str:
    """Return what is bound to the envelope of what a job has sealed: ``result`` or ``partial``, and which job."""
    return f"{name} of {job_id}"


def seal(plain: BinaryIO, target: BinaryIO, *, public_key: str, purpose: str, salt: str) -> Sealed:
    """Encrypt a file, from where it stands to its end, for the holder of a P-256 key.

    ``public_key`` is hexadecimal (SubjectPublicKeyInfo); ``purpose`` says what this is (a job's result, say) and is
    bound to the envelope; ``salt`` (hexadecimal) goes into the envelope for its reader. ``plain`` must be buffered.

    Raises:
        ValueError: it is not a P-256 key.
    """
    key = os.urandom(_KEY_BYTES)
    recipient = key_id(public_key)
    envelope = hpke.encrypt(bytes.fromhex(public_key), key + bytes.fromhex(salt), _info(purpose, recipient))
    digest, size = hashlib.sha256(), 0
    for piece in _encrypted(AESGCM(key), plain):
        target.write(piece)
        digest.update(piece)
        size += len(piece)
    return Sealed(recipient, envelope.hex(), digest.hexdigest(), size)


def unseal(source: BinaryIO, target: BinaryIO, *, envelope: str, identity: Identity, purpose: str) -> str:
    """Write the plain text of a ciphertext to ``target`` and return the salt that came in the envelope.

    What is written before an error is true, but it may be not all: nothing of it must be used.

    Raises:
        NotForThisKey: the envelope does not open with this identity's key and this purpose.
        Damaged: the ciphertext does not belong to the envelope, or is changed, cut off or longer.
    """
    info = _info(purpose, key_id(identity.public_key.hex()))
    try:
        opened = identity.decrypt(bytes.fromhex(envelope), info)
    except hpke.CannotOpen:
        raise NotForThisKey from None
    if len(opened) < _KEY_BYTES:
        raise Damaged("the envelope holds no key")
    if source.read(len(MAGIC)) != MAGIC:
        raise Damaged(f"it does not begin as {FORMAT} does")
    cipher = AESGCM(opened[:_KEY_BYTES])
    for number, (piece, is_last) in enumerate(_pieces(source, CHUNK_BYTES + _TAG_BYTES)):
        try:
            chunk = cipher.decrypt(_nonce(number, is_last=is_last), piece, None)
        except (InvalidTag, ValueError):
            raise Damaged(f"chunk {number} is not what was sealed") from None
        if not chunk and number:
            raise Damaged(f"chunk {number} is empty: the content ends before it")
        target.write(chunk)
    return opened[_KEY_BYTES:].hex()


def _info(purpose: str, recipient: str) -> bytes:
    return f"{FORMAT}\n{purpose}\n{recipient}".encode()


def _nonce(number: int, *, is_last: bool) -> bytes:
    """Return a chunk's nonce: its number in 11 bytes, then 1 for the last and 0 for all others."""
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _encrypted(cipher: AESGCM, plain: BinaryIO) -> Iterator[bytes]:
    yield MAGIC
    for number, (chunk, is_last) in enumerate(_pieces(plain, CHUNK_BYTES)):
        yield cipher.encrypt(_nonce(number, is_last=is_last), chunk, None)


def _pieces(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield a file in pieces of ``size`` bytes, each with whether it is the last; an empty file is one empty piece."""
    piece = file.read(size)
    while following := file.read(size):
        yield piece, False
        piece = following
    yield piece, True
