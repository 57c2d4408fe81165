"""Sealed messages of the Douyin third-party platform: vendor sample in yydzxz/ByteDanceOpen, partner.open-douyin.com (read 2026-11-28).

Pure functions on text and bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


def seal(message: bytes, encoding_aes_key: str, app_id: str, random: bytes | None = None) -> str:
    """Encrypts 32 random bytes, the length, the message and whose it is."""
    key = b64decode(encoding_aes_key + "=")
    head = secrets.token_bytes(32) if random is None else random
    padder = PKCS7(256).padder()
    padded = (
        padder.update(head + len(message).to_bytes(4, "big") + message + app_id.encode()) + padder.finalize()
    )
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def signed(encrypt: str, token: str, timestamp: str, nonce: str) -> bytes:
    """Puts the four parts into a body."""
    digest = hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypt])).encode()).hexdigest()
    parts = {"Nonce": nonce, "TimeStamp": timestamp, "Encrypt": encrypt, "MsgSignature": digest}
    return json.dumps(parts, separators=(",", ":")).encode()
