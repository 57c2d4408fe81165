"""RSA2 as Alipay uses it: keys as its console shows them, signing, checking, certificate numbers. Pure; knows no channel.

Sources: Alipay's EasySDK (AntCertificationUtil) and Node SDK, python-alipay-sdk (read 2026-11-27). RSA2 is RSASSA-PKCS1-v1_5
with SHA-256. What is odd: consoles hand out keys as bare Base64 without PEM lines; a certificate's "number" (SN) is an MD5 of its
issuer and serial; the root file holds certificates that cryptography cannot read, and files without blank lines between them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from app.wire.certificates import certificate_blocks, read_certificate, read_der_certificate, rsa_key_of
from app.wire.public_keys import is_signed_by, read_private_rsa_key, read_rsa_key

RSA_SIGNATURES: Final = "1.2.840.113549.1.1."


def public_key(text: str) -> RSAPublicKey:
    """Return the RSA key of a PEM block or of bare Base64; raises ValueError with the likely cause."""
    try:
        return read_rsa_key(text)
    except ValueError as error:
        raise ValueError(
            "is no RSA public key of 2048 bits or more: paste it as PEM, or as the Base64 text that the console shows"
        ) from error


def private_key(text: str) -> RSAPrivateKey:
    """Return the RSA key of a PEM block or of bare Base64, PKCS#1 or PKCS#8; raises ValueError with the likely cause."""
    try:
        return read_private_rsa_key(text)
    except ValueError as error:
        raise ValueError(
            "is no RSA private key of 2048 bits or more: paste it as PEM, or as the Base64 text that Alipay's key tool made "
            "(PKCS#1 or PKCS#8)"
        ) from error


def certificate_key(text: str) -> RSAPublicKey:
    """Return the public key of the first certificate, which is the signing one of a chain; raises ValueError."""
    return rsa_key_of(_first(text))


def certificate_number(text: str) -> str:
    """Return what Alipay calls the SN of a certificate; raises ValueError where there is none."""
    return _number(_first(text))


def root_number(text: str) -> str:
    """Return the SN of a root file: those of its certificates that are signed with RSA, joined; raises ValueError."""
    numbers = [_number(each) for each in _readable(text) if _is_signed_with_rsa(each)]
    if not numbers:
        raise ValueError("holds no RSA certificate: paste the whole of alipayRootCert.crt")
    return "_".join(numbers)


def signature_of(key: RSAPrivateKey, content: bytes) -> str:
    """Return the RSA2 signature of a content, as Base64."""
    return base64.b64encode(key.sign(content, PKCS1v15(), SHA256())).decode("ascii")


def is_signed(keys: Iterable[RSAPublicKey], signature: bytes, content: bytes) -> bool:
    """Say whether one of the keys made an RSA2 signature."""
    return any(is_signed_by(key, message=content, signature=signature) for key in keys)


def _first(text: str) -> Certificate:
    try:
        return read_certificate(text)
    except ValueError as error:
        raise ValueError(
            "is no certificate: paste the whole of the .crt file, BEGIN and END lines included"
        ) from error


def _readable(text: str) -> list[Certificate]:
    found = []
    for der in certificate_blocks(text):
        try:
            found.append(read_der_certificate(der))
        except ValueError:
            continue  # The real root file has one with NULL parameters on an ECDSA signature.
    return found


def _number(certificate: Certificate) -> str:
    named = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


def _is_signed_with_rsa(certificate: Certificate) -> bool:
    return certificate.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNATURES)
