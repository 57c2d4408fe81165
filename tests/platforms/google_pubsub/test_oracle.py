"""google-auth as an independent judge of tokens: it takes what the simulator signs and refuses what we refuse."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from google.auth import exceptions
from google.auth import jwt as google_jwt

from sandbox.platforms.google_pubsub import keys
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.google_pubsub.pushing import ACCOUNT, AUDIENCE, bearer, channel, push, remote
from tests.platforms.recorded import judge

LONG_AGO, LONG_AHEAD = SECONDS - 10 * 365 * 86_400, SECONDS + 20 * 365 * 86_400
"""google-auth looks at its own clock, so its tokens are good for decades."""


PUBLIC = (
    load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)


def believed(token: str) -> bool:
    """Say what the library thinks of a token, with the checks that Google's page adds to it."""
    try:
        claims = google_jwt.decode(token, certs={keys.KEY_ID: PUBLIC}, audience=AUDIENCE)
    except (exceptions.GoogleAuthError, ValueError):
        return False
    return bool(
        claims["iss"] in ("https://accounts.google.com", "accounts.google.com")
        and claims.get("email") == ACCOUNT
        and claims.get("email_verified") is True
    )


def long_lived(**claims: Any) -> str:
    return bearer(**{"iat": LONG_AGO, "exp": LONG_AHEAD} | claims)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": "https://other.example"},
        {"iss": "accounts.google.com"},
        {"iss": "https://evil.example"},
        {"email": "other@example.com"},
        {"email_verified": False},
        {"exp": LONG_AGO + 60},
        {"iat": LONG_AHEAD},
    ],
    ids=str,
)
def test_the_library_and_we_agree(claims: dict[str, Any]) -> None:
    made = long_lived(**claims)
    assert (judge(channel(), push(made=made), remote()).outcome == "accept") is believed(made)


def test_neither_believes_an_altered_token() -> None:
    made = long_lived()
    altered = made[:-20] + "A" * 20
    assert not believed(altered)
    assert judge(channel(), push(made=altered), remote()).why == "bad_signature"


def test_we_believe_what_another_implementation_signs() -> None:
    key = load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    claims = {"aud": AUDIENCE, "iss": "https://accounts.google.com", "email": ACCOUNT, "email_verified": True}
    claims |= {"iat": SECONDS, "exp": int(NOW.timestamp()) + 60}
    made = jwt.encode(claims, key, algorithm="RS256", headers={"kid": keys.KEY_ID})  # type: ignore[arg-type]
    assert judge(channel(), push(made=made), remote()).outcome == "accept"
