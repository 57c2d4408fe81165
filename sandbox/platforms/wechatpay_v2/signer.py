"""Signatures and sealed refunds of WeChat Pay, version 2: pay.weixin.qq.com/doc/v2/merchant/4011937248 (read 2026-11-28).

Pure functions on text and bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


def xml_of(fields: Mapping[str, str], root: str = "xml") -> bytes:
    """Writes the elements one after another."""
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f"<{root}>{inside}</{root}>".encode()


def sign(fields: Mapping[str, str], api_key: str, sign_type: str = "MD5") -> str:
    """Signs what has a value, in the order of the names, with the key at the end."""
    chosen = sorted((name, value) for name, value in fields.items() if value and name != "sign")
    text = "".join(f"{name}={value}&" for name, value in chosen) + f"key={api_key}"
    if sign_type == "HMAC-SHA256":
        return hmac.new(api_key.encode(), text.encode(), "sha256").hexdigest().upper()
    return hashlib.md5(text.encode()).hexdigest().upper()


def payment(fields: Mapping[str, str], api_key: str, sign_type: str = "MD5") -> bytes:
    """Returns a signed payment notice."""
    whole = dict(fields) | ({"sign_type": sign_type} if sign_type != "MD5" else {})
    return xml_of(whole | {"sign": sign(whole, api_key, sign_type)})


def seal(plaintext: bytes, api_key: str) -> str:
    """Encrypts with AES-256 in ECB mode; the key is the hex MD5 of the API key."""
    padder = PKCS7(128).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(
        algorithms.AES(hashlib.md5(api_key.encode()).hexdigest().encode()),
        modes.ECB(),  # noqa: S305 - as the platform does
    ).encryptor()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def refund(inside: Mapping[str, str], api_key: str, *, app_id: str, mch_id: str, nonce: str) -> bytes:
    """Returns a refund notice, which nothing signs."""
    sealed = seal(xml_of(inside, "root"), api_key)
    outside = {"return_code": "SUCCESS", "appid": app_id, "mch_id": mch_id, "nonce_str": nonce}
    return xml_of(outside | {"req_info": sealed})
