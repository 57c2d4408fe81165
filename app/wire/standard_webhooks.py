"""The Standard Webhooks signature, made and checked: the `standard-webhooks` platform, forwards and results use it.

Pure: bytes in, values out. Source: Standard Webhooks specification (read 2026-11-20).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from app.core.errors import VerificationError
from app.security.signatures import (
    check_timestamp,
    hmac_sha256,
    how_many,
    matching,
    strict_base64,
    wire_bytes,
)


def standard_webhook_key(secret: bytes) -> bytes:
    """Return the key bytes of a Standard Webhooks secret (`whsec_` + Base64); raises ValueError.

    Source: Standard Webhooks specification, "Signature scheme" (read 2026-11-20).
    """
    return strict_base64(secret.removeprefix(b"whsec_"))


def verify_standard_webhook(
    *,
    identifier: str | None,
    timestamp: str | None,
    signatures: str | None,
    body: bytes,
    keys: Sequence[bytes],
    now: float,
    tolerance: int = 300,
) -> int:
    """Check `id.timestamp.body` against the v1 signatures and return the position of the key that matched.

    `now` and `tolerance` are seconds; raises VerificationError.
    Source: Standard Webhooks specification, "Verifying signatures" (read 2026-11-20).
    """
    if not identifier or not timestamp or not signatures:
        raise VerificationError("missing_signature", _missing(identifier, timestamp, signatures))
    check_timestamp(timestamp, now, tolerance)
    message = b".".join((wire_bytes(identifier), wire_bytes(timestamp), body))
    expected = [base64.b64encode(hmac_sha256(key, message)) for key in keys]
    for item in signatures.split(" ")[:16]:
        version, _, signature = item.partition(",")
        if version == "v1" and (position := matching(wire_bytes(signature), expected)) is not None:
            return position
    raise VerificationError("bad_signature", lambda: _why(signatures, keys))


def _missing(identifier: str | None, timestamp: str | None, signatures: str | None) -> str:
    given = {"webhook-id": identifier, "webhook-timestamp": timestamp, "webhook-signature": signatures}
    names = ", ".join(name for name, value in given.items() if not value)
    return f"Missing or empty: {names} (or the same with svix-); all three belong to one set."


def _why(signatures: str, keys: Sequence[bytes]) -> str:
    versions = [item.partition(",")[0] for item in signatures.split(" ")[:16]]
    if "v1" not in versions:
        return "No signature of version v1 was sent; v1a, the asymmetric one, is not taken."
    return (
        f"Tried: {how_many(keys, 'secret')}, over webhook-id, webhook-timestamp and the raw body. Compare the secret (whsec_…) "
        "with the sender's page for this very address; a body changed on the way has the same effect."
    )


def standard_webhook_headers(
    identifier: str, timestamp: int, body: bytes, keys: Sequence[bytes]
) -> dict[str, str]:
    """Return the three headers of a Standard Webhook, signed with every key so that receivers can change theirs.

    Source: Standard Webhooks specification, "Signature scheme" and "Key rotation" (read 2026-11-20).
    """
    message = b".".join((identifier.encode(), str(timestamp).encode(), body))
    signatures = (base64.b64encode(hmac_sha256(key, message)).decode() for key in keys)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
