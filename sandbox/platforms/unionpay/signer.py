"""UnionPay's signatures of version 5.1.0: the 5.1.0 SDK code as kept in ECShop, yansongda/pay (read 2026-11-28).

Pure functions on text and bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import load_der_x509_certificate

from sandbox.platforms.unionpay import keys

KEYED = {"11": "sha256", "12": "sm3"}


def certificate_text(der: str) -> str:
    """Returns a certificate as the notice carries it."""
    return load_der_x509_certificate(b64decode(der)).public_bytes(Encoding.PEM).decode()


def string_of(fields: Mapping[str, str], charset: str = "utf-8") -> bytes:
    """Joins the sorted fields, all but the signature."""
    names = sorted(name for name in fields if name != "signature")
    return "&".join(f"{name}={fields[name]}" for name in names).encode(charset)


def signed_by_certificate(
    fields: Mapping[str, str],
    private_key: str = keys.PRIVATE_KEY,
    certificate: str = keys.CERTIFICATE,
    charset: str = "utf-8",
) -> dict[str, str]:
    """Signs with RSA over the hex digits of the digest, and adds the certificate."""
    whole = {**fields, "signMethod": "01", "signPubKeyCert": certificate_text(certificate)}
    digits = hashlib.sha256(string_of(whole, charset)).hexdigest().encode()
    key = load_der_private_key(b64decode(private_key), None)
    assert isinstance(key, RSAPrivateKey)
    return whole | {"signature": b64encode(key.sign(digits, PKCS1v15(), SHA256())).decode()}


def signed_by_key(fields: Mapping[str, str], secure_key: str, method: str = "11") -> dict[str, str]:
    """Signs with a shared key: 11 is SHA-256, 12 is SM3."""
    whole = {**fields, "signMethod": method}
    name = KEYED[method]
    hashed_key = hashlib.new(name, secure_key.encode()).hexdigest()
    signature = hashlib.new(name, string_of(whole) + b"&" + hashed_key.encode()).hexdigest()
    return whole | {"signature": signature}


def form_of(fields: Mapping[str, str], charset: str = "utf-8") -> bytes:
    """Writes the fields as a form."""
    return urlencode(fields, encoding=charset).encode()
