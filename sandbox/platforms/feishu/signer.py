"""Feishu: encrypted envelopes and the two request signatures.

Protocol: open.feishu.cn, "Receive events" and "Process callbacks" (read 2026-11-20). The signature is a
plain SHA-256 over timestamp, nonce, Encrypt Key and raw body, not an HMAC; old card clicks use SHA-1 and
the Verification Token. URL verification is never signed.

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


def encrypt(plain: bytes, encrypt_key: str, iv: bytes | None = None) -> str:
    """Encrypts with AES-256-CBC under the SHA-256 of the Encrypt Key; the IV goes in front."""
    start = os.urandom(BLOCK) if iv is None else iv
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(_key(encrypt_key)), modes.CBC(start)).encryptor()
    padded = plain + bytes([padding]) * padding
    return b64encode(start + encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(encrypted: str, encrypt_key: str) -> bytes:
    """Reverses `encrypt`; raises ValueError for anything that is not well padded."""
    raw = b64decode(encrypted, validate=True)
    decryptor = Cipher(algorithms.AES(_key(encrypt_key)), modes.CBC(raw[:BLOCK])).decryptor()
    padded = decryptor.update(raw[BLOCK:]) + decryptor.finalize()
    padding = padded[-1] if padded else 0
    if not 1 <= padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise ValueError("bad padding")
    return padded[:-padding]


def envelope(plain: bytes, encrypt_key: str, iv: bytes | None = None) -> bytes:
    """Returns the body `{"encrypt":"..."}` without spaces, as Feishu sends it."""
    return json.dumps({"encrypt": encrypt(plain, encrypt_key, iv)}, separators=(",", ":")).encode()


def event_signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """Signs an event or a new-style callback; an app without an Encrypt Key signs with an empty one."""
    return hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()


def card_signature(timestamp: str, nonce: str, verification_token: str, body: bytes) -> str:
    """Signs an old card click (`card.action.trigger_v1`)."""
    return hashlib.sha1((timestamp + nonce + verification_token).encode() + body).hexdigest()


def headers(timestamp: str, nonce: str, signature: str) -> dict[str, str]:
    """Returns the three signature headers."""
    return {
        "X-Lark-Request-Timestamp": timestamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": signature,
    }


def _key(encrypt_key: str) -> bytes:
    return hashlib.sha256(encrypt_key.encode()).digest()
