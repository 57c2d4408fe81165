"""The ID tokens of the simulated GitLab and the key they are signed with, made with bare keys; each switch spoils one thing.

Protocol: docs.gitlab.com, "GitLab as OpenID Connect identity provider"; OpenID Connect Core 1.0 §2; RFC 7515, 7517 (read 2026-11-28).
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.platforms.gitlab.people import number
from sandbox.state import Grant, SandboxState

LIFETIME = 120
STRANGER = "4299999"

NO_ID_TOKEN = "gitlab_no_id_token"
OTHER_KEY = "gitlab_other_key"
CLAIM_FAULTS: dict[str, dict[str, Any]] = {
    "gitlab_wrong_nonce": {"nonce": "another-login"},
    "gitlab_wrong_issuer": {"iss": "https://gitlab.example.com"},
    "gitlab_wrong_audience": {"aud": "another-application"},
    "gitlab_other_person": {"sub": STRANGER},
}
SWITCHES = (NO_ID_TOKEN, OTHER_KEY, *CLAIM_FAULTS)


def issuer(state: SandboxState) -> str:
    """Returns the external address of this server."""
    return f"{state.settings.sandbox_url}/gitlab"


def key_set() -> dict[str, Any]:
    """Returns the public key."""
    numbers = _key(1).public_key().public_numbers()
    return {
        "keys": [
            {
                "kty": "RSA",
                "kid": "gitlab-key-1",
                "use": "sig",
                "alg": "RS256",
                "n": _base64url(numbers.n.to_bytes(256, "big")),
                "e": _base64url(numbers.e.to_bytes(3, "big")),
            }
        ]
    }


def id_token(state: SandboxState, grant: Grant, access_token: str) -> str | None:
    """Returns the ID token that comes with an access token; None when it is to be missing."""
    if state.switches[NO_ID_TOKEN]:
        return None
    now = int(state.now())
    claims: dict[str, Any] = {
        "iss": issuer(state),
        "sub": str(number(grant.person)),
        "aud": grant.client_id,
        "exp": now + LIFETIME,
        "iat": now,
        "auth_time": now,
        "nonce": grant.nonce,
        "at_hash": _base64url(hashlib.sha256(access_token.encode()).digest()[:16]),
    }
    for name, changes in CLAIM_FAULTS.items():
        if state.switches[name]:
            claims |= changes
    head = {"typ": "JWT", "alg": "RS256", "kid": "gitlab-key-1"}
    signed = f"{_part(head)}.{_part({name: said for name, said in claims.items() if said is not None})}"
    key = _key(2 if state.switches[OTHER_KEY] else 1)
    return f"{signed}.{_base64url(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


@cache
def _key(_number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
