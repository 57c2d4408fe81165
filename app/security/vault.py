"""Sealing of what must be readable again: AES-256-GCM with a data key per value, wrapped by a key from SECRET_KEY.

Layout: version(1) key id(8) nonce(12) wrapped data key(48) nonce(12) ciphertext+tag. The associated data names the
table, row and column, so that a sealed value moved to another row does not open.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import CallgateError

VERSION = b"\x01"
KEY_ID_BYTES = 8
NONCE_BYTES = 12
WRAPPED_BYTES = 48
HEAD_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES + WRAPPED_BYTES + NONCE_BYTES


class VaultError(CallgateError):
    """A sealed value cannot be opened with the keys at hand."""

    def __init__(self, message: str):
        super().__init__("vault", message)


class Vault:
    """Seals with the first secret, opens with any of them."""

    def __init__(self, secret_keys: Sequence[str]):
        self._keys = {_key_id(secret): _derive(secret, b"callgate vault") for secret in secret_keys}
        self._first = _key_id(secret_keys[0])

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        """Seal for one place ("connections/<row id>/access_token")."""
        data_key, wrap_nonce, nonce = (
            secrets.token_bytes(32),
            secrets.token_bytes(12),
            secrets.token_bytes(12),
        )
        context = place.encode()
        wrapped = AESGCM(self._keys[self._first]).encrypt(wrap_nonce, data_key, context)
        return (
            VERSION
            + self._first
            + wrap_nonce
            + wrapped
            + nonce
            + AESGCM(data_key).encrypt(nonce, plaintext, context)
        )

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Open what was sealed for the same place; raises VaultError with a sentence that says what to do."""
        if len(sealed) < HEAD_BYTES or sealed[:1] != VERSION:
            raise VaultError("A sealed value in the database is damaged.")
        key_id = sealed[1:9]
        key = self._keys.get(key_id)
        if key is None:
            raise VaultError(
                "A sealed value was written with a key that is no longer in SECRET_KEY; put it back at the end."
            )
        wrap_nonce, wrapped, nonce = sealed[9:21], sealed[21:69], sealed[69:81]
        try:
            data_key = AESGCM(key).decrypt(wrap_nonce, wrapped, place.encode())
            return AESGCM(data_key).decrypt(nonce, sealed[HEAD_BYTES:], place.encode())
        except InvalidTag:
            raise VaultError(
                "A sealed value in the database does not belong to its row or is damaged."
            ) from None

    def is_current(self, sealed: bytes) -> bool:
        """Say whether a value was sealed with the first secret; others are rewritten during rotation."""
        return sealed[1:9] == self._first


def derive_key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, independent of those for any other (HKDF-SHA256, RFC 5869)."""
    return _derive(secret, purpose.encode())


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def _key_id(secret: str) -> bytes:
    return hashlib.sha256(b"callgate key id\x00" + secret.encode()).digest()[:KEY_ID_BYTES]
