"""RSA2 as Alipay uses it: keys and certificates from text, signing, checking, certificate numbers. Pure; knows no channel.

Sources: Alipay's EasySDK (AntCertificationUtil) and Node SDK, python-alipay-sdk (read 2026-11-27). RSA2 is RSASSA-PKCS1-v1_5
with SHA-256. What is odd: consoles hand out keys as bare Base64 without PEM lines; a certificate's "number" (SN) is an MD5 of its
issuer and serial; the root file holds certificates that cryptography cannot read, and files without blank lines between them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

LEAST_BITS: Final = 2048
RSA_SIGNATURES: Final = "1.2.840.113549.1.1."
PEM_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
MOST_KEPT: Final = 32
"""Texts whose keys are kept: an RSA private key takes 50 ms to check, and a channel is read several times on its way to be opened."""

CERTIFICATE: Final = "CERTIFICATE"
PRIVATE_KEYS: Final = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY"})
PUBLIC_KEYS: Final = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})


@lru_cache(MOST_KEPT)
def public_key(text: str) -> RSAPublicKey:
    """Return the RSA key of a PEM block or of bare Base64; raises ValueError with the likely cause."""
    try:
        key = load_der_public_key(_der(text, PUBLIC_KEYS))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            "is no RSA public key: paste it as PEM, or as the Base64 text that the console shows"
        ) from error
    return _long_enough(key)


@lru_cache(MOST_KEPT)
def private_key(text: str) -> RSAPrivateKey:
    """Return the RSA key of a PEM block or of bare Base64, PKCS#1 or PKCS#8; raises ValueError with the likely cause."""
    try:
        key = load_der_private_key(_der(text, PRIVATE_KEYS), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            "is no RSA private key: paste it as PEM, or as the Base64 text that Alipay's key tool made (PKCS#1 or PKCS#8)"
        ) from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise ValueError(f"must be an RSA key of {LEAST_BITS} bits or more")
    return key


def certificates(text: str) -> list[x509.Certificate]:
    """Return the readable certificates of a PEM text in their order; what cannot be read is left out."""
    found = []
    for der in _certificate_blocks(text):
        try:
            found.append(x509.load_der_x509_certificate(der))
        except ValueError:
            continue  # The real root file has one with NULL parameters on an ECDSA signature.
    return found


@lru_cache(MOST_KEPT)
def certificate_key(text: str) -> RSAPublicKey:
    """Return the public key of the first certificate, which is the signing one of a chain; raises ValueError."""
    return _long_enough(_first(text).public_key())


def certificate_number(text: str) -> str:
    """Return what Alipay calls the SN of a certificate; raises ValueError where there is none."""
    return _number(_first(text))


@lru_cache(MOST_KEPT)
def root_number(text: str) -> str:
    """Return the SN of a root file: those of its certificates that are signed with RSA, joined; raises ValueError."""
    numbers = [_number(each) for each in certificates(text) if _is_signed_with_rsa(each)]
    if not numbers:
        raise ValueError("holds no RSA certificate: paste the whole of alipayRootCert.crt")
    return "_".join(numbers)


def signature_of(key: RSAPrivateKey, content: bytes) -> str:
    """Return the RSA2 signature of a content, as Base64."""
    return base64.b64encode(key.sign(content, PKCS1v15(), SHA256())).decode("ascii")


def is_signed(keys: Iterable[RSAPublicKey], signature: bytes, content: bytes) -> bool:
    """Say whether one of the keys made an RSA2 signature."""
    return any(_fits(key, signature, content) for key in keys)


def _fits(key: RSAPublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _der(text: str, labels: frozenset[str]) -> bytes:
    written = _with_line_ends(text)
    block = PEM_BLOCK.search(written)
    if block is not None and block[1] not in labels:
        raise ValueError("another kind of PEM block")
    return base64.b64decode("".join((written if block is None else block[2]).split()), validate=True)


def _certificate_blocks(text: str) -> list[bytes]:
    blocks = PEM_BLOCK.finditer(_with_line_ends(text))
    return [base64.b64decode("".join(block[2].split())) for block in blocks if block[1] == CERTIFICATE]


def _with_line_ends(text: str) -> str:
    # In an environment file a PEM text stands on one line, with backslash and n for its line ends.
    return text.replace("\\n", "\n")


def _first(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(_certificate_blocks(text)[0])
    except (ValueError, IndexError) as error:
        raise ValueError(
            "is no certificate: paste the whole of the .crt file, BEGIN and END lines included"
        ) from error


def _number(certificate: x509.Certificate) -> str:
    named = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


def _is_signed_with_rsa(certificate: x509.Certificate) -> bool:
    return certificate.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNATURES)


def _long_enough(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise ValueError(f"must hold an RSA key of {LEAST_BITS} bits or more")
    return key
