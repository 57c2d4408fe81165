"""Everything about one person: handed out, and erased. Both are audited.

Found are: the user with identities, sessions and stored tokens (never their values); bindings, follows and used bind codes;
events whose subject the person is, with their stored bodies; messages to them; entries of the audit that name them. Found
is who is called so by a platform on a channel: their ids from logins on all channels of the same issuer, union ids, and the
OpenIDs that belong to these; an id of sixteen characters or more, which nobody else has, on every channel of its platform.
Any server may stand behind `oauth2`, and give an id that is somebody else's elsewhere: there it counts with its issuer alone.

Not found is what only mentions them inside other events, in texts of messages, in refused deliveries (which go by
themselves), logs, backups, and other systems.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from app.core.moments import as_text
from app.core.ports import BindSource
from app.core.storable import is_storable
from app.pipeline.issuer.logout import end_all_of_person
from app.pipeline.login.linking import revoke_at_platform
from app.pipeline.login.sessions import tell_ended
from app.pipeline.operators.audit import audit_entry
from app.pipeline.operators.events import event_detail
from app.pipeline.operators.filters import read_reason
from app.pipeline.operators.people import identity_view, session_view, unknown_person
from app.pipeline.own_events import OWN_CHANNEL
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.database.db import StoredRow, Transaction
from app.storage.login.connections import StoredConnection, find_connection
from app.storage.login.identities import StoredIdentity, list_identities_of_user
from app.storage.login.sessions import list_sessions_of_user
from app.storage.login.users import find_user, lock_user
from app.storage.pruning.personal_rows import (
    Names,
    audit_about,
    bindings_of,
    channels_of_issuer,
    erase_audited_names,
    erase_bindings,
    erase_events,
    erase_recipients,
    erase_user,
    events_about,
    followers_of_unions,
    has_other_recipients,
    recipients_among,
)

UNMISTAKABLE = 16
ANY_SERVER = "oauth2"
AT_ONCE = 200
LOOKED_THROUGH = 2_000
MOST_SESSIONS = 10_000
FIRST_KEY = ("", -1, -1, -1)
BINDING_TIMES = frozenset(
    {
        "bound_at", "created_at", "expires_at", "qr_expires_at", "subscription_at", "subscription_received_at",
        "guessing_since",
    }
)  # fmt: skip
SECRET_COLUMNS = frozenset({"code", "scene", "page_key", "qr_content", "qr_image_url"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """One user with what they are called everywhere."""

    user: StoredRow
    identities: tuple[StoredIdentity, ...]
    names: Names

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids here."""
        return (self.user.id, *(each.id for each in self.identities))


def export_person(
    services: Services, user_id: str, *, actor: str, trace_id: str = ""
) -> Iterator[dict[str, Any]]:
    """Return everything about a person, each with its `kind`; raises RefusedError 404 at once. Audited.

    It is read piece by piece while it is handed on, so it may be large.
    """
    person = _found(services, user_id)
    now = services.clock.now()
    with services.database.begin() as tx:
        write_audit(tx, at=now, actor=actor, action="person.exported", target=user_id, trace_id=trace_id)
    return _everything(services, person)


def erase_person(
    services: Services, user_id: str, *, reason: object, actor: str, trace_id: str = ""
) -> dict[str, Any]:
    """Erase everything about a person and return how much that was; raises RefusedError 404. Audited, by numbers.

    1. Events about them go, a piece at a time, then what they were sent.
    2. In one transaction go bindings, the user, identities, tokens and sessions, and the entry of the audit is written.
    3. The platforms are told to forget the tokens, as far as they can be; a failure there changes nothing here.

    What comes in meanwhile, or later, is about somebody unknown. Erasing again finds what a crash left.
    """
    why, person = read_reason(reason), _found(services, user_id)
    counts = {"events": _erase_events(services, person)} | _erase_messages(services, person)
    now = services.clock.now()
    connections: list[tuple[StoredIdentity, StoredConnection]] = []

    def finish(tx: Transaction) -> dict[str, int]:
        lock_user(tx, user_id)
        connections[:] = _connections(tx, person)
        tell_ended(services, tx, user_id)
        end_all_of_person(services, tx, user_id)
        done = {
            "bindings": erase_bindings(tx, person.names),
            "audit_targets": erase_audited_names(tx, person.names),
            "identities": len(person.identities),
            "users": erase_user(tx, user_id),
        }
        detail = {"reason": why} | counts | done
        said = {"action": "person.erased", "target": user_id, "trace_id": trace_id}
        write_audit(tx, at=now, actor=actor, detail=detail, **said)
        return done

    done = services.database.run(finish)
    for identity, connection in connections:
        revoke_at_platform(services, identity, connection)
    log.warning("person_erased", user_id=user_id, actor=actor)
    return {"user_id": user_id, "erased": counts | done}


def _found(services: Services, user_id: str) -> Person:
    with services.database.read() as tx:
        user = find_user(tx, user_id) if is_storable(user_id, 32) else None
        if user is None:
            raise unknown_person()
        identities = tuple(list_identities_of_user(tx, user_id))
        return Person(user, identities, _names(services, tx, user_id, identities))


def _names(services: Services, tx: Transaction, user_id: str, identities: Iterable[StoredIdentity]) -> Names:
    names: dict[str, set[str]] = defaultdict(set)
    unions = set()
    for identity in identities:
        known = identity.known
        for name in filter(None, (known.subject, known.union_id)):
            for channel in _channels(services, tx, identity, name):
                names[channel].add(name)
        if known.union_id:
            unions.add(known.union_id)
    followed = followers_of_unions(tx, unions)
    for channel, open_id in followed:
        names[channel].add(open_id)
    bound = {name for channel, each in names.items() if _binds(services, channel) for name in each}
    # Our own events are about users, and about OpenIDs that are bound.
    names[OWN_CHANNEL] |= {user_id} | bound | {open_id for _, open_id in followed}
    return {channel: frozenset(each) for channel, each in names.items()}


def _binds(services: Services, channel: str) -> bool:
    found = services.channels.get(channel)
    return found is not None and isinstance(found.connector, BindSource)


def _channels(services: Services, tx: Transaction, identity: StoredIdentity, name: str) -> set[str]:
    """Return the channels on which a platform's id means this person."""
    same = {identity.channel} | channels_of_issuer(tx, identity.known.issuer)
    own = services.channels.get(identity.channel)
    if own is None or own.spec.slug == ANY_SERVER or len(name) < UNMISTAKABLE:
        return same
    return same | {each.name for each in services.channels if each.spec.slug == own.spec.slug}


def _everything(services: Services, person: Person) -> Iterator[dict[str, Any]]:
    yield {
        "kind": "user",
        "id": person.user.id,
        "created_at": as_text(person.user.created_at),
        "disabled_at": as_text(person.user.disabled_at),
        "names": {channel: sorted(each) for channel, each in sorted(person.names.items())},
    }
    for identity in person.identities:
        shown = identity_view(identity)
        yield {"kind": "identity"} | shown | {"profile": dict(identity.known.profile)}
    with services.database.read() as tx:
        sessions = list_sessions_of_user(tx, person.user.id, limit=MOST_SESSIONS)
        connections = _connections(tx, person)
        bindings = bindings_of(tx, person.names)
    yield from ({"kind": "session"} | session_view(row) for row in sessions)
    for identity, connection in connections:
        yield _connection(identity, connection)
    for kind, rows in bindings.items():
        yield from ({"kind": kind} | _plain(row) for row in rows)
    yield from _events(services, person)
    yield from _messages(services, person)
    yield from _audit(services, person)


def _connection(identity: StoredIdentity, connection: StoredConnection) -> dict[str, Any]:
    return {
        "kind": "stored_token",
        "identity_id": identity.id,
        "scope": connection.tokens.scope,
        "expires_at": as_text(connection.tokens.expires_at),
        "refresh_expires_at": as_text(connection.tokens.refresh_expires_at),
    }


def _plain(row: StoredRow) -> dict[str, Any]:
    """Return a row of binding; times as text, and no code with which somebody else could bind."""
    return {
        name: as_text(value) if name in BINDING_TIMES else value
        for name, value in row._mapping.items()
        if name not in SECRET_COLUMNS
    }


def _event_rows(services: Services, person: Person) -> Iterator[list[StoredRow]]:
    after = ""
    while True:
        with services.database.read() as tx:
            rows = list(events_about(tx, person.names, after=after, limit=AT_ONCE))
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _events(services: Services, person: Person) -> Iterator[dict[str, Any]]:
    for rows in _event_rows(services, person):
        details = (event_detail(services, row.id) for row in rows)
        yield from ({"kind": "event"} | detail for detail in details if detail is not None)


def _recipient_rows(services: Services, person: Person) -> Iterator[StoredRow]:
    after: tuple[str, int, int, int] | None = FIRST_KEY
    while after is not None:
        with services.database.read() as tx:
            found, after = recipients_among(tx, person.names, after=after, looked_through=LOOKED_THROUGH)
        yield from found


def _messages(services: Services, person: Person) -> Iterator[dict[str, Any]]:
    for row in _recipient_rows(services, person):
        message = event_detail(services, row.message_id)
        yield {
            "kind": "message",
            "message_id": row.message_id,
            "channel": row.channel,
            "to": {row.kind: row.value},
            "part": row.part,
            "state": row.state,
            "changed_at": as_text(row.changed_at),
            "said": None if message is None else message["data"],
        }


def _audit(services: Services, person: Person) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        with services.database.read() as tx:
            rows = audit_about(tx, person.ids, after=after, limit=AT_ONCE)
        yield from ({"kind": "audit"} | audit_entry(row) for row in rows)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def _erase_events(services: Services, person: Person) -> int:
    erased = 0
    for rows in _event_rows(services, person):
        ids = [row.id for row in rows]
        erased += services.database.run(partial(erase_events, event_ids=ids))
    return erased


def _erase_messages(services: Services, person: Person) -> dict[str, int]:
    """Delete messages that only went to this person; of the others only the address goes."""
    by_message: dict[str, set[str]] = defaultdict(set)
    for row in _recipient_rows(services, person):
        by_message[row.message_id].add(row.value)
    own, shared = 0, 0
    for message_id, values in by_message.items():
        with services.database.read() as tx:
            is_shared = has_other_recipients(tx, message_id, values)
        if is_shared:
            shared += services.database.run(
                partial(erase_recipients, message_ids=[message_id], values=values)
            )
        else:
            own += services.database.run(partial(erase_events, event_ids=[message_id]))
    return {"messages": own, "recipients": shared}


def _connections(tx: Transaction, person: Person) -> list[tuple[StoredIdentity, StoredConnection]]:
    found = ((identity, find_connection(tx, identity.id)) for identity in person.identities)
    return [(identity, connection) for identity, connection in found if connection is not None]
