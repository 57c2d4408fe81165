"""The sealed body of a channel with `encrypted = true`: AES-256-CBC under the SHA-256 of a secret, the IV in front, in Base64.

The text stands alone or as `{"encrypt": "…"}`. Nothing is proven here: whoever opens a body has proven its sender before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.errors import VerificationError
from app.security.signatures import digest_of, strict_base64
from app.security.strict_json import parse_json_object
from app.wire.aes_envelopes import AES_BLOCK, aes_cbc_decrypt

FIELD = "encrypt"
NOT_OPENED = (
    "The proof is right, but the body does not open: encrypted = true wants Base64 of 16 bytes IV and AES-256-CBC with "
    'PKCS#7, under the SHA-256 of secret, alone or as {"encrypt": "…"}, and a JSON object inside.'
)


def envelope_key(secret: bytes) -> bytes:
    """Return the AES key that follows from a secret as it is written in the settings."""
    return digest_of("sha256", secret)


def open_sealed(keys: Sequence[bytes], body: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return what is inside a proven body, as bytes and as the JSON object they are; raises VerificationError.

    Nothing says which of the secrets sealed it, so each is tried. All failures are one and the same, from Base64 to the
    JSON inside: some proofs do not cover the body, and a difference would be a padding oracle.
    """
    try:
        sealed = _sealed(body)
    except ValueError:
        raise VerificationError("unreadable_body", NOT_OPENED) from None
    for key in keys:
        try:
            plaintext = aes_cbc_decrypt(key, sealed[:AES_BLOCK], sealed[AES_BLOCK:], padding_block=AES_BLOCK)
            return plaintext, parse_json_object(plaintext)
        except ValueError:
            continue
    raise VerificationError("unreadable_body", NOT_OPENED)


def _sealed(body: bytes) -> bytes:
    text: object = body
    if body.lstrip()[:1] == b"{":
        text = parse_json_object(body).get(FIELD)
    if isinstance(text, str):
        text = text.encode("utf-8")
    if not isinstance(text, bytes):
        raise ValueError("not sealed")
    # Tools such as `openssl base64` break lines.
    sealed = strict_base64(text.replace(b"\r", b"").replace(b"\n", b"").strip())
    if len(sealed) < 2 * AES_BLOCK:
        raise ValueError("too short")
    return sealed
