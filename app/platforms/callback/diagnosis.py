"""Why an X-Signature does not fit, for the list of rejections: mode, form or secret. Decides nothing.

Whether the body was changed on the way is looked for at every platform alike (app/pipeline/inbound/changed_bodies.py).

Only called for a refusal that is kept, because it computes more signatures than proving does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import hmac_sha256, how_many, matching

HEX_DIGITS = 64
BASE64_LENGTH = 44


def why_signature_differs(
    request: InboundRequest, given: bytes | None, secrets: Sequence[bytes], scheme: str
) -> str:
    """Return a sentence that says what to look at; `given` is the decoded signature, None where it is no hex."""
    header = request.header("X-Signature") or ""
    if given is None:
        is_base64 = len(header) == BASE64_LENGTH and header.endswith("=")
        kind = "it looks like Base64" if is_base64 else f"it has {len(header)} characters"
        return (
            f"X-Signature must be {HEX_DIGITS} hexadecimal digits, with or without sha256= in front; {kind}."
        )
    for signed, sentence in _other_readings(request, scheme):
        if matching(given, [hmac_sha256(secret, signed) for secret in secrets]) is not None:
            return sentence
    if _has_webhook_headers(request):
        return "The request is signed as v2 (webhook-signature): send it to the v2 address or with X-API-Version: v2."
    return (
        f"Tried: {how_many(secrets, 'secret')}, by scheme {scheme}. Neither another scheme nor a body that was written "
        "anew fits, so the secret differs: compare it on both sides."
    )


def why_signature_is_missing(request: InboundRequest, scheme: str) -> str:
    """Return a sentence that names the headers that look as if they were meant."""
    names = [name for name, _ in request.headers if name.lower().endswith(("signature", "signature-256"))]
    others = f" It carries {', '.join(names[:3])[:100]} instead." if names else ""
    return f"There is no X-Signature header, and scheme {scheme} needs one.{others}"


def _other_readings(request: InboundRequest, scheme: str) -> Iterator[tuple[bytes, str]]:
    """Yield what else may have been signed, with the sentence for the case that it was."""
    body = request.body
    stamp = _stamp(request)
    if scheme != "timestamp-nonce" and stamp:
        yield (
            body + stamp,
            f"The mode differs: it is signed by scheme timestamp-nonce, this channel has {scheme}.",
        )
    if scheme != "body":
        yield body, f"The mode differs: it is signed by scheme body, this channel has {scheme}."


def _stamp(request: InboundRequest) -> bytes:
    try:
        text = (request.header("X-Timestamp") or "") + (request.header("X-Nonce") or "")
    except VerificationError:
        return b""
    return text.encode("utf-8", "replace")


def _has_webhook_headers(request: InboundRequest) -> bool:
    return any(name.lower() == "webhook-signature" for name, _ in request.headers)
