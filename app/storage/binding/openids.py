"""The OpenID index: which person of which channel is bound to which app, once per app and OpenID.

Whether the person still follows is not copied here: it is read from `followers`, the one place that knows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Row,
    Select,
    String,
    Table,
    UniqueConstraint,
    and_,
    literal,
    or_,
    select,
)

from app.storage.binding.followers import followers
from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

openids = Table(
    "openids",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("app", ExactText(64), nullable=False),
    Column("open_id", ExactText(255), nullable=False),
    Column("channel", ExactText(64), nullable=False),
    Column("user_ref", ExactText(191)),
    Column("bound_at", UtcDateTime, nullable=False),
    # The code that counted last; decides between two that were used at the same time.
    Column("bindcode_id", String(32), nullable=False),
    UniqueConstraint("app", "open_id"),
    Index("ix_openids_app_id", "app", "id"),
    Index("ix_openids_channel_id", "channel", "id"),
    Index("ix_openids_channel_open_id", "channel", "open_id"),
)


@dataclass(frozen=True, slots=True)
class OpenIdEntry:
    """One line of the index; `subscription_at` is the platform's own time of the last follow or leave that counted."""

    id: str
    app: str
    channel: str
    open_id: str
    union_id: str | None
    subscribed: bool
    user_ref: str | None
    bound_at: datetime
    subscription_at: datetime | None


def upsert_openid(
    tx: Connection,
    new_entry_id: str,
    *,
    app: str,
    open_id: str,
    channel: str,
    user_ref: str | None,
    bound_at: datetime,
    bindcode_id: str,
) -> None:
    """Bind a person to an app; of several codes the one used last counts, in whatever order they are worked on."""
    values = {"channel": channel, "user_ref": user_ref, "bound_at": bound_at, "bindcode_id": bindcode_id}
    if insert_once(tx, openids, {"id": new_entry_id, "app": app, "open_id": open_id} | values):
        return
    is_earlier = or_(
        openids.c.bound_at < bound_at,
        and_(openids.c.bound_at == bound_at, openids.c.bindcode_id < bindcode_id),
    )
    tx.execute(openids.update().where(_is(app, open_id), is_earlier).values(**values))


def find_openid(tx: Connection, app: str, open_id: str) -> OpenIdEntry | None:
    """Return one entry."""
    row = tx.execute(_entries().where(_is(app, open_id))).one_or_none()
    return None if row is None else _from_row(row)


def list_openids(
    tx: Connection, *, app: str | None = None, channel: str | None = None, before: str | None, limit: int
) -> Sequence[OpenIdEntry]:
    """Return entries, newest first, with ids below `before` (relies on ix_openids_app_id, ix_openids_channel_id)."""
    query = _entries()
    for name, value in (("app", app), ("channel", channel)):
        if value is not None:
            query = query.where(openids.c[name] == value)
    if before is not None:
        query = query.where(openids.c.id < before)
    return [_from_row(row) for row in tx.execute(query.order_by(openids.c.id.desc()).limit(limit))]


def list_bound(
    tx: Connection, app: str, channel: str, *, after: str, limit: int, but_not_of: Sequence[str] = ()
) -> Sequence[Any]:
    """Return id and open_id of those bound to an app through a channel who have not left, oldest first (relies on ix_openids_app_id).

    Those who are bound to one of `but_not_of` too are left out.
    """
    person = and_(followers.c.channel == openids.c.channel, followers.c.open_id == openids.c.open_id)
    other = openids.alias("other")
    is_elsewhere = (
        select(literal(1))
        .where(
            other.c.channel == openids.c.channel,
            other.c.open_id == openids.c.open_id,
            other.c.app.in_(tuple(but_not_of)),
        )
        .exists()
    )
    query = (
        select(openids.c.id, openids.c.open_id)
        .select_from(openids.outerjoin(followers, person))
        .where(
            openids.c.app == app,
            openids.c.id > after,
            openids.c.channel == channel,
            or_(followers.c.subscribed.is_(None), followers.c.subscribed),
        )
    )
    if but_not_of:
        query = query.where(~is_elsewhere)
    return tx.execute(query.order_by(openids.c.id).limit(limit)).all()


def bound_people(tx: Connection, channel: str, open_ids: Collection[str]) -> set[str]:
    """Return those of a channel's people who are bound to any app (relies on ix_openids_channel_open_id)."""
    bound = select(openids.c.open_id).where(openids.c.channel == channel, openids.c.open_id.in_(open_ids))
    return set(tx.execute(bound).scalars())


def apps_of(tx: Connection, channel: str, open_id: str) -> list[str]:
    """Return the apps that a channel's person is bound to, in order (relies on ix_openids_channel_open_id)."""
    theirs = and_(openids.c.channel == channel, openids.c.open_id == open_id)
    return list(tx.execute(select(openids.c.app).where(theirs).order_by(openids.c.app)).scalars())


def channels_of_app(tx: Connection, app: str) -> list[str]:
    """Return the channels on which somebody is bound to an app, in order (relies on ix_openids_app_id)."""
    query = select(openids.c.channel).where(openids.c.app == app).distinct().order_by(openids.c.channel)
    return list(tx.execute(query).scalars())


def delete_openid(tx: Connection, app: str, open_id: str) -> bool:
    """Take one entry out of the index; False when there is none."""
    return bool(tx.execute(openids.delete().where(_is(app, open_id))).rowcount)


def _entries() -> Select[Any]:
    person = and_(followers.c.channel == openids.c.channel, followers.c.open_id == openids.c.open_id)
    columns = (followers.c.union_id, followers.c.subscribed, followers.c.subscription_at)
    return select(openids, *columns).select_from(openids.outerjoin(followers, person))


def _from_row(row: Row[Any]) -> OpenIdEntry:
    return OpenIdEntry(
        id=row.id,
        app=row.app,
        channel=row.channel,
        open_id=row.open_id,
        union_id=row.union_id,
        # Nothing heard of a leave: whoever could bind was there.
        subscribed=row.subscribed is not False,
        user_ref=row.user_ref,
        bound_at=row.bound_at,
        subscription_at=row.subscription_at,
    )


def _is(app: str, open_id: str) -> Any:
    return and_(openids.c.app == app, openids.c.open_id == open_id)
