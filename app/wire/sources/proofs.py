"""How a request is proven, compiled once per channel: HMAC, digests with a secret in them, tokens, Basic, public keys.

Every comparison is in constant time on bytes; an empty signature, an empty secret and no secret at all never match.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.core.errors import VerificationError
from app.security.signatures import digest_of, hmac_of, how_many, matching, same_secret
from app.wire.public_keys import is_signed_by
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Signature, Variant
from app.wire.sources.jwt_proofs import compile_jwt
from app.wire.sources.keys import decoded, encoded
from app.wire.sources.matching import compile_when
from app.wire.sources.places import compile_places
from app.wire.sources.signature_text import compile_candidates
from app.wire.sources.templates import Template, compile_template
from app.wire.sources.times import compile_times

Prove = Callable[[Delivery, float], None]


@dataclass(frozen=True, repr=False)
class Material:
    """What one channel proves with: its secrets, the keys made of them, public keys, and its other settings."""

    secrets: tuple[bytes, ...] = ()
    keys: tuple[bytes, ...] = ()
    public_keys: tuple[Any, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def compile_proof(signature: Signature, material: Material) -> Prove:
    """Return what proves a request; raises ValueError for a description that says nothing sensible."""
    whole = _compile_one(signature, material)
    variants = [
        (compile_when(variant.when), _compile_one(with_variant(signature, variant), material))
        for variant in signature.variants
    ]
    return partial(_by_variant, variants, whole) if variants else whole


def with_variant(signature: Signature, variant: Variant) -> Signature:
    """Return the description with what a variant says otherwise."""
    changes = {name: getattr(variant, name) for name in variant.model_fields_set - {"when"}}
    return signature.model_copy(update=changes)


def _by_variant(
    variants: Sequence[tuple[Callable[[Delivery], bool], Prove]], whole: Prove, delivery: Delivery, now: float
) -> None:
    for applies, prove in variants:
        if applies(delivery):
            return prove(delivery, now)
    return whole(delivery, now)


def _compile_one(signature: Signature, material: Material) -> Prove:
    match signature.kind:
        case "basic":
            proof: Prove = partial(_prove_basic, material)
        case "jwt":
            proof = compile_jwt(signature, material.secrets, material.public_keys)
        case "token":
            proof = partial(_prove_token, compile_candidates(signature), material)
        case "hmac":
            proof = _hmac(signature, material)
        case "digest":
            proof = _digest(signature, material)
        case _:
            proof = _public(signature, material)
    checks = [
        (place, compile_places(place), _template(signature, text)) for place, text in signature.checks.items()
    ]
    return partial(_with_checks, proof, checks) if checks else proof


def _template(signature: Signature, text: str) -> Template:
    return compile_template(text, compile_places(signature.id))


def _with_checks(
    proof: Prove, checks: Sequence[tuple[str, Any, Template]], delivery: Delivery, now: float
) -> None:
    proof(delivery, now)
    for place, get, template in checks:
        given = get(delivery)
        if given is None or not same_secret(given.lower(), template(delivery).lower()):
            raise VerificationError(
                "wrong_value", f"{place} is not what it must be in a request of this kind."
            )


def _hmac(signature: Signature, material: Material) -> Prove:
    candidates, template = compile_candidates(signature), _template(signature, signature.signed)
    judge, digest, encoding, secrets_and_keys = (
        compile_times(signature), signature.digest, signature.encoding,
        list(zip(material.secrets, material.keys, strict=True)),
    )  # fmt: skip
    plainly = _SPELLINGS.get(encoding)
    needs_secret = "secret" in signature.signed

    def prove(delivery: Delivery, now: float) -> None:
        given = candidates(delivery)
        if judge is not None:
            judge(delivery, now)
        expected = []
        for secret, key in secrets_and_keys:
            if needs_secret:
                delivery.secret = secret
            expected.append(encoded(hmac_of(digest, key, template(delivery)), encoding))
        for text in given:
            if matching(text if plainly is None else plainly(text), expected) is not None:
                return
        raise _mismatch(material)

    return prove


_SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "hex": bytes.lower,
    "base64url": lambda text: text.rstrip(b"="),
}
"""How a given signature becomes the one spelling that is compared; all other encodings have only one."""


def _digest(signature: Signature, material: Material) -> Prove:
    candidates, template = compile_candidates(signature), _template(signature, signature.signed)
    judge, encoding = compile_times(signature), signature.encoding

    def prove(delivery: Delivery, now: float) -> None:
        given = candidates(delivery)
        if judge is not None:
            judge(delivery, now)
        expected = []
        for secret in material.secrets:
            delivery.secret = secret
            expected.append(encoded(digest_of(signature.digest, template(delivery)), encoding))
        for text in given:
            if matching(text.lower() if encoding == "hex" else text, expected) is not None:
                return
        raise _mismatch(material)

    return prove


def _public(signature: Signature, material: Material) -> Prove:
    candidates, template = compile_candidates(signature), _template(signature, signature.signed)
    judge, encoding = compile_times(signature), signature.encoding

    def prove(delivery: Delivery, now: float) -> None:
        given = candidates(delivery)
        if judge is not None:
            judge(delivery, now)
        message = template(delivery)
        for text in given:
            raw = decoded(text, encoding)
            if raw and any(
                is_signed_by(key, message=message, signature=raw, digest=signature.digest)
                for key in material.public_keys
            ):
                return
        raise VerificationError(
            "bad_signature",
            f"Tried: {how_many(material.public_keys, 'public_key')}. Compare it with the platform's console; a body that "
            "was changed on the way has the same effect.",
        )

    return prove


def _prove_token(candidates: Any, material: Material, delivery: Delivery, _now: float) -> None:
    for text in candidates(delivery):
        if matching(text, material.secrets) is not None:
            return
    raise VerificationError(
        "bad_token", f"The token is none of them. Tried: {how_many(material.secrets, 'secret')}."
    )


def _prove_basic(material: Material, delivery: Delivery, _now: float) -> None:
    """Prove by user name and password (RFC 7617)."""
    scheme, _, text = (delivery.header("Authorization") or b"").partition(b" ")
    if scheme.lower() != b"basic" or not text:
        raise VerificationError(
            "missing_signature", "There is no Authorization header with Basic credentials."
        )
    try:
        given = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError("malformed_signature", "The Basic credentials are no Base64.") from error
    username, password = (material.settings.get(name, "") for name in ("username", "password"))
    if not username or not password or not same_secret(given, f"{username}:{password}"):
        raise VerificationError(
            "bad_token", "The Basic credentials are not username and password of this channel."
        )


def _mismatch(material: Material) -> VerificationError:
    return VerificationError(
        "bad_signature",
        f"Tried: {how_many(material.secrets, 'secret')}. Compare the secret with the platform's console for this very "
        "address; a body that was changed on the way has the same effect.",
    )
