"""eBay's challenge: a GET with a code, answered with a digest of code, verification token and address. Pure.

Source (read 2026-11-28): developer.ebay.com, "Marketplace user account deletion", validating a notification endpoint. The answer is a digest over a text that
anybody may choose, so that text has a small alphabet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.core.errors import VerificationError
from app.core.values import InboundRequest, Reply, json_reply
from app.security.signatures import sha256_hex

CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
PARAMETER: Final = "challenge_code"


@dataclass(frozen=True, repr=False)
class Challenge:
    """Satisfies app.core.ports.Handshake."""

    verification_token: str
    endpoint: str
    name: str = field(default="challenge", init=False)

    def answer(self, request: InboundRequest, now: datetime) -> Reply | None:
        """Return the digest that eBay waits for, None where this is no challenge; raises VerificationError."""
        if request.method != "GET" or (code := request.query(PARAMETER)) is None:
            return None
        if not self.verification_token:
            raise VerificationError(
                "no_secret", "verification_token is not set, so no challenge is answered."
            )
        if not CODE.fullmatch(code):
            raise VerificationError(
                "bad_challenge", "challenge_code must have 1 to 128 letters, digits, _ and -."
            )
        digest = sha256_hex(code.encode(), self.verification_token.encode(), self.endpoint.encode())
        return json_reply(200, {"challengeResponse": digest})
