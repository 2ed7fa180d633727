"""Opening what is sealed to this identity: fetch the ciphertext, check it, decrypt it, check what comes out."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import tempfile
from typing import BinaryIO

from totem.ledger.identities import Identity
from totem.services.errors import NotAllowed, ProviderSide
from totem.services.fetching import fetch
from totem.services.result_store import copy_checked
from totem.services.sealed import Damaged, NotForThisKey, purpose_of, unseal
from totem.services.session import Record
from totem_chaincode.contracts.sealed import key_id, sealed_size

__all__ = ["open_sealed"]

_PIECE = 1 << 20
_HAND_OVER = "its provider can hand the result over: `totem provider result JOB -o FILE`"


def open_sealed(
    identity: Identity,
    job_id: str,
    told: Record,
    *,
    name: str = "result",
    store: str | None = None,
    patience: float = math.inf,
) -> BinaryIO:
    """Return the plain text of what a job has sealed, in a file without a name that is gone when it is closed.

    ``told`` is what the ledger says of it: ``hash`` and ``bytes`` of the plain text, ``sealed`` with all the rest, and
    ``content`` with a ciphertext that is in no store.
    ``store`` is the URL of the result store where it is not the one on the ledger, ``patience`` how many seconds there
    are to fetch from it.

    Raises:
        NotAllowed: code ``sealed_key``: it is sealed to another key than this identity's.
        Missing: code ``ciphertext_missing``: the store does not have it.
        ProviderSide: ``ciphertext_damaged``, ``result_store``: the store has something else, or can't be reached;
            ``sealed_wrong``: what was sealed is not what the ledger says.
    """
    sealed, what = told["sealed"], f"the {name} of {job_id}"
    own = key_id(identity.public_key.hex())
    if sealed["recipient"] != own:
        raise NotAllowed(
            f"{what} is sealed to the key {sealed['recipient'][:16]}…, not to that of {identity.id}, {own[:16]}…",
            code="sealed_key",
            hint=f"use the certificate and key with which the job was submitted; without them {_HAND_OVER}",
        )
    if sealed["ciphertext_bytes"] != (size := sealed_size(told["bytes"])):
        raise ProviderSide(
            f"{what} can't be opened: {told['bytes']} bytes are {size} when they are sealed, the ledger says"
            f" {sealed['ciphertext_bytes']}; its provider has sealed it wrongly",
            code="sealed_wrong",
            hint=_HAND_OVER,
        )
    with tempfile.TemporaryFile() as ciphertext:
        if sealed["location"] is None:
            _take(told["content"], ciphertext, sealed, what)
        else:
            size = sealed["ciphertext_bytes"]
            fetch(sealed["location"], sealed["ciphertext"], size, ciphertext, store=store, patience=patience)
        ciphertext.seek(0)
        plain = tempfile.TemporaryFile()  # noqa: SIM115  # its reader closes it
        try:
            purpose = purpose_of(name, job_id)
            salt = unseal(ciphertext, plain, envelope=sealed["envelope"], identity=identity, purpose=purpose)
            _check(plain, salt, told)
        except (NotForThisKey, Damaged) as error:
            plain.close()
            reason = str(error) or "the envelope does not open with the key that it names"
            # The ciphertext is the one on the ledger: so this is what its provider has made.
            raise ProviderSide(
                f"{what} can't be opened: {reason}; its provider has sealed it wrongly",
                code="sealed_wrong",
                hint=_HAND_OVER,
            ) from None
        except BaseException:
            plain.close()
            raise
    plain.seek(0)
    return plain


def _take(content: str, target: BinaryIO, sealed: Record, what: str) -> None:
    """Write a ciphertext that came from private data, in base64.

    Raises:
        ProviderSide: code ``ciphertext_damaged``: it is another one than the ledger says.
    """
    source = io.BytesIO(base64.b64decode(content))
    if not copy_checked(source, target, sealed["ciphertext"], sealed["ciphertext_bytes"]):
        raise ProviderSide(
            f"the private data with {what} are not the ciphertext {sealed['ciphertext']} that is on the ledger",
            code="ciphertext_damaged",
        )


def _check(plain: BinaryIO, salt: str, told: Record) -> None:
    """Compare size and salted hash with those on the ledger.

    Raises:
        Damaged: they are others.
    """
    size = plain.tell()
    digest = hashlib.sha256(bytes.fromhex(salt))
    plain.seek(0)
    while piece := plain.read(_PIECE):
        digest.update(piece)
    if (size, digest.hexdigest()) != (told["bytes"], told["hash"]):
        raise Damaged(f"it is not the {told['bytes']} bytes whose salted hash is on the ledger")
