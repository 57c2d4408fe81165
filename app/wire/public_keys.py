"""Keys as platforms hand them out and people paste them: reading them, what is too weak, and what their owners signed. Pure.

Keys that requests name are handed on as SubjectPublicKeyInfo in DER, so that whatever was fetched can be kept as bytes.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from cryptography.x509 import load_der_x509_certificate

from app.wire.key_answers import unusable_key
from app.wire.pem_texts import BARE, CERTIFICATE, read_blocks

LEAST_RSA_BITS: Final = 1024
"""Old, and still what some clouds sign with; 512 bits, which one of them used until 2016, can be factored by anybody."""

STRONG_RSA_BITS: Final = 2048
MOST_KEPT: Final = 32
"""Texts whose keys are kept: an RSA private key takes 50 ms to check, and a channel is read several times on its way to be opened."""

COORDINATE_LETTERS: Final = 43
"""Of 32 bytes in Base64 without its padding."""

PUBLIC: Final = frozenset({BARE, "PUBLIC KEY", "RSA PUBLIC KEY"})
PRIVATE: Final = frozenset({BARE, "PRIVATE KEY", "RSA PRIVATE KEY"})
DIGESTS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),  # noqa: S303 - Aliyun OSS signs with it
    "sha1": hashes.SHA1(),  # noqa: S303 - Aliyun MNS, Amazon SNS and eBay sign with it
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


def load_key(text: str) -> PublicKey:
    """Return the key of a certificate or of a public key, in PEM or Base64; raises ValueError for others and weak ones."""
    try:
        label, der = read_blocks(text)[0]
        # A certificate is pinned like any key: its dates and its issuer say nothing here.
        key = (
            load_der_x509_certificate(der).public_key() if label == CERTIFICATE else load_der_public_key(der)
        )
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise ValueError("it must be a public key or a certificate, in PEM") from error
    return usable_key(key)


def usable_key(key: object) -> PublicKey:
    """Return a key with which signatures may be checked; raises ValueError for other kinds and weak ones."""
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise ValueError(f"an RSA key must have at least {LEAST_RSA_BITS} bits")
    if isinstance(key, EllipticCurvePublicKey) and not isinstance(key.curve, SECP256R1):
        raise ValueError("its curve must be P-256")
    if not isinstance(key, PublicKey):
        raise ValueError("it must be an RSA key, or one on the curve P-256 or Ed25519")
    return key


def read_key(text: str) -> bytes:
    """Return the key of such a text as DER, RSA or P-256; raises ValueError."""
    key = load_key(text)
    if isinstance(key, Ed25519PublicKey):
        raise ValueError("it must be an RSA key or one on the curve P-256")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_rsa_key(text: str) -> RSAPublicKey:
    """Return a strong RSA public key, in PEM or Base64; raises ValueError."""
    label, der = read_blocks(text)[0]
    if label not in PUBLIC:
        raise ValueError("another kind of PEM block")
    try:
        return strong_rsa_key(load_der_public_key(der))
    except UnsupportedAlgorithm as error:
        raise ValueError("a key of an unknown kind") from error


@lru_cache(MOST_KEPT)
def read_private_rsa_key(text: str) -> RSAPrivateKey:
    """Return a strong RSA private key without a password, PKCS #1 or #8, in PEM or Base64; raises ValueError."""
    label, der = read_blocks(text)[0]
    if label not in PRIVATE:
        raise ValueError("another kind of PEM block")
    try:
        key = load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("no private key, or one with a password") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < STRONG_RSA_BITS:
        raise ValueError(f"it must be an RSA key of at least {STRONG_RSA_BITS} bits")
    return key


def strong_rsa_key(key: object) -> RSAPublicKey:
    """Return an RSA key of at least 2048 bits; raises ValueError for any other."""
    if not isinstance(key, RSAPublicKey) or key.key_size < STRONG_RSA_BITS:
        raise ValueError(f"it must be an RSA key of at least {STRONG_RSA_BITS} bits")
    return key


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


def is_signed_by(key: PublicKey, *, message: bytes, signature: bytes, digest: str = "sha256") -> bool:
    """Say whether a key's owner signed: RSA by PKCS #1 v1.5, P-256 as DER; whatever the bytes."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), DIGESTS[digest])
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(DIGESTS[digest]))
        else:
            key.verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_signed_by_rsa(key: bytes, *, message: bytes, signature: bytes, digest: str) -> bool:
    """Say whether the owner of an RSA key (DER) signed; whatever the bytes."""
    loaded = load_der_public_key(key)
    return isinstance(loaded, RSAPublicKey) and is_signed_by(
        loaded, message=message, signature=signature, digest=digest
    )


def is_signed_by_ecdsa(key: bytes, *, message: bytes, signature: bytes, digest: str) -> bool:
    """Say whether the owner of a key on P-256 (DER) signed; whatever the bytes."""
    loaded = load_der_public_key(key)
    return isinstance(loaded, EllipticCurvePublicKey) and is_signed_by(
        loaded, message=message, signature=signature, digest=digest
    )


def recovered_by_rsa(key: bytes, sealed: bytes) -> bytes:
    """Return what the owner of an RSA key enclosed with the private half (PKCS #1 type 1); raises ValueError."""
    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey):
        raise ValueError("not an RSA key")
    try:
        return loaded.recover_data_from_signature(sealed, PKCS1v15(), None)
    except InvalidSignature as error:
        raise ValueError("not enclosed with this key") from error
