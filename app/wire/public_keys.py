"""Public keys as senders hand them out: reading them, what is too weak, and what their owners signed. Pure; nothing is fetched here.

Keys are handed on as SubjectPublicKeyInfo in DER, so that whatever was fetched can be kept as bytes.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from app.security.signatures import strict_base64
from app.wire.key_answers import unusable_key

LEAST_RSA_BITS: Final = 1024
"""Old, and still what some clouds sign with; 512 bits, which one of them used until 2016, can be factored by anybody."""

COORDINATE_LETTERS: Final = 43
"""Of 32 bytes in Base64 without its padding."""

CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
PUBLIC_KEY: Final = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
DIGESTS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),  # noqa: S303 - Aliyun OSS signs with it
    "sha1": hashes.SHA1(),  # noqa: S303 - Aliyun MNS and eBay sign with it
    "sha256": hashes.SHA256(),
}


def read_key(text: str) -> bytes:
    """Return the key of a text as DER: a certificate or a public key in PEM, also on one line, or Base64; raises ValueError."""
    text = text.replace("\\n", "\n").strip()
    try:
        key = _loaded(text)
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise ValueError("it must be a public key or a certificate, in PEM") from error
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise ValueError(f"an RSA key must have at least {LEAST_RSA_BITS} bits")
    if isinstance(key, EllipticCurvePublicKey) and not isinstance(key.curve, SECP256R1):
        raise ValueError("its curve must be P-256")
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ValueError("it must be an RSA key or one on the curve P-256")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _loaded(text: str) -> Any:
    start, end = PUBLIC_KEY
    if text.startswith(CERTIFICATE):
        return load_pem_x509_certificate(text.encode("ascii")).public_key()
    if text.startswith(start) and "\n" not in text:  # eBay hands out PEM on one line.
        return load_der_public_key(strict_base64(text.removeprefix(start).removesuffix(end).strip()))
    if text.startswith("-----"):
        return load_pem_public_key(text.encode("ascii"))
    return load_der_public_key(strict_base64(text))


def read_key_of_jwk(key: Mapping[str, Any], platform: str) -> str:
    """Return a fetched JSON Web Key on P-256 as Base64 of its DER; raises UpstreamError."""
    try:
        if (key.get("kty"), key.get("crv")) != ("EC", "P-256"):
            raise ValueError("it must be on the curve P-256")
        x, y = (_coordinate(key.get(name)) for name in ("x", "y"))
        loaded = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except (ValueError, TypeError) as error:
        raise unusable_key(platform, "it is no point on the curve P-256") from error
    return b64encode(loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _coordinate(value: Any) -> int:
    if not isinstance(value, str) or len(value) != COORDINATE_LETTERS:
        raise ValueError("not 32 bytes")
    return int.from_bytes(urlsafe_b64decode(value + "="), "big")


def is_signed_by_rsa(key: bytes, *, message: bytes, signature: bytes, digest: str) -> bool:
    """Say whether an RSA key's owner signed (PKCS #1 v1.5); whatever the bytes."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey):
        return False
    try:
        loaded.verify(signature, message, PKCS1v15(), DIGESTS[digest])
    except (InvalidSignature, ValueError):
        return False
    return True


def is_signed_by_ecdsa(key: bytes, *, message: bytes, signature: bytes, digest: str) -> bool:
    """Say whether the owner of a key on P-256 signed; `signature` is DER, whatever the bytes."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, EllipticCurvePublicKey):
        return False
    try:
        loaded.verify(signature, message, ECDSA(DIGESTS[digest]))
    except (InvalidSignature, ValueError):
        return False
    return True


def recovered_by_rsa(key: bytes, sealed: bytes) -> bytes:
    """Return what the owner of an RSA key enclosed with the private half (PKCS #1 type 1); raises ValueError."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey):
        raise ValueError("not an RSA key")
    try:
        return loaded.recover_data_from_signature(sealed, PKCS1v15(), None)
    except InvalidSignature as error:
        raise ValueError("not enclosed with this key") from error
