"""Grants: made when somebody lets a client in, redeemed, refreshed and ended; who they are for is looked at each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.core.errors import RefusedError
from app.core.identifiers import new_id, random_word
from app.pipeline.issuer.clients import Client, find_client
from app.pipeline.issuer.keys import issuer_jwks, signer
from app.pipeline.login.sessions import SignedIn
from app.pipeline.services import Services
from app.security.issuer_tokens import ACCESS_TOKEN, read_issuer_token
from app.security.signatures import sha256_hex
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.issuer.grants import (
    Code,
    Grant,
    end_grant,
    find_grant,
    find_refresh_token,
    insert_code,
    insert_grant,
    insert_refresh_token,
    is_refresh_token_unused,
    use_code,
    use_refresh_token,
)
from app.storage.login.identities import StoredIdentity, find_identity
from app.storage.login.sessions import find_live_session
from app.storage.login.users import find_disabled

CODE_LIFE = timedelta(minutes=2)
ACCESS_SECONDS = 7200
GRANT_LIFE = timedelta(days=30)
"""The longest that refreshing goes on after a login, however often it is used."""

CODES_PER_PERSON = "60 per minute"
WORD_BITS = 256
OFFLINE = "offline_access"
LONGEST_CODE = 256

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked for, judged already: exact address, scopes it may have, S256 challenge or none."""

    client: Client
    redirect_uri: str
    scope: str
    nonce: str | None = None
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody a token is about: the person, and the account they logged in with."""

    user_id: str
    identity: StoredIdentity


def make_code(services: Services, asked: Asked, signed_in: SignedIn) -> str:
    """Let a client in: store the grant, and return the one-time code for it; raises RefusedError 429."""
    wait = services.rate_limits.hit(CODES_PER_PERSON, "issuer_codes", signed_in.user_id)
    if wait is not None:
        message = "You let applications in too often; wait a little."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)
    now, word = services.clock.now(), random_word(WORD_BITS)
    grant = Grant(
        id=new_id(now),
        client_id=asked.client.client_id,
        user_id=signed_in.user_id,
        identity_id=signed_in.session.identity_id,
        sid=signed_in.sid,
        scope=asked.scope,
        nonce=asked.nonce,
        auth_at=signed_in.session.created_at,
        created_at=now,
        expires_at=now + GRANT_LIFE,
    )
    with services.database.begin() as tx:
        insert_grant(tx, grant)
        insert_code(tx, _digest(word), Code(grant, asked.redirect_uri, asked.challenge), now + CODE_LIFE)
        write_audit(tx, at=now, actor=grant.user_id, action="issuer.granted", target=grant.client_id)
    return word


def redeem_code(services: Services, client: Client, code: str) -> Code | None:
    """Use a code, once over all processes; a second use ends what the first one got."""
    if len(code) > LONGEST_CODE:
        return None
    now = services.clock.now()
    return services.database.run(lambda tx: use_code(tx, _digest(code), client.client_id, now))


def grant_of_refresh_token(services: Services, client: Client, token: str) -> Grant | None:
    """Return the grant that a refresh token of this client goes on with, used or not, while it works."""
    if len(token) > LONGEST_CODE:
        return None
    with services.database.read() as tx:
        grant = find_refresh_token(tx, _digest(token))
    is_theirs = grant is not None and grant.client_id == client.client_id
    return grant if is_theirs and grant is not None and grant.works(services.clock.now()) else None


def grant_to_refresh(services: Services, client: Client, token: str) -> Grant | None:
    """Return the grant that a refresh token of this client would go on with now: unused, and about somebody who may log in."""
    grant = grant_of_refresh_token(services, client, token)
    if grant is None or subject_of(services, grant) is None:
        return None
    with services.database.read() as tx:
        return grant if is_refresh_token_unused(tx, _digest(token)) else None


def spend_refresh_token(services: Services, token: str) -> bool:
    """Use a refresh token; False when it was used before, which ends the grant."""
    now = services.clock.now()
    is_first = services.database.run(lambda tx: use_refresh_token(tx, _digest(token), now))
    if not is_first:
        log.warning("refresh_token_used_twice")
    return is_first


def new_refresh_token(services: Services, grant: Grant) -> str:
    """Return a new refresh token of a grant."""
    word, now = random_word(WORD_BITS), services.clock.now()
    services.database.run(lambda tx: insert_refresh_token(tx, _digest(word), grant.id, now))
    return word


def subject_of(services: Services, grant: Grant) -> Subject | None:
    """Return who a grant is about, None when they may log in no more, took that account away or logged out."""
    with services.database.read() as tx:
        return _subject(tx, grant, services.clock.now())


def _subject(tx: Transaction, grant: Grant, now: datetime) -> Subject | None:
    # A session ends before its clients are told, and where none is there to tell.
    if OFFLINE not in grant.scope.split() and find_live_session(tx, grant.sid, now) is None:
        return None
    identity = find_identity(tx, grant.identity_id)
    if identity is None or identity.user_id != grant.user_id or find_disabled(tx, {grant.user_id}):
        return None
    return Subject(grant.user_id, identity)


def access_token(services: Services, grant: Grant, scope: str) -> str:
    """Return a signed access token (RFC 9068) of a grant, good for ACCESS_SECONDS."""
    now = services.clock.now()
    issuer = services.settings.public_base_url
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": grant.user_id,
        "client_id": grant.client_id,
        "scope": scope,
        "gid": grant.id,
        "jti": new_id(now),
        "iat": _seconds(now),
        "exp": _seconds(now) + ACCESS_SECONDS,
        "auth_time": _seconds(grant.auth_at),
    }
    return signer(services, "ES256").sign(claims, ACCESS_TOKEN)


@dataclass(frozen=True, slots=True)
class Access:
    """A good access token: what it says, its grant and whom it is about."""

    claims: dict[str, Any]
    grant: Grant
    subject: Subject


def read_access(services: Services, token: str) -> Access | None:
    """Return what a good access token gives access to, None for every other text."""
    issuer = services.settings.public_base_url
    claims = read_issuer_token(token, issuer_jwks(services), kinds=[ACCESS_TOKEN], issuer=issuer)
    now = services.clock.now()
    if claims is None or claims.get("aud") != issuer or not _is_current(claims, _seconds(now)):
        return None
    with services.database.read() as tx:
        grant = find_grant(tx, str(claims.get("gid", ""))[:32])
        subject = None if grant is None else _subject(tx, grant, now)
    if grant is None or subject is None or not grant.works(now):
        return None
    client = find_client(services, grant.client_id)
    if client is None:
        return None
    # A scope that was taken away from the client is gone from the tokens that it has, too.
    return Access(claims | {"scope": client.allowed_scope(str(claims["scope"]))}, grant, subject)


def end_grant_now(services: Services, grant: Grant) -> None:
    """End a grant with all of its tokens."""
    now = services.clock.now()

    def work(tx: Transaction) -> None:
        if end_grant(tx, grant.id, now):
            write_audit(tx, at=now, actor=grant.client_id, action="issuer.revoked", target=grant.user_id)

    services.database.run(work)


def _is_current(claims: dict[str, Any], now: int) -> bool:
    ends = claims.get("exp")
    return type(ends) is int and now < ends


def _digest(word: str) -> str:
    return sha256_hex(word.encode("utf-8", "surrogatepass"))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
