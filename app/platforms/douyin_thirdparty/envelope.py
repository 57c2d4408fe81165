"""The sealed messages of the Douyin third-party platform: random(32) + length(4, big-endian) + JSON + application's id. Pure.

Source (read 2026-11-28): see the package. The vendor's sample takes a wrong padding for none; here it is a refusal.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from typing import Final

from app.security.signatures import same_secret
from app.wire.aes_envelopes import AES_BLOCK, WECHAT_BLOCK, aes_cbc_decrypt

RANDOM: Final = 32
HEAD: Final = RANDOM + 4
KEY_LETTERS: Final = 43
NOT_OPENED: Final = "the message cannot be opened"


def key_of(text: bytes) -> bytes:
    """Return the 32 bytes behind the 43 letters of a key; raises ValueError."""
    try:
        if len(text) != KEY_LETTERS:
            raise ValueError("length")
        return base64.b64decode(text + b"=", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"it must have {KEY_LETTERS} letters and digits, as the console shows it") from error


def open_message(keys: Sequence[bytes], ciphertext: bytes, owner: str) -> bytes:
    """Return the message that one of the keys opens; raises ValueError, also when it was sealed for another application."""
    for key in keys:
        try:
            return _opened(key, ciphertext, owner)
        except ValueError:
            continue
    raise ValueError(NOT_OPENED)


def _opened(key: bytes, ciphertext: bytes, owner: str) -> bytes:
    content = aes_cbc_decrypt(key, key[:AES_BLOCK], ciphertext, padding_block=WECHAT_BLOCK)
    if len(content) < HEAD:
        raise ValueError(NOT_OPENED)
    (length,) = struct.unpack(">I", content[RANDOM:HEAD])
    message, sealed_for = content[HEAD : HEAD + length], content[HEAD + length :]
    if len(message) != length or not same_secret(sealed_for, owner):
        raise ValueError(NOT_OPENED)
    return message
