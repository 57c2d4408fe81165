"""How the simulated official account signs and encrypts: as all of Tencent's message pushes do.

Pure functions on bytes, none of them shared with the gateway.
"""

from __future__ import annotations

from sandbox.tencent_messages import (
    build_body,
    build_xml,
    decrypt,
    encrypt,
    encrypt_padded,
    framed,
    message_signature,
    open_reply,
    parse_body,
    parse_xml,
    signature,
    sorted_sha1,
)

__all__ = [
    "build_body",
    "build_xml",
    "decrypt",
    "encrypt",
    "encrypt_padded",
    "framed",
    "message_signature",
    "open_reply",
    "parse_body",
    "parse_xml",
    "signature",
    "sorted_sha1",
]
