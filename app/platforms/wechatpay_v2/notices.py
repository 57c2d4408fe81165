"""What a notice of WeChat Pay version 2 is made of: XML, its signature, and what a refund notice seals. Pure.

Sources (read 2026-11-28): pay.weixin.qq.com/doc/v2/merchant/4011937248 (2024-11-18) and the refund notice's page; yansongda/pay
WechatTrait::getWechatSignV2, binarywang/WxJava. Elements that nobody documented are signed too; empty ones are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.core.errors import PayloadError, VerificationError
from app.security.safe_xml import parse_xml
from app.security.signatures import digest_of, hmac_of, how_many, matching, strict_base64

BLOCK: Final = 16
HMAC: Final = "HMAC-SHA256"
MD5: Final = "MD5"
OPEN_FAILED: Final = "not sealed with this key"


def read_fields(body: bytes, *, root: str = "xml") -> dict[str, str]:
    """Return the elements as text; raises ValueError for repeated and nested ones, whose text nobody could sign."""
    fields = {}
    for name, value in parse_xml(body, root=root).content.items():
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name[:40]} stands twice or has elements of its own")
        fields[name] = value or ""
    return fields


def check_sign(fields: Mapping[str, str], keys: Sequence[bytes], weakest: str) -> str:
    """Prove a signed notice and return the kind of signature; raises VerificationError.

    `sign_type` of the notice chooses the kind, but never one below `weakest`; the length of `sign` decides nothing.
    """
    given = fields.get("sign", "")
    if not given:
        raise VerificationError("missing_signature", "The notice has no sign, or an empty one.")
    kind = fields.get("sign_type") or MD5
    if kind not in (MD5, HMAC) or (kind == MD5 and weakest == HMAC):
        raise VerificationError(
            "sign_type_not_allowed", f"sign_type is not what sign_type of this channel takes ({weakest})."
        )
    if matching(given.upper(), [sign_of(fields, key, kind) for key in keys]) is None:
        raise VerificationError(
            "bad_signature",
            f"Tried: {how_many(keys, 'api_key')}. Compare it with 账户中心 → API安全 → APIv2密钥 of this merchant number; it is not "
            "the APIv3 key.",
        )
    return kind


def sign_of(fields: Mapping[str, str], key: bytes, kind: str) -> str:
    """Return `sign` in upper-case hex over all elements but `sign` and the empty ones."""
    pairs = [f"{name}={fields[name]}".encode() for name in sorted(fields) if name != "sign" and fields[name]]
    message = b"&".join([*pairs, b"key=" + key])
    raw = hmac_of("sha256", key, message) if kind == HMAC else digest_of("md5", message)
    return raw.hex().upper()


def open_refund(sealed: str, keys: Sequence[bytes]) -> bytes:
    """Return what req_info holds; raises VerificationError, always the same.

    AES-256 in ECB mode without a MAC is what the platform has: who saw one notice can put its blocks together anew.
    """
    try:
        ciphertext = strict_base64(sealed.replace("\n", ""))
    except ValueError:
        ciphertext = b""
    for key in keys:
        try:
            return _opened(digest_of("md5", key).hex().encode(), ciphertext)
        except ValueError:
            continue
    raise VerificationError(
        "decrypt_failed",
        f"req_info cannot be opened. Tried: {how_many(keys, 'api_key')}. Compare it with 账户中心 → API安全 → APIv2密钥.",
    )


def read_refund(plaintext: bytes) -> dict[str, str]:
    """Return the elements inside a refund notice; raises VerificationError: with another key it would be noise."""
    try:
        return read_fields(plaintext, root="root")
    except ValueError as error:
        raise VerificationError(
            "decrypt_failed", "req_info opens, but holds no XML as this platform writes it."
        ) from error


def _opened(key: bytes, ciphertext: bytes) -> bytes:
    if not ciphertext or len(ciphertext) % BLOCK:
        raise ValueError(OPEN_FAILED)
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - what the platform uses
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise ValueError(OPEN_FAILED)
    return padded[:-count]


def word_of(fields: Mapping[str, str], name: str) -> str:
    """Return an element that is needed; raises PayloadError."""
    value = fields.get(name, "")
    if not value or len(value) > BLOCK * 8 or not value.isprintable():
        raise PayloadError(f"missing_{name}", message=f"The notice must carry {name} as a short text.")
    return value
