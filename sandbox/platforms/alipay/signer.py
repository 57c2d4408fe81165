"""RSA2 of Alipay: what is signed of a notification, of a request and of an answer.

Protocol: opendocs.alipay.com, "异步通知验签" and "自行实现签名" (copies read 2026-11-27). Notifications leave `sign` and
`sign_type` out of what is signed, requests only `sign` and what is empty. Pure functions on bytes: no HTTP, no settings, no clock.
Nothing is shared with the gateway, so that a mistake made on one side cannot hide on the other.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key


def sign(private_key: str, content: bytes) -> str:
    """Signs with a private key that is written as bare Base64."""
    return b64encode(_key(private_key).sign(content, PKCS1v15(), SHA256())).decode()


def notification(fields: Mapping[str, str], private_key: str, charset: str = "utf-8") -> bytes:
    """Returns the signed form of a notification, its values in the charset it names."""
    signed = {name: value for name, value in fields.items() if name not in ("sign", "sign_type")}
    content = "&".join(f"{name}={value}" for name, value in sorted(signed.items())).encode(charset)
    pairs = {**signed, "sign_type": "RSA2", "sign": sign(private_key, content)}
    return urlencode(pairs, encoding=charset).encode("ascii")


def request_is_signed(fields: Mapping[str, str], private_key: str) -> bool:
    """Tells whether the holder of this private key signed the parameters of a request."""
    content = "&".join(
        f"{name}={value}" for name, value in sorted(fields.items()) if value and name != "sign"
    )
    try:
        signature = b64decode(fields.get("sign", ""), validate=True)
        _key(private_key).public_key().verify(signature, content.encode(), PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def answer(name: str, content: str, private_key: str) -> str:
    """Returns the body of an answer around the text of its inner object."""
    return f'{{"{name}":{content},"sign":"{sign(private_key, content.encode())}"}}'


@lru_cache(8)
def _key(text: str) -> RSAPrivateKey:
    key = load_der_private_key(b64decode(text), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key
