"""Consents: which scopes somebody has allowed a client until they take it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, select

from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

issuer_consents = Table(
    "issuer_consents",
    metadata,
    Column("user_id", String(32), primary_key=True),
    Column("client_id", ExactText(64), primary_key=True),
    Column("scope", ExactText(500), nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody allowed a client last, scopes with blanks between them."""

    client_id: str
    scope: str
    granted_at: datetime


def find_consent(tx: Connection, user_id: str, client_id: str) -> Consent | None:
    """Return what somebody allowed a client."""
    row = tx.execute(
        select(issuer_consents).where(
            issuer_consents.c.user_id == user_id, issuer_consents.c.client_id == client_id
        )
    ).one_or_none()
    return None if row is None else Consent(row.client_id, row.scope, row.granted_at)


def write_consent(tx: Connection, user_id: str, consent: Consent) -> None:
    """Keep what somebody allows a client, in the place of what they allowed before."""
    values = {"scope": consent.scope, "granted_at": consent.granted_at}
    mine = (issuer_consents.c.user_id == user_id, issuer_consents.c.client_id == consent.client_id)
    if tx.execute(issuer_consents.update().where(*mine).values(**values)).rowcount == 0:
        insert_once(tx, issuer_consents, {"user_id": user_id, "client_id": consent.client_id, **values})


def delete_consent(tx: Connection, user_id: str, client_id: str) -> bool:
    """Take a consent back; False when there is none."""
    mine = issuer_consents.delete().where(
        issuer_consents.c.user_id == user_id, issuer_consents.c.client_id == client_id
    )
    return tx.execute(mine).rowcount == 1


def list_consents(tx: Connection, user_id: str) -> Sequence[Consent]:
    """Return what somebody allows, the newest first."""
    query = select(issuer_consents).where(issuer_consents.c.user_id == user_id)
    rows = tx.execute(query.order_by(issuer_consents.c.granted_at.desc()))
    return [Consent(row.client_id, row.scope, row.granted_at) for row in rows]


def delete_consents_of(tx: Connection, user_ids: Collection[str]) -> int:
    """Forget the consents of people; return how many."""
    return tx.execute(issuer_consents.delete().where(issuer_consents.c.user_id.in_(tuple(user_ids)))).rowcount


def delete_consents_of_client(tx: Connection, client_id: str) -> int:
    """Forget what people allowed a client; return how many that were."""
    return tx.execute(issuer_consents.delete().where(issuer_consents.c.client_id == client_id)).rowcount
