"""What retention does to followers: finding those of whom nothing was heard for long, forgetting who is not bound.

A row decides between events that come late, twice or in the wrong order, and it holds what the index shows of who is
bound. Once its person's events are deleted and nobody is bound, it decides nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from app.storage.binding.followers import followers
from app.storage.binding.openids import bound_people
from app.storage.database.db import supports_skip_locked


def list_followers(
    tx: Connection, *, heard_before: datetime, after: tuple[str, str] | None, limit: int
) -> Sequence[Row[tuple[str, str, bool]]]:
    """Return channel, OpenID and whether nothing was heard since a time, by primary key, from a place on."""
    known = followers.c
    query = select(known.channel, known.open_id, _is_silent(heard_before).label("is_silent"))
    if after is not None:
        channel, open_id = after
        later = or_(known.channel > channel, and_(known.channel == channel, known.open_id > open_id))
        query = query.where(known.channel >= channel, later)
    return tx.execute(query.order_by(known.channel, known.open_id).limit(limit)).all()


def forget_followers(
    tx: Connection, channel: str, open_ids: Collection[str], *, heard_before: datetime
) -> int:
    """Delete those of whom nothing was heard and who are not bound; who is locked is passed over. Return how many.

    Bindings are read in a second statement: it sees what was committed before the lock was had.
    """
    known = followers.c
    query = select(known.open_id).where(
        known.channel == channel, known.open_id.in_(open_ids), _is_silent(heard_before)
    )
    if supports_skip_locked(tx):
        query = query.order_by(known.open_id).with_for_update(skip_locked=True)
    silent = set(tx.execute(query).scalars())
    forgotten = silent - bound_people(tx, channel, silent) if silent else silent
    if not forgotten:
        return 0
    return tx.execute(
        followers.delete().where(known.channel == channel, known.open_id.in_(forgotten))
    ).rowcount


def _is_silent(heard_before: datetime) -> ColumnElement[bool]:
    said, guessed = followers.c.subscription_received_at, followers.c.guessing_since
    return and_(
        or_(said.is_(None), said < heard_before),
        or_(guessed.is_(None), guessed < heard_before),
    )
