"""Grants: one for each time somebody let a client in, with the code that began it and the refresh tokens that go on with it.

A grant is the family of all its tokens: when it has ended none of them is good. Codes and refresh tokens are kept as digests,
and each is used by one statement that lets exactly one caller win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Row, String, Table, select

from app.storage.database.db import ExactText, UtcDateTime, metadata

LONGEST_SCOPE = 500
LONGEST_NONCE = 500

issuer_grants = Table(
    "issuer_grants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client_id", ExactText(64), nullable=False),
    Column("user_id", String(32), nullable=False),
    Column("identity_id", String(32), nullable=False),
    Column("sid", String(32), nullable=False),
    Column("scope", ExactText(LONGEST_SCOPE), nullable=False),
    Column("nonce", ExactText(LONGEST_NONCE)),
    # When the person logged in, which is what ID tokens call auth_time.
    Column("auth_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_issuer_grants_user", "user_id", "client_id"),
    Index("ix_issuer_grants_sid", "sid"),
    Index("ix_issuer_grants_expires_at", "expires_at"),
)

issuer_codes = Table(
    "issuer_codes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("grant_id", String(32), ForeignKey("issuer_grants.id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", ExactText(1000), nullable=False),
    Column("challenge", String(128)),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_issuer_codes_grant_id", "grant_id"),
)

issuer_refresh_tokens = Table(
    "issuer_refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("grant_id", String(32), ForeignKey("issuer_grants.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_issuer_refresh_tokens_grant_id", "grant_id"),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody allowed a client, with which login, and until when at most."""

    id: str
    client_id: str
    user_id: str
    identity_id: str
    sid: str
    scope: str
    nonce: str | None
    auth_at: datetime
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def works(self, now: datetime) -> bool:
        """Say whether tokens of this grant are good."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its grant; whoever got it here has used it."""

    grant: Grant
    redirect_uri: str
    challenge: str | None


def insert_grant(tx: Connection, grant: Grant) -> None:
    """Add a grant."""
    tx.execute(issuer_grants.insert().values(**{name: getattr(grant, name) for name in Grant.__slots__}))


def insert_code(tx: Connection, digest: str, code: Code, expires_at: datetime) -> None:
    """Add a code; its grant must be there."""
    tx.execute(
        issuer_codes.insert().values(
            digest=digest,
            grant_id=code.grant.id,
            redirect_uri=code.redirect_uri,
            challenge=code.challenge,
            expires_at=expires_at,
        )
    )


def use_code(tx: Connection, digest: str, client_id: str, now: datetime) -> Code | None:
    """Use a code of a client; None when it is not there, another client's, too old, or used, which ends its grant.

    The one UPDATE decides who wins. The others wait for it and then end what the winner got (RFC 9700 §4.8, RFC 6749 §4.1.2).
    """
    found = tx.execute(
        select(issuer_codes, issuer_grants.c.client_id)
        .join(issuer_grants, issuer_grants.c.id == issuer_codes.c.grant_id)
        .where(issuer_codes.c.digest == digest)
    ).one_or_none()
    if found is None or found.client_id != client_id:
        return None
    fresh = issuer_codes.update().where(
        issuer_codes.c.digest == digest, issuer_codes.c.used_at.is_(None), issuer_codes.c.expires_at > now
    )
    if tx.execute(fresh.values(used_at=now)).rowcount == 1:
        grant = find_grant(tx, found.grant_id)
        return (
            None
            if grant is None or not grant.works(now)
            else Code(grant, found.redirect_uri, found.challenge)
        )
    if found.expires_at > now:
        end_grant(tx, found.grant_id, now)
    return None


def insert_refresh_token(tx: Connection, digest: str, grant_id: str, now: datetime) -> None:
    """Add a refresh token of a grant."""
    tx.execute(issuer_refresh_tokens.insert().values(digest=digest, grant_id=grant_id, created_at=now))


def find_refresh_token(tx: Connection, digest: str) -> Grant | None:
    """Return the grant of a refresh token, used or not."""
    row = tx.execute(
        select(issuer_refresh_tokens.c.grant_id).where(issuer_refresh_tokens.c.digest == digest)
    ).one_or_none()
    return None if row is None else find_grant(tx, row.grant_id)


def is_refresh_token_unused(tx: Connection, digest: str) -> bool:
    """Say whether a refresh token is there that nobody has used."""
    query = select(issuer_refresh_tokens.c.digest).where(
        issuer_refresh_tokens.c.digest == digest, issuer_refresh_tokens.c.used_at.is_(None)
    )
    return tx.execute(query).one_or_none() is not None


def use_refresh_token(tx: Connection, digest: str, now: datetime) -> bool:
    """Use a refresh token; False when somebody used it before, which ends its grant (RFC 9700 §4.14)."""
    unused = issuer_refresh_tokens.update().where(
        issuer_refresh_tokens.c.digest == digest, issuer_refresh_tokens.c.used_at.is_(None)
    )
    if tx.execute(unused.values(used_at=now)).rowcount == 1:
        return True
    grant = find_refresh_token(tx, digest)
    if grant is not None:
        end_grant(tx, grant.id, now)
    return False


def find_grant(tx: Connection, grant_id: str) -> Grant | None:
    """Return a grant."""
    row = tx.execute(select(issuer_grants).where(issuer_grants.c.id == grant_id)).one_or_none()
    return None if row is None else _grant(row)


def end_grant(tx: Connection, grant_id: str, now: datetime) -> bool:
    """End a grant with all of its tokens; False when it had ended."""
    living = issuer_grants.update().where(issuer_grants.c.id == grant_id, issuer_grants.c.ended_at.is_(None))
    return tx.execute(living.values(ended_at=now)).rowcount == 1


def end_grants_of(tx: Connection, user_id: str, client_id: str, now: datetime) -> int:
    """End what somebody allowed a client; return how many grants that were."""
    living = issuer_grants.update().where(
        issuer_grants.c.user_id == user_id,
        issuer_grants.c.client_id == client_id,
        issuer_grants.c.ended_at.is_(None),
    )
    return tx.execute(living.values(ended_at=now)).rowcount


def end_grants_of_client(tx: Connection, client_id: str, now: datetime) -> int:
    """End everything that people allowed a client; return how many grants that were."""
    living = issuer_grants.update().where(
        issuer_grants.c.client_id == client_id, issuer_grants.c.ended_at.is_(None)
    )
    return tx.execute(living.values(ended_at=now)).rowcount


def list_grants_of_session(tx: Connection, sid: str) -> Sequence[Grant]:
    """Return the grants that were made with a session and have not ended."""
    query = select(issuer_grants).where(issuer_grants.c.sid == sid, issuer_grants.c.ended_at.is_(None))
    return [_grant(row) for row in tx.execute(query)]


def list_grants_of_user(tx: Connection, user_id: str, now: datetime) -> Sequence[Grant]:
    """Return somebody's grants that work, newest first."""
    query = select(issuer_grants).where(
        issuer_grants.c.user_id == user_id,
        issuer_grants.c.ended_at.is_(None),
        issuer_grants.c.expires_at > now,
    )
    return [_grant(row) for row in tx.execute(query.order_by(issuer_grants.c.created_at.desc()))]


def delete_old_grants(tx: Connection, expired_before: datetime, *, limit: int) -> int:
    """Forget grants that expired before a time, with their codes and tokens; return how many."""
    query = select(issuer_grants.c.id).where(issuer_grants.c.expires_at < expired_before)
    old = list(tx.execute(query.order_by(issuer_grants.c.expires_at).limit(limit)).scalars())
    return _delete_grants(tx, old)


def delete_unused_grants(tx: Connection, expired_before: datetime, *, limit: int) -> int:
    """Forget grants whose code nobody used before it expired; return how many. Reads codes without an index."""
    query = select(issuer_codes.c.grant_id).where(
        issuer_codes.c.used_at.is_(None), issuer_codes.c.expires_at < expired_before
    )
    return _delete_grants(tx, list(tx.execute(query.limit(limit)).scalars()))


def delete_grants_of(tx: Connection, user_id: str) -> int:
    """Forget everything that somebody allowed, with codes and tokens; return how many grants that were."""
    query = select(issuer_grants.c.id).where(issuer_grants.c.user_id == user_id)
    return _delete_grants(tx, list(tx.execute(query).scalars()))


def _delete_grants(tx: Connection, old: Sequence[str]) -> int:
    if not old:
        return 0
    for table in (issuer_codes, issuer_refresh_tokens):
        tx.execute(table.delete().where(table.c.grant_id.in_(old)))
    return tx.execute(issuer_grants.delete().where(issuer_grants.c.id.in_(old))).rowcount


def narrowed(grant: Grant, scope: str) -> Grant:
    """Return a grant as a refresh with less scope sees it."""
    return replace(grant, scope=scope)


def _grant(row: Row[Any]) -> Grant:
    return Grant(**{name: getattr(row, name) for name in Grant.__slots__})
