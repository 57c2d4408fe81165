"""Signatures and sealed resources of WeChat Pay, version 3: pay.weixin.qq.com and pay.wechatpay.cn, build-verify-sign (read 2026-11-20).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import load_der_x509_certificate

from sandbox.platforms.wechatpay import keys

FIELD = re.compile(r'(\w+)="([^"]*)"')
SCHEME = "WECHATPAY2-SHA256-RSA2048"


@dataclass(frozen=True)
class Signer:
    """A key of WeChat Pay with the name it goes by in Wechatpay-Serial."""

    serial: str
    private_key: str


def certificate_serial(certificate: str) -> str:
    """Returns a serial number as WeChat Pay writes it: upper-case, an even number of digits."""
    number = f"{load_der_x509_certificate(b64decode(certificate)).serial_number:X}"
    return number.zfill(len(number) + len(number) % 2)


SIGNERS = {
    "public_key": Signer(keys.PUBLIC_KEY_ID, keys.PUBLIC_KEY_PRIVATE),
    "certificate": Signer(certificate_serial(keys.CERTIFICATE), keys.CERTIFICATE_PRIVATE),
    "next_certificate": Signer(certificate_serial(keys.NEXT_CERTIFICATE), keys.NEXT_CERTIFICATE_PRIVATE),
}


def headers_of(signer: Signer, timestamp: int | str, nonce: str, body: bytes) -> dict[str, str]:
    """Signs three lines: time, nonce, body."""
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": str(timestamp),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": b64encode(sign(signer.private_key, message)).decode(),
        "Wechatpay-Serial": signer.serial,
        "Wechatpay-Signature-Type": SCHEME,
    }


def sign(private_key: str, message: bytes) -> bytes:
    """Signs with SHA-256 and RSA, PKCS #1 v1.5."""
    return _loaded(private_key).sign(message, PKCS1v15(), SHA256())


def seal(key: str, plain: bytes, associated: str, original_type: str | None = None) -> dict[str, str]:
    """Seals with AES-256-GCM in the form that resources and certificates have."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), plain, associated.encode())
    named = {} if original_type is None else {"original_type": original_type}
    return named | {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": b64encode(sealed).decode(),
        "associated_data": associated,
        "nonce": nonce,
    }


def pem_of(certificate: str) -> bytes:
    """Returns a certificate as WeChat Pay hands it out."""
    return load_der_x509_certificate(b64decode(certificate)).public_bytes(Encoding.PEM)


def authorization_fault(header: str, *, mch_id: str, path: str, now: float) -> str | None:
    """Says what is wrong with the signature on a merchant's GET request, None when it is good."""
    scheme, _, rest = header.partition(" ")
    fields = dict(FIELD.findall(rest))
    if scheme != SCHEME or set(fields) != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
        return "The Authorization header is not in its form."
    if (fields["mchid"], fields["serial_no"]) != (mch_id, keys.MERCHANT_SERIAL):
        return "Merchant number or serial number is unknown."
    if abs(now - int(fields["timestamp"])) > 300:
        return "The time is more than five minutes off."
    message = f"GET\n{path}\n{fields['timestamp']}\n{fields['nonce_str']}\n\n".encode()
    merchant = _loaded(keys.MERCHANT_PRIVATE_KEY).public_key()
    try:
        merchant.verify(b64decode(fields["signature"]), message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return "The signature does not fit."
    return None


@cache
def _loaded(private_key: str) -> RSAPrivateKey:
    key = load_der_private_key(b64decode(private_key), None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
