"""SM2 signatures with SM3 (GB/T 32918.2, GB/T 32905), user id 1234567812345678, as DER of (r, s). Pure but for the random number of a signature.

The curve is gmssl's work: `cryptography` has no SM2. What that package leaves out is done here: the ranges of r and s, whether a key lies
on the curve, and a random number that nobody can guess (its own comes from `random`, and one known number gives the private key away).
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SM3, Hash
from gmssl.sm2 import CryptSM2, default_ecc_table

SPKI_HEAD: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""SubjectPublicKeyInfo up to the point: id-ecPublicKey, then sm2p256v1 (GM/T 0006)."""

P, A, B, N = (int(default_ecc_table[name], 16) for name in "pabn")
NUMBER: Final = 64
"""Hex digits of a number."""

LONGEST_SIGNATURE: Final = 80
USER_ID: Final = b"1234567812345678"


def read_public_key(text: str) -> str:
    """Return x and y in hex of a key in Base64 (SubjectPublicKeyInfo) or hex (04, x, y); raises ValueError."""
    text = "".join(text.split())
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * (1 + NUMBER) else b64decode(text, validate=True)
    except Base64Error as error:
        raise ValueError("not Base64") from error
    point = raw.removeprefix(SPKI_HEAD)
    if len(point) != NUMBER + 1 or point[0] != 4:  # noqa: PLR2004 - an uncompressed point
        raise ValueError("not a key on sm2p256v1")
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    if not (x < P and y < P and (y * y - x * x * x - A * x - B) % P == 0):
        raise ValueError("not a point of the curve")
    return point[1:].hex()


def read_private_key(text: str) -> str:
    """Return the number of a private key in 64 hex digits; raises ValueError."""
    if len(text) != NUMBER or not 0 < int(text, 16) < N - 1:
        raise ValueError("a private key has 64 hex digits")
    return text.lower()


def public_half(private_key: str) -> str:
    """Return x and y in hex of the key that proves what a private key signs."""
    return str(_curve()._kg(int(private_key, 16), default_ecc_table["g"]))


def is_signed_by(public_key: str, signature: bytes, message: bytes) -> bool:
    """Say whether a key's owner signed; whatever the bytes. Costs some hundredths of a second."""
    if len(signature) > LONGEST_SIGNATURE:
        return False
    try:
        r, s = decode_dss_signature(signature)
        if not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
            return False
        return bool(_curve(public_key).verify(f"{r:064x}{s:064x}", _digest(public_key, message)))
    except (ValueError, TypeError, IndexError):
        # The last two are the package's own words for a sum at infinity.
        return False


def sign(private_key: str, public_key: str, message: bytes) -> bytes:
    """Return the DER of a signature with a fresh random number."""
    signer = _curve(public_key, private_key)
    made = None
    while made is None:
        made = signer.sign(_digest(public_key, message), f"{secrets.randbelow(N - 1) + 1:064x}")
    return encode_dss_signature(int(made[:NUMBER], 16), int(made[NUMBER:], 16))


def _digest(public_key: str, message: bytes) -> bytes:
    """Return what is signed (GB/T 32918.2 §5.5, §6.1); the package's own SM3 takes 10 s for a megabyte."""
    curve = "".join(f"{number:064x}" for number in (A, B)) + default_ecc_table["g"]
    identity = (len(USER_ID) * 8).to_bytes(2, "big") + USER_ID + bytes.fromhex(curve + public_key)
    return _sm3(_sm3(identity) + message)


def _sm3(text: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(text)
    return digest.finalize()


def _curve(public_key: str = "", private_key: str = "") -> Any:
    curve = CryptSM2(private_key=private_key, public_key="")
    # Given to the constructor, a key that begins with 04 would lose more than these two digits.
    curve.public_key = public_key
    return curve
