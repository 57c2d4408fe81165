"""What the proof of a description covers, and where a request carries a credential itself. Read off the description."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.values import Coverage, CredentialPlaces
from app.wire.sources.description import Signature
from app.wire.sources.places import SETTING, places_of
from app.wire.sources.proofs import with_variant

WHOLE_BODY = ("{body}", "(body)}", "{sorted:form", "{sorted:params", "{sorted:json", "{sorted:xml")


def coverage_of(signature: Signature) -> Coverage:
    """Return the least that an accepted request is proven for."""
    if signature.covers:
        return Coverage(signature.covers)
    recipes = [signature, *(with_variant(signature, variant) for variant in signature.variants)]
    return Coverage.BODY if all(_covers_body(recipe) for recipe in recipes) else Coverage.ORIGIN


def _covers_body(signature: Signature) -> bool:
    if signature.kind in ("token", "basic"):
        return False
    if signature.kind == "jwt":
        return signature.jwt.is_body or any("(body)}" in text for text in signature.jwt.claims.values())
    texts = [signature.signed, *signature.checks.values()]
    return any(word in text for text in texts for word in WHOLE_BODY)


def credential_places_of(signature: Signature, settings: Mapping[str, str]) -> CredentialPlaces:
    """Return the places of tokens; a signature is no credential, since it is good for one request only."""
    if signature.kind not in ("token", "basic", "jwt") or signature.is_body_token:
        return CredentialPlaces()
    headers, parameters, fields, in_path = set(), set(), set(), False
    text = signature.signature_place or f"header:{signature.signature_header or 'Authorization'}"
    for part in (part for parts in places_of(text) for part in parts):
        source, _, name = part.partition(":")
        if (setting := SETTING.fullmatch(name)) is not None:
            name = settings.get(setting[1], "")
        if source == "header":
            headers.add(name.lower())
        elif source == "query":
            parameters.add(name.lower())
        elif source == "json":
            fields.add(name.rpartition("[].")[2])
        elif source == "path":
            in_path = True
    return CredentialPlaces(frozenset(headers), frozenset(parameters), tuple(sorted(fields)), in_path)
