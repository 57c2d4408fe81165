"""Everything that hangs on one person: found for them to have, and deleted when they want to be forgotten.

A person is known by ids: their user and identities here, and what platforms call them, on which channels. What only
mentions them in a text is not found. Walks over tables without an index for it are read in pieces, so that nobody waits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, tuple_

from app.storage.audit import audit_entries
from app.storage.binding.bindcodes import bindcodes
from app.storage.binding.followers import followers
from app.storage.binding.openids import openids
from app.storage.inbox.events import events
from app.storage.issuer.consents import delete_consents_of
from app.storage.issuer.grants import delete_grants_of
from app.storage.login.flows import flows
from app.storage.login.identities import identities
from app.storage.login.users import users
from app.storage.messages.tables import message_channels, message_recipients
from app.storage.queue.dispatches import attempts, dispatches, queue
from app.storage.queue.event_states import lock_events

ERASED = "(erased)"

Names = Mapping[str, Collection[str]]
"""What a person is called on each channel."""


def channels_of_issuer(tx: Connection, issuer: str) -> set[str]:
    """Return the channels through which people of an issuer have logged in (relies on the unique constraint)."""
    query = select(identities.c.channel).where(identities.c.issuer == issuer).distinct()
    return set(tx.execute(query).scalars())


def followers_of_unions(tx: Connection, union_ids: Collection[str]) -> list[tuple[str, str]]:
    """Return channel and OpenID of everybody with one of these union ids; reads all followers."""
    query = select(followers.c.channel, followers.c.open_id).where(followers.c.union_id.in_(union_ids))
    return [(row.channel, row.open_id) for row in tx.execute(query)] if union_ids else []


def bindings_of(tx: Connection, names: Names) -> dict[str, Sequence[Row[Any]]]:
    """Return what binding knows of a person: entries of the index, follows, codes."""
    return {
        "openid": tx.execute(
            select(openids).where(_called(openids.c.channel, openids.c.open_id, names))
        ).all(),
        "follower": tx.execute(
            select(followers).where(_called(followers.c.channel, followers.c.open_id, names))
        ).all(),
        "bindcode": tx.execute(
            select(bindcodes).where(_called(bindcodes.c.channel, bindcodes.c.open_id, names))
        ).all(),
    }


def events_about(tx: Connection, names: Names, *, after: str, limit: int) -> Sequence[Row[Any]]:
    """Return the events whose subject a person is, by id, whole (relies on ix_events_subject)."""
    query = select(events).where(_called(events.c.channel, events.c.subject, names), events.c.id > after)
    return tx.execute(query.order_by(events.c.id).limit(limit)).all()


def recipients_among(
    tx: Connection, names: Names, *, after: tuple[str, int, int, int], looked_through: int
) -> tuple[list[Row[Any]], tuple[str, int, int, int] | None]:
    """Return the rows of recipients that are a person, of so many, and where the look ended; None at the end of all."""
    own = message_recipients.c
    key = (own.message_id, own.position, own.number, own.part)
    query = (
        select(message_recipients, message_channels.c.channel)
        .join(
            message_channels,
            and_(
                message_channels.c.message_id == own.message_id, message_channels.c.position == own.position
            ),
        )
        .where(tuple_(*key) > tuple_(*after))
    )
    rows = tx.execute(query.order_by(*key).limit(looked_through)).all()
    found = [row for row in rows if row.value in names.get(row.channel, ())]
    last = rows[-1] if len(rows) == looked_through else None
    return found, None if last is None else (last.message_id, last.position, last.number, last.part)


def has_other_recipients(tx: Connection, message_id: str, values: Collection[str]) -> bool:
    """Say whether a message goes to somebody else too, or to people who are looked up while it runs."""
    own = message_recipients.c
    other = select(own.value).where(own.message_id == message_id, own.value.not_in(values)).limit(1)
    looks_up = (
        select(message_channels.c.position)
        .where(message_channels.c.message_id == message_id, message_channels.c.next_lookup.is_not(None))
        .limit(1)
    )
    return any(tx.execute(each).first() is not None for each in (other, looks_up))


def audit_about(tx: Connection, ids: Collection[str], *, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return the entries that one of these ids did or suffered, by id (relies on the indexes of actor and target)."""
    own = audit_entries.c
    query = select(audit_entries).where(or_(own.actor.in_(ids), own.target.in_(ids)), own.id > after)
    return tx.execute(query.order_by(own.id).limit(limit)).all()


def erase_events(tx: Connection, event_ids: Collection[str]) -> int:
    """Delete events with all that hangs on them, finished or not; return how many. What runs finds its place taken."""
    ids = sorted(set(event_ids))
    if not ids:
        return 0
    lock_events(tx, ids)
    for table in (queue, dispatches):
        own = select(table.c.id).where(table.c.event_id.in_(ids))
        tx.execute(attempts.delete().where(attempts.c.dispatch_id.in_(list(tx.execute(own).scalars()))))
        tx.execute(table.delete().where(table.c.event_id.in_(ids)))
    return tx.execute(events.delete().where(events.c.id.in_(ids))).rowcount


def erase_recipients(tx: Connection, message_ids: Collection[str], values: Collection[str]) -> int:
    """Take a person's address out of messages that others got too; return how many rows that were."""
    own = message_recipients.c
    changed = (
        message_recipients.update()
        .where(own.message_id.in_(tuple(message_ids)), own.value.in_(tuple(values)))
        .values(value=ERASED, platform_id=None, sentence=None)
    )
    return tx.execute(changed).rowcount


def erase_bindings(tx: Connection, names: Names) -> int:
    """Delete what binding knows of a person; return how many rows that were."""
    return sum(
        tx.execute(table.delete().where(_called(table.c.channel, table.c.open_id, names))).rowcount
        for table in (openids, followers, bindcodes)
    )


def erase_audited_names(tx: Connection, names: Names) -> int:
    """Take what platforms call a person out of the audit's targets (`app/OpenID`); return how many entries that were."""
    own, changed = audit_entries.c, 0
    every = {name for each in names.values() for name in each}
    for row in tx.execute(select(own.id, own.target).where(own.action == "openid.delete")).all():
        app, _, open_id = row.target.partition("/")
        if open_id in every:
            rename = audit_entries.update().where(own.id == row.id).values(target=f"{app}/{ERASED}")
            changed += tx.execute(rename).rowcount
    return changed


def erase_user(tx: Connection, user_id: str) -> int:
    """Delete a user with identities, tokens, sessions, logins under way and what they allowed clients; return how many users that were."""
    delete_grants_of(tx, user_id)
    delete_consents_of(tx, {user_id})
    tx.execute(flows.delete().where(flows.c.user_id == user_id))
    return tx.execute(users.delete().where(users.c.id == user_id)).rowcount


def _called(channel: Any, name: Any, names: Names) -> Any:
    """Return the condition that a row is about a person; the names come first, as they have the index."""
    every = {each for some in names.values() for each in some}
    pairs = [and_(channel == of, name.in_(tuple(some))) for of, some in names.items() if some]
    return and_(name.in_(tuple(every)), or_(*pairs)) if pairs else name.in_(())
