"""The resource that an entry brings sealed: opened with the private key of the certificate that the subscription named. Pure.

Source: learn.microsoft.com/graph/change-notifications-with-resource-data, "Decrypting resource data" (read 2026-11-28). The certificate is
public, so anybody can seal something: nothing is opened before the tokens of the delivery are proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1

from app.core.errors import VerificationError
from app.security.signatures import hmac_sha256, same_secret, strict_base64
from app.security.strict_json import parse_json_object
from app.wire.aes_envelopes import AES_BLOCK, aes_cbc_decrypt

OAEP_SHA1: Final = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph seals so
KEY_BYTES: Final = 32
FIELDS: Final = ("data", "dataKey", "dataSignature", "encryptionCertificateId")
LONGEST: Final = 1_048_576


def open_content(sealed: object, keys: Mapping[str, RSAPrivateKey]) -> dict[str, Any]:
    """Return the resource; raises VerificationError, which does not tell how far the opening came."""
    given = [sealed.get(name) for name in FIELDS] if isinstance(sealed, dict) else []
    if not given or not all(isinstance(each, str) and 0 < len(each) <= LONGEST for each in given):
        raise VerificationError(
            "bad_encrypted_content", f"encryptedContent must hold {', '.join(FIELDS)} as texts."
        )
    data, data_key, signature, name = (str(each) for each in given)
    private_key = keys.get(name)
    if private_key is None:
        raise VerificationError(
            "unknown_certificate",
            f"encryptionCertificateId is {name[:64]!r}, which is not in encryption_keys of this channel.",
        )
    try:
        return _opened(private_key, data, data_key, signature)
    except ValueError as error:
        raise VerificationError(
            "decrypt_failed",
            f"The resource cannot be opened with the key {name[:64]!r}: it was sealed for another certificate, or it was changed.",
        ) from error


def _opened(private_key: RSAPrivateKey, data: str, data_key: str, signature: str) -> dict[str, Any]:
    ciphertext = strict_base64(data)
    key = private_key.decrypt(strict_base64(data_key), OAEP_SHA1)
    if len(key) != KEY_BYTES or not same_secret(strict_base64(signature), hmac_sha256(key, ciphertext)):
        raise ValueError("not sealed with this key")
    return parse_json_object(aes_cbc_decrypt(key, key[:AES_BLOCK], ciphertext, padding_block=AES_BLOCK))
