"""The server's half of PKCE (RFC 7636, read 2026-11-20), shared by the simulated login servers."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from sandbox.state import Grant


def pkce_holds(grant: Grant, verifier: str | None) -> bool:
    """Checks a verifier against its challenge; a verifier without a challenge is refused."""
    if not grant.code_challenge:
        return not verifier
    if not verifier:
        return False
    if grant.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode() == grant.code_challenge
    return verifier == grant.code_challenge
