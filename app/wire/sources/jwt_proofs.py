"""JSON Web Tokens as proof: one algorithm, our own clock, and claims that bind the token to this very request.

RFC 7519, RFC 8725 (read 2026-11-28). A key inside a token is never looked at, and `none` is no algorithm.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jwt

from app.core.errors import UpstreamError, VerificationError
from app.security.signatures import hmac_of, how_many, matching, same_secret
from app.security.strict_json import parse_json_object
from app.wire.oidc import ProviderKey, read_keys
from app.wire.sources.delivery import Delivery, as_bytes
from app.wire.sources.description import Signature
from app.wire.sources.signature_text import Candidates, compile_candidates
from app.wire.sources.templates import Template, compile_template

MAX_TOKEN = 65_536
LATEST_TIME = 253_402_300_800
COMPACT = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")
REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})
OPTIONS: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")} | {
    "require": []
}

Prove = Callable[[Delivery, float], None]
Faults = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)


def compile_jwt(signature: Signature, secrets: Sequence[bytes], public_keys: Sequence[Any]) -> Prove:
    """Return what proves by token; raises ValueError for a template that is none."""
    rule = signature.jwt
    judges = [partial(_check_times, rule.leeway_s, rule.expires)]
    if rule.issuer:
        judges.append(partial(_check_issuer, [compile_template(text) for text in rule.issuer]))
    if rule.audience:
        judges.append(partial(_check_audience, compile_template(rule.audience)))
    for name, text in rule.claims.items():
        judges.append(partial(_check_claim, name, compile_template(text), name in rule.optional_without_body))
    find = _whole_body if rule.is_body else partial(_one, compile_candidates(signature))
    keys = list(secrets if rule.algorithm == "HS256" else public_keys)
    return partial(_prove, find, keys, rule.algorithm, judges)


def _whole_body(delivery: Delivery) -> bytes:
    return delivery.body.strip()


def _one(candidates: Candidates, delivery: Delivery) -> bytes:
    return candidates(delivery)[0]


def _prove(  # noqa: PLR0917 - all but the last two are what it was compiled with
    find: Callable[[Delivery], bytes],
    keys: Sequence[Any],
    algorithm: str,
    judges: Sequence[Any],
    delivery: Delivery,
    now: float,
) -> None:
    claims = proven_claims(find(delivery), keys, algorithm)
    for judge in judges:
        judge(delivery, claims, now)
    delivery.claims = claims


def proven_claims(token: bytes, keys: Sequence[Any], algorithm: str) -> Mapping[str, Any]:
    """Return what a token says, signed with one of the keys by this algorithm and no other; raises VerificationError."""
    header = token_header(token)
    if header.get("alg") != algorithm:
        raise VerificationError("algorithm_not_allowed", f"The token's alg is not {algorithm}.")
    return _claims(token, keys, header.get("kid"), algorithm)


def token_header(token: bytes) -> Mapping[str, Any]:
    """Return the header of a token, which nothing has proven; raises VerificationError."""
    if not token or len(token) > MAX_TOKEN or not COMPACT.fullmatch(token):
        raise VerificationError("malformed_signature", "The token is missing, too long, or no signed JWT.")
    try:
        header = jwt.get_unverified_header(token)
    except Faults as error:
        raise VerificationError("malformed_signature", "The token's header cannot be read.") from error
    if not REFUSED_HEADERS.isdisjoint(header):
        raise VerificationError(
            "bad_token_header", "The token's header points to a key, or has crit, b64 or zip."
        )
    return header


def _claims(token: bytes, keys: Sequence[Any], kid: object, algorithm: str) -> Mapping[str, Any]:
    if algorithm == "HS256":
        return _claims_by_secret(token, keys)
    for key in keys:
        if isinstance(key, ProviderKey) and not (isinstance(kid, str) and key.fits(kid, algorithm)):
            continue
        try:
            material = _material(key, algorithm)
            claims: Mapping[str, Any] = jwt.decode(token, material, algorithms=[algorithm], options=OPTIONS)
        except Faults:
            continue
        return claims
    raise VerificationError("bad_signature", "No key of this channel signed the token.")


def _claims_by_secret(token: bytes, keys: Sequence[bytes]) -> Mapping[str, Any]:
    """Prove by HMAC ourselves: the library warns of secrets whose length the platform chose."""
    message, _, signature = token.rpartition(b".")
    expected = [urlsafe_b64encode(hmac_of("sha256", key, message)).rstrip(b"=") for key in keys if key]
    if matching(signature, expected) is None:
        raise VerificationError(
            "bad_signature", f"Tried: {how_many(keys, 'secret')}. None of them signed the token."
        )
    payload = message.partition(b".")[2]
    try:
        return parse_json_object(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    except ValueError as error:
        raise VerificationError("malformed_signature", "The token's claims are no JSON object.") from error


def _material(key: Any, algorithm: str) -> Any:
    if not isinstance(key, ProviderKey):
        return key
    members = {"kty": key.kty, **key.members} | ({"crv": key.curve} if key.curve else {})
    return jwt.PyJWK(members, algorithm=algorithm)


def keys_of_set(said: object) -> tuple[ProviderKey, ...]:
    """Return the keys of a JWK set; raises ValueError when there is none that can be used."""
    try:
        found = read_keys(said) if isinstance(said, dict) else ()
    except UpstreamError as error:
        raise ValueError("it holds no list of keys") from error
    if not found:
        raise ValueError("it holds no public key that can be used")
    return found


def _check_times(
    leeway: int, must_expire: bool, _delivery: Delivery, claims: Mapping[str, Any], now: float
) -> None:
    check_token_times(claims, now, leeway=leeway, must_expire=must_expire)


def check_token_times(claims: Mapping[str, Any], now: float, *, leeway: int, must_expire: bool) -> None:
    """Check exp, nbf and iat with that many seconds of difference between clocks; raises VerificationError."""
    if must_expire and "exp" not in claims:
        raise VerificationError("bad_token_time", "The token has no exp, so it would never end.")
    for name in ("exp", "nbf", "iat"):
        if name not in claims:
            continue
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LATEST_TIME:
            raise VerificationError("bad_token_time", f"The token's {name} is not a time in Unix seconds.")
        if not (now <= value + leeway if name == "exp" else value - leeway <= now):
            raise VerificationError(
                "timestamp_outside_tolerance",
                f"The time differed: the token's {name} is {abs(round(now - value))} seconds from this gateway's clock.",
            )


def _check_issuer(
    templates: Sequence[Template], delivery: Delivery, claims: Mapping[str, Any], _now: float
) -> None:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not any(
        same_secret(issuer, template(delivery)) for template in templates
    ):
        raise VerificationError("wrong_issuer", "The token's iss is not the one it must be.")


def _check_audience(template: Template, delivery: Delivery, claims: Mapping[str, Any], _now: float) -> None:
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(each, str) and same_secret(each, template(delivery)) for each in listed):
        raise VerificationError("wrong_audience", "The token's aud does not name this channel.")


def _check_claim(
    name: str, template: Template, may_lack: bool, delivery: Delivery, claims: Mapping[str, Any], _now: float
) -> None:
    given = as_bytes(claims.get(name))
    if given is None and may_lack and not delivery.body:
        return
    if given is None or not same_secret(given, template(delivery)):
        raise VerificationError("wrong_claim", f"The token's {name} does not fit this request.")
