"""Why a delivery was refused, in words for operators: the short cause, then what differed and what to look at.

Callers are told less; what stands here is kept in the list of rejections and in the log only.
"""

from __future__ import annotations

import structlog

from app.core.errors import CallgateError, PayloadError, RequestError, VerificationError
from app.core.values import InboundRequest

LONGEST = 255
PLAIN_ENCODINGS = ("", "identity")
COMPRESSED = (
    "The body came compressed (Content-Encoding). It is proven as it was sent, so the sender has to sign the compressed bytes, or "
    "send them uncompressed; platforms that encrypt their bodies are only taken uncompressed."
)

log = structlog.get_logger(__name__)


def reason_word(error: CallgateError) -> str:
    """Return the short cause, which is counted."""
    return str(getattr(error, "reason", error.code))


def explained(error: RequestError) -> str:
    """Return the short cause and a bounded sentence; no sentence ever holds a secret. Finding out why never fails."""
    try:
        sentence = error.explain()
    except Exception:
        log.exception("reason_not_found", reason=reason_word(error))
        sentence = error.message
    text = " ".join(f"{reason_word(error)}: {sentence}".split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def name_the_encoding(request: InboundRequest, error: CallgateError) -> None:
    """Let a refusal of a compressed body say so: a signature over other bytes looks like a wrong secret otherwise."""
    if not isinstance(error, VerificationError | PayloadError):
        return
    named = [value.strip().lower() for name, value in request.headers if name.lower() == "content-encoding"]
    if all(encoding in PLAIN_ENCODINGS for encoding in named):
        return
    if isinstance(error, VerificationError):
        error.message, error.detail = COMPRESSED, COMPRESSED
    else:
        error.message = f"{error.message} {COMPRESSED}"
    error.args = (error.message,)
