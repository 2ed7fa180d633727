"""A ciphertext in a result store, and how it is fetched from there."""

import hashlib
import io

from totem.services.fetching import fetch

CONTENT = hashlib.shake_256(b"ciphertext").digest(3_000_000)
SIZE = len(CONTENT)
HASH = hashlib.sha256(CONTENT).hexdigest()


def fetched(url, ciphertext=HASH, size=SIZE, **options):
    target = io.BytesIO()
    fetch(url, ciphertext, size, target, **options)
    return target.getvalue()
