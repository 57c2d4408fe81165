"""CSRF tokens: an HMAC of the session id, so that nothing needs storing and no other session's token fits."""

from __future__ import annotations

from collections.abc import Sequence

from app.security.signatures import hmac_sha256, matching
from app.security.vault import derive_key

PURPOSE = "csrf"


def csrf_token(secret_keys: Sequence[str], sid: str) -> str:
    """Return the token that forms and scripts of this session must send."""
    return _token(secret_keys[0], sid)


def is_csrf_token(secret_keys: Sequence[str], sid: str, given: str) -> bool:
    """Say whether a token belongs to this session; older secrets count, so that a rotation breaks no open page."""
    return matching(given, [_token(secret, sid) for secret in secret_keys]) is not None


def _token(secret: str, sid: str) -> str:
    return hmac_sha256(derive_key(secret, PURPOSE), sid.encode()).hex()
