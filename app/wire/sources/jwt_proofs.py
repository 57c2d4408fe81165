"""JSON Web Tokens as a description wants them: claims that bind the token to this very request.

How a token is proven is in app/wire/signed_tokens.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from app.core.errors import VerificationError
from app.security.signatures import same_secret
from app.wire.signed_tokens import check_token_times, proven_claims
from app.wire.sources.delivery import Delivery, as_bytes
from app.wire.sources.description import Signature
from app.wire.sources.signature_text import Candidates, compile_candidates
from app.wire.sources.templates import Template, compile_template

Prove = Callable[[Delivery, float], None]


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
    find = compile_finder(signature)
    keys = list(secrets if rule.algorithm == "HS256" else public_keys)
    return partial(_prove, find, keys, rule.algorithm, judges)


def compile_finder(signature: Signature) -> Callable[[Delivery], bytes]:
    """Return what finds the token of a request; it raises VerificationError where there is none."""
    return _whole_body if signature.jwt.is_body else partial(_one, compile_candidates(signature))


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


def _check_times(
    leeway: int, must_expire: bool, _delivery: Delivery, claims: Mapping[str, Any], now: float
) -> None:
    check_token_times(claims, now, leeway=leeway, must_expire=must_expire)


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
