"""DingTalk: the encrypted envelope of events and of their answers, and a robot's signature.

Protocol: open-dingtalk/DingTalk-Callback-Crypto and copies of the robot pages (read 2026-11-27). Pure functions on bytes: no HTTP, no
settings, no clock. Nothing is shared with the gateway, so that a mistake made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
HEAD = 20


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Signs the four texts of an event, sorted."""
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()


def encrypt(plain: bytes, aes_key: str, owner: str, start: bytes | None = None) -> str:
    """Encrypts random bytes, length, message and the owner's id."""
    content = (
        (os.urandom(16) if start is None else start) + struct.pack(">I", len(plain)) + plain + owner.encode()
    )
    count = BLOCK - len(content) % BLOCK
    encryptor = _cipher(aes_key).encryptor()
    return b64encode(encryptor.update(content + bytes([count]) * count) + encryptor.finalize()).decode()


def decrypt(encrypted: str, aes_key: str, owner: str) -> bytes:
    """Reverses `encrypt`; raises ValueError for anything that is not for this owner."""
    decryptor = _cipher(aes_key).decryptor()
    padded = decryptor.update(b64decode(encrypted, validate=True)) + decryptor.finalize()
    content = padded[: -padded[-1]]
    (length,) = struct.unpack(">I", content[16:HEAD])
    if content[HEAD + length :] != owner.encode():
        raise ValueError("another owner")
    return content[HEAD : HEAD + length]


def robot_sign(secret: str, timestamp: str) -> str:
    """Signs a robot's message, which is the time and nothing of the message."""
    return b64encode(hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")).decode()


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
