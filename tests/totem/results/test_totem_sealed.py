"""Sealing: whatever goes in comes out, for its reader only, and whatever is changed is noticed."""

import hashlib
import io
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from totem.ledger.hpke import CannotOpen, decrypt, encrypt
from totem.ledger.identities import CertificateAuthority
from totem.services.sealed import (
    MAGIC,
    Damaged,
    NotForThisKey,
    Sealed,
    seal,
    unseal,
)
from totem_chaincode.contracts.sealed import CHUNK_BYTES, SEALED, key_id, sealed_size

AUTHORITY = CertificateAuthority.create()
READER = AUTHORITY.issue("peter", "StavangerMSP", "consumer")
OTHER = AUTHORITY.issue("paula", "PortoMSP", "consumer")
SALT = "5a" * 32
BOUNDARIES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]


def sealed(content, purpose="result of job-1", reader=READER, salt=SALT):
    target = io.BytesIO()
    made = seal(io.BytesIO(content), target, public_key=reader.public_key.hex(), purpose=purpose, salt=salt)
    return made, target.getvalue()


def opened(made, ciphertext, purpose="result of job-1", reader=READER):
    target = io.BytesIO()
    salt = unseal(io.BytesIO(ciphertext), target, envelope=made.envelope, identity=reader, purpose=purpose)
    return target.getvalue(), salt


@pytest.mark.parametrize("size", BOUNDARIES)
def test_what_is_sealed_comes_out_at_every_boundary(size):
    content = hashlib.shake_256(b"content").digest(size)
    made, ciphertext = sealed(content)
    assert opened(made, ciphertext) == (content, SALT)
    assert (made.ciphertext, made.ciphertext_bytes) == (hashlib.sha256(ciphertext).hexdigest(), len(ciphertext))
    assert len(ciphertext) == sealed_size(size)
    assert made.recipient == key_id(READER.public_key.hex())


@settings(max_examples=40, deadline=None)
@given(size=st.integers(0, 4 * CHUNK_BYTES), salt=st.binary(min_size=16, max_size=64))
def test_any_size_and_salt_comes_out(size, salt):
    content = hashlib.shake_256(salt).digest(size)
    made, ciphertext = sealed(content, salt=salt.hex())
    assert opened(made, ciphertext) == (content, salt.hex())


SMALL = sealed(b"[1,2]\n" * 20_000)  # two chunks


@settings(max_examples=150, deadline=None)
@given(bit=st.integers(0, len(SMALL[1]) * 8 - 1))
def test_any_bit_that_flips_is_refused(bit):
    made, ciphertext = SMALL
    changed = bytearray(ciphertext)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Damaged):
        opened(made, bytes(changed))


@settings(max_examples=100, deadline=None)
@given(bit=st.integers(0, len(SMALL[0].envelope) * 4 - 1))
def test_any_bit_of_the_envelope_that_flips_is_refused(bit):
    made, ciphertext = SMALL
    envelope = bytearray.fromhex(made.envelope)
    envelope[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotForThisKey):
        opened(Sealed(made.recipient, envelope.hex(), made.ciphertext, made.ciphertext_bytes), ciphertext)


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, len(SMALL[1]) - 1))
def test_any_shorter_ciphertext_is_refused(length):
    made, ciphertext = SMALL
    with pytest.raises(Damaged):
        opened(made, ciphertext[:length])


@pytest.mark.parametrize("size", BOUNDARIES)
def test_a_ciphertext_cut_at_a_chunk_or_with_more_after_it_is_refused(size):
    made, ciphertext = sealed(b"x" * size)
    piece = CHUNK_BYTES + 16
    for end in range(len(MAGIC), len(ciphertext), piece):
        with pytest.raises(Damaged):
            opened(made, ciphertext[:end])
    for more in (b"x", b"x" * 16, ciphertext[len(MAGIC) :]):
        with pytest.raises(Damaged):
            opened(made, ciphertext + more)


def test_chunks_can_not_change_places():
    made, ciphertext = sealed(b"a" * CHUNK_BYTES + b"b" * CHUNK_BYTES + b"c")
    piece = CHUNK_BYTES + 16
    start = len(MAGIC)
    first, second = ciphertext[start : start + piece], ciphertext[start + piece : start + 2 * piece]
    for swapped in (second + first, first + first, second + second):
        with pytest.raises(Damaged, match="chunk"):
            opened(made, MAGIC + swapped + ciphertext[start + 2 * piece :])


def test_only_the_reader_opens_it_and_only_for_what_it_is():
    made, ciphertext = sealed(b"content")
    for changes in ({"reader": OTHER}, {"purpose": "result of job-2"}, {"purpose": "partial of job-1"}):
        with pytest.raises(NotForThisKey):
            opened(made, ciphertext, **changes)


def test_the_same_content_is_sealed_differently_each_time():
    (first, one), (second, two) = sealed(b"content"), sealed(b"content")
    assert first.envelope != second.envelope
    assert one != two
    with pytest.raises(Damaged):
        opened(first, two)


@dataclass
class Crafted:
    envelope: str


def crafted(plain, key=READER):
    info = f"totem-sealed-1\nresult of job-1\n{key_id(READER.public_key.hex())}".encode()
    return Crafted(encrypt(key.public_key, plain, info).hex())


def test_a_crafted_envelope_is_refused():
    ciphertext = sealed(b"content")[1]
    with pytest.raises(Damaged, match="holds no key"):
        opened(crafted(b"k" * 31), ciphertext)
    with pytest.raises(Damaged, match="chunk 0"):
        opened(crafted(b"k" * 64), ciphertext)
    for envelope in ("", "04", "04" + "00" * 144, "ff" * 145):
        with pytest.raises(NotForThisKey):
            opened(Crafted(envelope), ciphertext)


def test_a_crafted_content_can_not_end_in_an_empty_chunk():
    """Else one content would have two ciphertexts, and a full last chunk two ends."""
    key = b"k" * 32
    chunks = [(b"x" * CHUNK_BYTES, b"\x00"), (b"", b"\x01")]
    pieces = [
        AESGCM(key).encrypt(number.to_bytes(11, "big") + last, chunk, None)
        for number, (chunk, last) in enumerate(chunks)
    ]
    with pytest.raises(Damaged, match="chunk 1 is empty"):
        opened(crafted(key + bytes.fromhex(SALT)), MAGIC + b"".join(pieces))


def test_it_is_sealed_to_p256_keys_only():
    key = ec.generate_private_key(ec.SECP384R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for wrong in (public, b"", b"no key"):
        with pytest.raises(ValueError, match=r"P-256|key|parse"):
            encrypt(wrong, b"x", b"")
    with pytest.raises(CannotOpen):
        decrypt(key, encrypt(READER.public_key, b"x", b""), b"")


def test_what_sealing_gives_fits_the_contracts_argument():
    made, _ = sealed(b"x", salt="ab" * 64)
    told = {"hash": "aa" * 32, "lines": 1, "bytes": 1, "format": "totem-sealed-1", "location": "file:///srv"}
    told |= {"recipient": made.recipient, "envelope": made.envelope, "ciphertext": made.ciphertext}
    SEALED.check({**told, "ciphertext_bytes": made.ciphertext_bytes}, "sealed")


def labeled_extract(salt, suite, label, material):
    mac = hmac.HMAC(salt or bytes(32), hashes.SHA256())
    mac.update(b"HPKE-v1" + suite + label + material)
    return mac.finalize()


def labeled_expand(prk, suite, label, info, length):
    block, out = b"", b""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    for counter in range(1, 10):
        mac = hmac.HMAC(prk, hashes.SHA256())
        mac.update(block + labeled + bytes([counter]))
        block = mac.finalize()
        out += block
    return out[:length]


def test_the_documented_format_is_what_is_written():
    """Opened step by step as RFC 9180 and docs/sealed-results.md say, without the code that sealed it."""
    content = b"line\n" * 30_000
    made, ciphertext = sealed(content)
    envelope = bytes.fromhex(made.envelope)
    enc, wrapped = envelope[:65], envelope[65:]
    private = serialization.load_pem_private_key(READER.key_pem().encode(), None)
    ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), enc)
    own = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    kem = b"KEM" + (0x0010).to_bytes(2, "big")
    agreed = labeled_extract(b"", kem, b"eae_prk", private.exchange(ec.ECDH(), ephemeral))
    shared = labeled_expand(agreed, kem, b"shared_secret", enc + own, 32)
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0010, 0x0001, 0x0002))
    info = f"totem-sealed-1\nresult of job-1\n{made.recipient}".encode()
    context = b"\x00" + labeled_extract(b"", suite, b"psk_id_hash", b"")
    context += labeled_extract(b"", suite, b"info_hash", info)
    secret = labeled_extract(shared, suite, b"secret", b"")
    key, nonce = (
        labeled_expand(secret, suite, label, context, size) for label, size in ((b"key", 32), (b"base_nonce", 12))
    )
    plain = AESGCM(key).decrypt(nonce, wrapped, b"")
    assert plain[32:].hex() == SALT
    rest, found = ciphertext[len(b"totem-sealed-1\n") :], b""
    pieces = [rest[at : at + 65_552] for at in range(0, len(rest), 65_552)]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        found += AESGCM(plain[:32]).decrypt(number.to_bytes(11, "big") + bytes([last]), piece, None)
    assert found == content
