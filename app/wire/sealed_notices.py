"""Payment notices whose resource AES-256-GCM seals: the envelope that everybody may read, and opening what is inside. Pure.

WeChat Pay (version 3) and Douyin Pay write them alike; sources are in their packages. Douyin Pay's own library opens whatever
`algorithm` says; here it must be the one that is documented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.core.errors import PayloadError, unreadable_json
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_object
from app.wire.aes_envelopes import aes_gcm_decrypt

ALGORITHM: Final = "AEAD_AES_256_GCM"
NONCE_BYTES: Final = 12
MAX_WORD: Final = 255


class Envelope(NamedTuple):
    """The outer part, which everybody may read."""

    identifier: str
    kind: str
    created: object
    resource: Mapping[str, Any]


def read_envelope(body: bytes) -> Envelope:
    """Read the outer part; raises PayloadError."""
    try:
        content = parse_json_object(body)
    except ValueError as error:
        raise unreadable_json(error) from error
    resource = content.get("resource")
    if not isinstance(resource, dict):
        raise PayloadError("bad_resource", message="A notification must carry the object `resource`.")
    return Envelope(_word(content, "id"), _word(content, "event_type"), content.get("create_time"), resource)


def open_sealed(sealed: Mapping[str, Any], keys: Sequence[bytes]) -> bytes | None:
    """Return what an object with algorithm, nonce, associated_data and ciphertext holds, None when no key opens it.

    Raises PayloadError when it is not such an object. Certificates come in the same form.
    """
    if sealed.get("algorithm") != ALGORITHM:
        raise PayloadError("unknown_algorithm", message=f"resource.algorithm must be {ALGORITHM}.")
    nonce, associated = _bytes(sealed, "nonce"), _bytes(sealed, "associated_data")
    try:
        ciphertext = strict_base64(_bytes(sealed, "ciphertext"))
    except ValueError as error:
        raise PayloadError("bad_ciphertext", message="resource.ciphertext must be Base64.") from error
    if len(nonce) != NONCE_BYTES:
        raise PayloadError("bad_nonce", message=f"resource.nonce must have {NONCE_BYTES} characters.")
    for key in keys:
        try:
            return aes_gcm_decrypt(key, nonce, ciphertext, associated)
        except ValueError:
            continue
    return None


def _bytes(sealed: Mapping[str, Any], name: str) -> bytes:
    value = sealed.get(name)
    if value is None:
        return b""
    if not isinstance(value, str):
        raise PayloadError(f"bad_{name}", message=f"resource.{name} must be text.")
    return value.encode("utf-8", "surrogatepass")


def _word(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_WORD or not value.isprintable():
        raise PayloadError(
            f"bad_{name}", message=f"{name} must be printable text of 1 to {MAX_WORD} characters."
        )
    return value
