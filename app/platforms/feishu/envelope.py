"""The encrypted body of Feishu: `{"encrypt": Base64}`, AES-CBC with the block in front as its start value.

Source: Feishu Open Platform, page 步骤三：接收事件 (read 2026-11-20). Nothing is proven here.
"""

from __future__ import annotations

from typing import Any

from app.platforms.feishu.app import EncryptKey
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_object
from app.wire.aes_envelopes import AES_BLOCK, aes_cbc_decrypt


def open_envelope(key: EncryptKey, body: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return the decrypted bytes and the object in them; every failure is a ValueError."""
    sealed = parse_json_object(body).get("encrypt")
    if not isinstance(sealed, str):
        raise ValueError("not an envelope")
    raw = strict_base64(sealed)
    plaintext = aes_cbc_decrypt(key.aes, raw[:AES_BLOCK], raw[AES_BLOCK:], padding_block=AES_BLOCK)
    return plaintext, parse_json_object(plaintext)


def opens(key: EncryptKey, body: bytes) -> bool:
    """Say whether a key opens a body."""
    try:
        open_envelope(key, body)
    except ValueError:
        return False
    return True
