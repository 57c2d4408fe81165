"""Keys of a description: how a secret becomes bytes, and public keys in the forms in which platforms hand them out."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.security.signatures import digest_of, strict_base64
from app.wire.public_keys import load_key, usable_key

KEY_FORMS = ("text", "base64", "base64:<prefix>", "hex", "sha1", "md5hex", "repeat32")
ED25519_BYTES = 32


def check_key_form(form: str) -> None:
    """Raise ValueError for a form of key that is not known."""
    if form not in KEY_FORMS and not form.startswith("base64:"):
        raise ValueError(f"{form!r} is no form of key; allowed are {', '.join(KEY_FORMS)}")


def key_bytes(secret: bytes, form: str) -> bytes:
    """Return the key behind a secret; raises ValueError where the secret has not that form."""
    if form == "text":
        return secret
    if form == "hex":
        key = _from_hex(secret)
    elif form == "sha1":
        key = digest_of("sha1", secret)
    elif form == "md5hex":
        key = digest_of("md5", secret).hex().encode()
    elif form == "repeat32":
        key = (secret * ED25519_BYTES)[:ED25519_BYTES]
    else:
        key = strict_base64(secret.removeprefix(form.partition(":")[2].rstrip("?").encode()))
    if not key:
        raise ValueError("the secret holds no key")
    return key


def _from_hex(secret: bytes) -> bytes:
    text = secret.decode("ascii", "replace")
    if not text.isalnum():
        raise ValueError("not hexadecimal")
    return bytes.fromhex(text)


def load_public_key(text: str, kind: str) -> Any:
    """Return a public key: PEM, or its own bytes (Ed25519) or SubjectPublicKeyInfo in Base64 or hex, or a certificate; raises ValueError."""
    text = text.strip().replace("\\n", "\n")
    key: Any
    if text.startswith("-----"):
        key = load_key(text)
    else:
        raw = _bytes_of(text.removeprefix("whpk_"))
        if kind == "ed25519" and len(raw) == ED25519_BYTES:
            return Ed25519PublicKey.from_public_bytes(raw)
        key = usable_key(load_der_public_key(raw))
    wanted = {"ed25519": Ed25519PublicKey, "ecdsa": EllipticCurvePublicKey, "rsa": RSAPublicKey}[kind]
    if not isinstance(key, wanted):
        raise ValueError(f"it is no key for {kind}")
    return key


def _bytes_of(text: str) -> bytes:
    if len(text) == ED25519_BYTES * 2 and text.isalnum():
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    return strict_base64(text + "=" * (-len(text) % 4))


def public_key_of_seed(seed: bytes) -> Ed25519PublicKey:
    """Return the public half of a key whose private half both sides can make from the secret."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key()


def sign_with_seed(seed: bytes, message: bytes) -> bytes:
    """Sign with that private half."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def encoded(raw: bytes, encoding: str) -> bytes:
    """Write a signature the way a description says."""
    if encoding == "hex":
        return raw.hex().encode()
    if encoding == "base64":
        return base64.b64encode(raw)
    if encoding == "base64url":
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    return base64.b64encode(raw.hex().encode())


def decoded(text: bytes, encoding: str) -> bytes | None:
    """Read a signature that is written the way a description says, None when it is not."""
    try:
        if encoding == "hex":
            return bytes.fromhex(text.decode("ascii")) if text.isalnum() else None
        if encoding == "base64":
            return strict_base64(text)
        padded = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        return strict_base64(padded + b"=" * (-len(padded) % 4))
    except (ValueError, UnicodeDecodeError):
        return None
