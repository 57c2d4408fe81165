"""What makes the simulated OAuth2 server an OpenID Connect one: discovery document, key set, ID tokens, and faults of them.

Signed here with bare keys, by OpenID Connect Core 1.0 §2 and §3.1.3.6, RFC 7515, 7517 and 7518 (read 2026-11-28). Each switch
is one thing a client must refuse or get over.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Response

from sandbox.people import Person
from sandbox.state import Grant, SandboxState

LIFETIME = 3600
STRANGER = "somebody-else"

CLAIM_FAULTS: dict[str, dict[str, Any]] = {
    "id_token_wrong_nonce": {"nonce": "another-login"},
    "id_token_no_nonce": {"nonce": None},
    "id_token_wrong_iss": {"iss": "https://id.example.com"},
    "id_token_wrong_aud": {"aud": STRANGER},
    "id_token_two_aud": {"aud": ["client", STRANGER]},
    "id_token_wrong_azp": {"azp": STRANGER},
    "id_token_wrong_at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "id_token_other_person": {"sub": STRANGER},
}
"""What each switch puts into the claims; None takes one out. `client` stands for the application's own id."""

SWITCHES = (
    *CLAIM_FAULTS,
    "id_token_expired",
    "id_token_hs256",
    "id_token_unsigned",
    "id_token_missing",
    "jwks_rotated",
    "jwks_odd_keys",
    "jwks_same_kid",
    "jwks_encryption_key",
    "jwks_symmetric_key",
)


def json_answer(value: dict[str, Any]) -> Response:
    """Returns a JSON answer that nobody keeps."""
    response = Response(json.dumps(value, ensure_ascii=False).encode(), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def is_asked(scope: str) -> bool:
    """Tells whether a scope makes a login an OpenID Connect one."""
    return "openid" in scope.split()


def issuer(state: SandboxState) -> str:
    """Returns what this server calls itself."""
    return f"{state.settings.sandbox_url}/oauth2"


def document(state: SandboxState) -> dict[str, Any]:
    """Returns the discovery document."""
    base = f"{issuer(state)}/api/oauth2"
    return {
        "issuer": issuer(state),
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "revocation_endpoint": f"{base}/revoke",
        "jwks_uri": f"{base}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "scopes_supported": ["openid", "profile", "email", "balance"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }


def claims_about(person: Person) -> dict[str, Any]:
    """Returns the standard claims of a person, as user information carries them."""
    return {"sub": f"person-{person.number}", "name": person.name_en, "preferred_username": person.key}


def key_set(state: SandboxState) -> dict[str, Any]:
    """Returns the public keys, spoilt as the switches say."""
    on = state.switches
    first = _rsa_jwk("key-1", _rsa_key(1))
    if on["jwks_encryption_key"]:
        return {"keys": [first | {"use": "enc"}]}
    keys: list[Any] = [_ec_jwk("key-2", _ec_key())] if on["jwks_rotated"] else [first]
    if on["jwks_same_kid"]:
        keys.insert(0, _rsa_jwk("key-1", _rsa_key(2)))
    if on["jwks_odd_keys"]:
        keys = [{"kty": "new", "kid": "key-1"}, "no key", {**first, "n": 5}, {**first, "n": "!"}, *keys]
        keys.append({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "key-1"})
    if on["jwks_symmetric_key"]:
        keys.append({"kty": "oct", "kid": "key-s", "alg": "HS256", "k": _base64url(_shared_key())})
    return {"keys": keys}


def id_token(state: SandboxState, grant: Grant, access_token: str) -> str | None:
    """Returns the ID token that comes with an access token, spoilt as the switches say; None when it is to be missing."""
    on = state.switches
    if on["id_token_missing"]:
        return None
    claims = _claims(state, grant, access_token)
    if on["id_token_unsigned"]:
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."
    if on["id_token_hs256"]:
        return signed_hs256(claims, state.settings["OAUTH2_CLIENT_SECRET"].encode(), "key-1")
    if on["jwks_symmetric_key"]:
        return signed_hs256(claims, _shared_key(), "key-s")
    return _signed_es256(claims) if on["jwks_rotated"] else signed_rs256(claims)


def _claims(state: SandboxState, grant: Grant, access_token: str) -> dict[str, Any]:
    now = int(state.now())
    begun = now - LIFETIME - 100 if state.switches["id_token_expired"] else now
    claims: dict[str, Any] = {
        "iss": issuer(state),
        "aud": grant.client_id,
        "iat": begun,
        "exp": begun + LIFETIME,
        "nonce": grant.nonce,
        "at_hash": _base64url(hashlib.sha256(access_token.encode()).digest()[:16]),
        **claims_about(grant.person),
    }
    for name, changes in CLAIM_FAULTS.items():
        if state.switches[name]:
            claims |= changes
    if isinstance(claims["aud"], list):
        claims["aud"] = [grant.client_id, STRANGER]
    return {name: value for name, value in claims.items() if value is not None}


@cache
def _rsa_key(_number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _shared_key() -> bytes:
    return hashlib.sha256(b"published in the key set").digest()


def _rsa_jwk(kid: str, key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "kid": kid,
        "use": "sig",
        "alg": "RS256",
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }


def _ec_jwk(kid: str, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (_base64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256", "x": x, "y": y}


def signed_rs256(claims: dict[str, Any]) -> str:
    """Returns an ID token signed with the first key of the set."""
    signed = _signing_input("RS256", "key-1", claims)
    return f"{signed}.{_base64url(_rsa_key(1).sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def _signed_es256(claims: dict[str, Any]) -> str:
    signed = _signing_input("ES256", "key-2", claims)
    r, s = decode_dss_signature(_ec_key().sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def signed_hs256(claims: dict[str, Any], key: bytes, kid: str) -> str:
    """Returns an ID token signed with a shared key."""
    signed = _signing_input("HS256", kid, claims)
    return f"{signed}.{_base64url(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _signing_input(algorithm: str, kid: str, claims: dict[str, Any]) -> str:
    return f"{_part({'alg': algorithm, 'typ': 'JWT', 'kid': kid})}.{_part(claims)}"


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
