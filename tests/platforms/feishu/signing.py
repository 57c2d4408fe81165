"""Seals and signs with the simulator's Feishu and the keys of the recorded vectors, and forges what a test wants forged."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from sandbox.platforms.feishu import signer

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
IV = bytes.fromhex(VECTORS["iv"])
TIMESTAMP: str = VECTORS["timestamp"]
NONCE: str = VECTORS["nonce"]
ENCRYPT_KEY: str = VECTORS["encrypt_key"]
TOKEN: str = VECTORS["verification_token"]
APP_ID: str = VECTORS["app_id"]


def compact(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def seal(plaintext: bytes, *, key: str = ENCRYPT_KEY, iv: bytes = IV) -> bytes:
    """Return the body {"encrypt": …} around a plaintext."""
    return signer.envelope(plaintext, key, iv)


def unseal(sealed: str, *, key: str = ENCRYPT_KEY) -> bytes:
    return signer.decrypt(sealed, key)


def event_signature(
    body: bytes, *, key: str = ENCRYPT_KEY, timestamp: str = TIMESTAMP, nonce: str = NONCE
) -> str:
    return signer.event_signature(timestamp, nonce, key, body)


def card_signature(body: bytes, *, token: str = TOKEN, timestamp: str = TIMESTAMP, nonce: str = NONCE) -> str:
    return signer.card_signature(timestamp, nonce, token, body)


def stamped(signature: str, *, timestamp: str = TIMESTAMP, nonce: str = NONCE) -> dict[str, str]:
    """Return the three headers."""
    return signer.headers(timestamp, nonce, signature)


def lengthened(body: bytes, signature: str, suffix: bytes, *, secret_length: int) -> tuple[bytes, str]:
    """Append to a signed body and sign the result without knowing the key (SHA-256 length extension)."""
    length = secret_length + len(body)
    glue = b"\x80" + b"\0" * ((55 - length) % 64) + struct.pack(">Q", length * 8)
    total = length + len(glue) + len(suffix)
    tail = suffix + b"\x80" + b"\0" * ((55 - total) % 64) + struct.pack(">Q", total * 8)
    state = list(struct.unpack(">8I", bytes.fromhex(signature)))
    for start in range(0, len(tail), 64):
        state = _compress(state, tail[start : start + 64])
    return body + glue + suffix, struct.pack(">8I", *state).hex()


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def _cube_root_bits(prime: int) -> int:
    """Return the first 32 bits of the fractional part of the cube root (FIPS 180-4 §4.2.2)."""
    low, high = 0, 1 << 40
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= prime << 96 else (low, middle)
    return low & 0xFFFFFFFF


ROUND_CONSTANTS = [_cube_root_bits(prime) for prime in _primes(64)]


def _rotate(word: int, count: int) -> int:
    return (word >> count | word << (32 - count)) & 0xFFFFFFFF


def _compress(state: list[int], block: bytes) -> list[int]:
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        low = _rotate(words[i - 15], 7) ^ _rotate(words[i - 15], 18) ^ words[i - 15] >> 3
        high = _rotate(words[i - 2], 17) ^ _rotate(words[i - 2], 19) ^ words[i - 2] >> 10
        words.append((words[i - 16] + low + words[i - 7] + high) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, ROUND_CONSTANTS, strict=True):
        mixed = _rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)
        first = (h + mixed + (e & f ^ ~e & g) + constant + word) & 0xFFFFFFFF
        second = (_rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (first + second) & 0xFFFFFFFF, a, b, c, (d + first) & 0xFFFFFFFF, e, f, g
    return [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]
