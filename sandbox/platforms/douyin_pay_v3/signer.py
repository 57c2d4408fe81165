"""Signatures and sealed resources of Douyin Pay, version 3: PyPI bytedance-douyinpay 1.1.0 (read 2026-11-28).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.platforms.douyin_pay_v3 import keys


def headers_of(
    body: bytes,
    timestamp: int | str,
    nonce: str,
    *,
    private_key: str = keys.PRIVATE_KEY,
    serial: str = keys.SERIAL,
) -> dict[str, str]:
    """Signs time, nonce and body, a line each."""
    key = load_der_private_key(b64decode(private_key), None)
    assert isinstance(key, RSAPrivateKey)
    signature = key.sign(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", PKCS1v15(), SHA256())
    return {
        "Douyinpay-Timestamp": str(timestamp),
        "Douyinpay-Nonce": nonce,
        "Douyinpay-Serial": serial,
        "Douyinpay-Signature": b64encode(signature).decode(),
    }


def seal(plaintext: bytes, encrypt_key: str, original_type: str) -> dict[str, str]:
    """Seals a resource."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(encrypt_key.encode()).encrypt(nonce.encode(), plaintext, original_type.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "original_type": original_type,
        "associated_data": original_type,
        "nonce": nonce,
        "ciphertext": b64encode(sealed).decode(),
    }
