"""OpenID Connect as a client reads it: the discovery document, the keys, the ID token. Pure: bytes and values in, values out.

Everything from there is hostile until read. Nothing is fetched here; who asks, keeps and repeats is the platform's folder.
Sources: OpenID Connect Core 1.0 §2, §3.1.3.7, §3.1.3.6 (`at_hash`); Discovery 1.0 §3, §4.3; RFC 7517, 7518, 8037, 8725
(all read 2026-11-28).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from app.config.samples import leads_to_this_machine
from app.core.errors import UpstreamError
from app.core.storable import REPLACEMENT, is_storable
from app.core.values import JSON
from app.security.outbound import origin_of
from app.security.public_addresses import AddressGuard
from app.security.signatures import same_secret
from app.security.strict_json import parse_json_object
from app.wire.key_sets import ALGORITHMS, USUAL_ALGORITHMS, ProviderKey, usable_keys
from app.wire.signed_tokens import LATEST_TIME

WELL_KNOWN = "/.well-known/openid-configuration"
CLOCK_SKEW = 60
LONGEST_AGE = 600
"""Seconds since `iat`: an ID token is made when its code is redeemed or given, and codes live for ten minutes at most."""

MAX_TOKEN = 16_384
MAX_SUBJECT = 255
MOST_TRIED = 8
"""Keys of a set that are tried on one token."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_REFUSED_HEADERS = frozenset({"crit", "b64", "zip"})


ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")

Judge = Callable[[str], None]
"""Refuses an address with a ValueError that says why."""


@dataclass(frozen=True, slots=True)
class ServerDocument:
    """What a server says about itself; every address has been judged, one that it does not name is empty."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    promises_issuer: bool
    """Whether its returns carry `iss` (RFC 9207)."""
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Expected:
    """What an ID token must say: for whom and by whom, for which login, together with which access token, and when."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now: float
    algorithms: Sequence[str] = USUAL_ALGORITHMS
    nonce_may_lack: bool = False
    """Whether a token without a nonce is taken (LinkedIn gives none); one with another login's never is."""
    issuer_of: Callable[[JSON], str] | None = None
    """Says the issuer from signed claims, where it differs for each tenant; raises UpstreamError."""


class UnknownKeyError(Exception):
    """No key that was given signed the token: the server may have new ones."""


def document_address(issuer: str) -> str:
    """Return where an issuer's document is (Discovery §4: a slash at the end is dropped)."""
    return issuer.rstrip("/") + WELL_KNOWN


def judge_address(address: str, *, issuer: str, private_hosts: Sequence[str] = ()) -> None:
    """Refuse an address that is not https, not public or not plainly written; raises ValueError with a sentence's end.

    `private_hosts` may be private. An issuer on this machine is a simulator: its own origin is taken, also without https.
    """
    origin = origin_of(address)
    if "#" in address:
        raise ValueError("must have no fragment")
    if leads_to_this_machine(issuer) and origin == origin_of(issuer):
        return
    if not address.startswith("https://"):
        raise ValueError("must begin with https://")
    AddressGuard(private_hosts).check_url(address)


def read_document(
    said: JSON,
    issuer: str,
    judge: Judge,
    *,
    needed: Sequence[str] = ("authorization_endpoint", "token_endpoint", "jwks_uri"),
    algorithms: Sequence[str] = USUAL_ALGORITHMS,
) -> ServerDocument:
    """Return a server's document; raises UpstreamError unless it is this issuer's own and its addresses are fit to be called.

    The issuer is compared exactly: a document of another one would make that one's people ours (Discovery §4.3).
    """
    if said.get("issuer") != issuer:
        raise bad_document(
            "it names another issuer; write issuer exactly as the server does, the slash at the end included"
        )
    found = {name: _endpoint(said, name, judge, may_lack=name not in needed) for name in ENDPOINTS}
    return ServerDocument(
        issuer=issuer,
        promises_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        algorithms=_algorithms(said.get("id_token_signing_alg_values_supported"), algorithms),
        **found,
    )


def bad_document(why: str) -> UpstreamError:
    """Return the error for a discovery document that cannot be used."""
    return UpstreamError("bad_discovery", f"The login server's discovery document cannot be used: {why}.")


def _endpoint(said: JSON, name: str, judge: Judge, *, may_lack: bool) -> str:
    address = said.get(name)
    if address is None and may_lack:
        return ""
    if not isinstance(address, str):
        raise bad_document(f"{name} is missing")
    try:
        judge(address)
    except ValueError as error:
        raise bad_document(f"{name} {_as_clause(error)}") from None
    return address


def _as_clause(error: ValueError) -> str:
    text = str(error)
    return text if text.startswith("must") else f"is refused: {text}"


def _algorithms(said: object, taken: Sequence[str]) -> tuple[str, ...]:
    if said is None:
        return tuple(taken)
    offered = said if isinstance(said, list) else []
    usable = tuple(name for name in taken if name in offered)
    if not usable:
        raise bad_document(f"it signs ID tokens with none of {', '.join(taken)}")
    return usable


def read_keys(said: JSON) -> tuple[ProviderKey, ...]:
    """Return the keys of a set that ID tokens can be checked with; all others are passed over, whatever is wrong with them.

    Not used are keys for encryption, symmetric and private keys, weak and huge ones, and what cannot be read.
    """
    listed = said.get("keys")
    if not isinstance(listed, list):
        raise UpstreamError("bad_keys", "The login server's key set (jwks_uri) holds no list of keys.")
    return usable_keys(listed)


def read_id_token(token: object, expected: Expected, keys: Sequence[ProviderKey]) -> JSON:
    """Return the claims of an ID token that holds in every point; raises UpstreamError, or UnknownKeyError.

    1. It must be there, and be a signed JWT in an algorithm of ours.
    2. A key of the server's set must have signed it; a key inside the token is never looked at.
    3. Issuer, audience and authorized party, times, nonce and the access token's digest must be those of this login.
    """
    if token is None:
        raise bad_token("The login server gave no ID token: there is none, although the scope holds openid.")
    if not isinstance(token, str) or len(token) > MAX_TOKEN or not _COMPACT.fullmatch(token):
        raise bad_token("The login server's ID token is not a signed JWT.")
    algorithm, kid = _read_header(token, expected.algorithms)
    claims = _signed_claims(token, algorithm, [key for key in keys if key.fits(kid, algorithm)])
    check_claims(claims, expected, ALGORITHMS[algorithm].digest)
    return claims


def check_claims(claims: JSON, expected: Expected, digest: Callable[[bytes], Any]) -> None:
    """Check what a signed token says; `digest` is that of its algorithm, for `at_hash`. Raises UpstreamError."""
    _check_parties(claims, expected)
    _check_times(claims, expected.now)
    _check_login(claims, expected, digest)


def check_same_person(said: str, proven: object) -> None:
    """Refuse user information about anybody else than the ID token's person (Core §5.3.2); raises UpstreamError."""
    if said != proven:
        message = "The login server's user information is about somebody else (sub)."
        raise UpstreamError("upstream_bad_identity", message)


def no_key_signed() -> UpstreamError:
    """Return the error for an ID token that no key of the server signed, also after another look at its keys."""
    return bad_token("No key of the login server's key set (jwks_uri) signed its ID token.")


def bad_token(why: str) -> UpstreamError:
    """Return the error for an ID token that proves nothing here; `why` is a whole sentence, which people read too."""
    return UpstreamError("bad_id_token", why)


def _read_header(token: str, algorithms: Sequence[str]) -> tuple[str, str | None]:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise bad_token("The header of the login server's ID token cannot be read.") from None
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in algorithms or algorithm not in ALGORITHMS:
        raise bad_token(
            "The login server's ID token is signed in a way that is not taken (alg); choose RS256, PS256, ES256 or EdDSA there."
        )
    if not _REFUSED_HEADERS.isdisjoint(header) or not isinstance(kind, str) or kind.upper() != "JWT":
        raise bad_token(
            "The login server's ID token asks for something that ID tokens do not have (typ, crit, b64 or zip)."
        )
    return str(algorithm), kid if isinstance(kid, str) else None


def _signed_claims(token: str, algorithm: str, keys: Sequence[ProviderKey]) -> JSON:
    """Return what a key signed. The library checks the signature alone."""
    for key in keys[:MOST_TRIED]:
        try:
            payload: bytes = jwt.PyJWS().decode(token, key.ready(algorithm), algorithms=[algorithm])
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            continue
        return _claims_in(payload)
    raise UnknownKeyError


def _claims_in(payload: bytes) -> JSON:
    """Read signed claims as all JSON from outside is read: bounded, and without half characters."""
    try:
        return parse_json_object(payload)
    except ValueError as error:
        raise bad_token(f"The claims of the login server's ID token cannot be read: {error}.") from None


def _check_parties(claims: JSON, expected: Expected) -> None:
    issuer = expected.issuer if expected.issuer_of is None else expected.issuer_of(claims)
    if claims.get("iss") != issuer:
        raise bad_token("The login server's ID token is another issuer's (iss).")
    audience, party = claims.get("aud"), claims.get("azp")
    listed = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in listed or not all(isinstance(each, str) for each in listed):
        raise bad_token("The login server's ID token is for another application (aud); compare client_id.")
    if (len(listed) > 1 or party is not None) and party != expected.client_id:
        raise bad_token("The login server's ID token was made for another application (azp).")
    subject = claims.get("sub")
    is_exact = isinstance(subject, str) and is_storable(subject, MAX_SUBJECT) and REPLACEMENT not in subject
    if not subject or not is_exact:
        raise bad_token("The login server's ID token names nobody (sub).")


def _check_times(claims: JSON, now: float) -> None:
    issued_at, expires_at = (_time(claims, name) for name in ("iat", "exp"))
    starts_at = _time(claims, "nbf") if "nbf" in claims else issued_at
    if expires_at <= now:
        raise bad_token(
            "The login server's ID token has expired (exp); compare this machine's clock with the server's."
        )
    if max(issued_at, starts_at) > now + CLOCK_SKEW:
        raise bad_token(
            "The login server's ID token is from the future (iat, nbf); compare this machine's clock with the server's."
        )
    if issued_at < now - LONGEST_AGE - CLOCK_SKEW:
        raise bad_token(
            "The login server's ID token was made long before this login (iat); compare the clocks."
        )


def _check_login(claims: JSON, expected: Expected, make_digest: Callable[[bytes], Any]) -> None:
    nonce, digest = claims.get("nonce"), claims.get("at_hash")
    is_left_out = expected.nonce_may_lack and "nonce" not in claims
    if not is_left_out and (not isinstance(nonce, str) or not same_secret(nonce, expected.nonce)):
        raise bad_token("The login server's ID token belongs to another login (nonce); start again.")
    if "at_hash" not in claims:
        return
    whole = make_digest(expected.access_token.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=")
    if not isinstance(digest, str) or not same_secret(digest, half):
        raise bad_token("The login server's ID token belongs to another access token (at_hash).")


def _time(claims: JSON, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LATEST_TIME:
        raise bad_token("The login server's ID token holds no usable time (iat, exp or nbf).")
    return float(value)
