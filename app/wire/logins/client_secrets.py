"""Client secrets that are made for each call: a short-lived token signed with the application's private key.

Source: Apple, "Creating a client secret" (by next-auth, Logto and JustAuth, read 2026-11-28); RFC 7523 §3 for private_key_jwt.
"""

from __future__ import annotations

from typing import Any

import jwt

from app.core.errors import UpstreamError
from app.wire.logins.calls import compile_fields, filled
from app.wire.logins.description import MadeSecret
from app.wire.logins.hints import COMPOSED
from app.wire.logins.places import Scope, Values


class SecretMaker:
    """Makes one application's secrets."""

    def __init__(self, said: MadeSecret, scope: Scope):
        """Compile the templates; raises ValueError."""
        self._said = said
        try:
            self._headers = compile_fields(said.headers, scope)
            self._claims = compile_fields(said.claims, scope)
        except ValueError as error:
            raise ValueError(f"client_secret: {error}") from None

    def make(self, values: Values, key: str, now: float) -> str:
        """Return a secret that is good from now on; raises UpstreamError when the key is none."""
        claims: dict[str, Any] = {
            **filled(self._claims, values),
            "iat": int(now),
            "exp": int(now) + self._said.seconds,
        }
        headers = filled(self._headers, values)
        try:
            return jwt.encode(claims, key, algorithm=self._said.algorithm, headers=headers)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise UpstreamError(
                "platform_configuration",
                COMPOSED["no_private_key"].sentence.format(
                    key=self._said.key, algorithm=self._said.algorithm
                ),
            ) from None
