"""What operators do about people: find them, disable and enable them, take an identity away. All of it is audited.

Sessions end by their rows, which every process reads with each request; tokens go with their rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.errors import RefusedError
from app.core.moments import as_text
from app.core.storable import is_storable
from app.pipeline.issuer.logout import end_all_of_person
from app.pipeline.login.linking import revoke_at_platform
from app.pipeline.login.sessions import forget_tokens, tell_ended
from app.pipeline.operators.pages import bad_cursor
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.database.db import StoredRow
from app.storage.login.connections import find_connection
from app.storage.login.identities import (
    StoredIdentity,
    delete_identity,
    list_identities,
    list_identities_of_user,
)
from app.storage.login.sessions import (
    end_session,
    end_sessions_of_identity,
    end_sessions_of_user,
    find_live_session,
    list_sessions_of_user,
)
from app.storage.login.users import find_disabled, find_user, lock_user, set_disabled

MOST_SHOWN = 500
ID_LENGTH = 32
ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PersonView:
    """One identity, whose it is, and since when that person is disabled."""

    identity: StoredIdentity
    disabled_at: datetime | None


def list_people(services: Services, *, limit: int = 50, before: str | None = None) -> list[PersonView]:
    """Return identities with their people, newest first; `before` is the last identity seen."""
    with services.database.read() as tx:
        found = list_identities(tx, before=before, limit=min(limit, MOST_SHOWN))
        disabled = find_disabled(tx, {each.user_id for each in found})
    return [PersonView(each, disabled.get(each.user_id)) for each in found]


def list_people_page(services: Services, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return one page of identities with their people, newest first; raises RequestError for a bad cursor."""
    if cursor is not None and not ID.fullmatch(cursor):
        raise bad_cursor()
    found = list_people(services, limit=limit + 1, before=cursor)
    page = found[:limit]
    items = [identity_view(each.identity) | {"disabled_at": as_text(each.disabled_at)} for each in page]
    return {"items": items, "next_cursor": page[-1].identity.id if len(found) > limit else None}


def show_person(services: Services, user_id: str) -> dict[str, Any]:
    """Return one user with identities and sessions; raises RefusedError 404."""
    with services.database.read() as tx:
        user = find_user(tx, user_id) if is_storable(user_id, ID_LENGTH) else None
        if user is None:
            raise unknown_person()
        identities = list_identities_of_user(tx, user_id)
        sessions = list_sessions_of_user(tx, user_id, limit=MOST_SHOWN)
    return {
        "user_id": user.id,
        "created_at": as_text(user.created_at),
        "disabled_at": as_text(user.disabled_at),
        "identities": [identity_view(each) for each in identities],
        "sessions": [session_view(row) for row in sessions],
    }


def end_session_of_person(services: Services, user_id: str, sid: str, *, actor: str) -> None:
    """End one session of a user, on every process at once, audited; raises RefusedError 404."""
    now = services.clock.now()
    with services.database.begin() as tx:
        session = find_live_session(tx, sid, now) if is_storable(sid, ID_LENGTH) else None
        if session is None or session.user_id != user_id:
            raise RefusedError(
                "unknown_session", "This user has no such session that still lives.", http_status=404
            )
        end_session(tx, sid, now)
        tell_ended(services, tx, user_id, sid=sid)
        detail = {"ended": 1}
        write_audit(tx, at=now, actor=actor, action="sessions.ended", target=user_id, detail=detail)


def end_sessions_of_person(services: Services, user_id: str, *, actor: str) -> int:
    """End every session of a user, on every process at once, audited; return how many. Raises RefusedError 404."""
    now = services.clock.now()
    with services.database.begin() as tx:
        if not is_storable(user_id, ID_LENGTH) or not lock_user(tx, user_id):
            raise unknown_person()
        ended = end_sessions_of_user(tx, user_id, now=now)
        tell_ended(services, tx, user_id)
        detail = {"ended": ended}
        write_audit(tx, at=now, actor=actor, action="sessions.ended", target=user_id, detail=detail)
    return ended


def identity_view(identity: StoredIdentity) -> dict[str, Any]:
    """Return an identity as JSON shows it."""
    known = identity.known
    return {
        "id": identity.id,
        "user_id": identity.user_id,
        "channel": identity.channel,
        "issuer": known.issuer,
        "subject_kind": known.subject_kind,
        "subject": known.subject,
        "union_id": known.union_id,
        "name": known.name,
        "avatar_url": known.avatar_url,
        "first_login_at": as_text(identity.first_login_at),
        "last_login_at": as_text(identity.last_login_at),
    }


def session_view(row: StoredRow) -> dict[str, Any]:
    """Return a session as JSON shows it; its id opens nothing without our signature."""
    return {
        "id": row.sid,
        "identity_id": row.identity_id,
        "created_at": as_text(row.created_at),
        "last_seen_at": as_text(row.last_seen_at),
        "expires_at": as_text(row.expires_at),
        "ended_at": as_text(row.ended_at),
    }


def disable_person(services: Services, user_id: str, *, actor: str) -> int:
    """Let somebody log in no more; return how many sessions that ended. Raises RefusedError 404 for an unknown user.

    1. The user's row is held: a login that is being finished waits, and is then refused.
    2. Their sessions and what they allowed clients end and their stored tokens go, at once and for every process.
    3. The platforms are told to forget the tokens, as far as they can be; a failure there changes nothing here.
    """
    now = services.clock.now()
    with services.database.begin() as tx:
        if not lock_user(tx, user_id):
            raise unknown_person()
        set_disabled(tx, user_id, now)
        ended = end_sessions_of_user(tx, user_id, now=now)
        tell_ended(services, tx, user_id)
        end_all_of_person(services, tx, user_id)
        forgotten = forget_tokens(tx, user_id)
        write_audit(
            tx, at=now, actor=actor, action="person.disabled", target=user_id, detail={"sessions": ended}
        )
    for identity, connection in forgotten:
        revoke_at_platform(services, identity, connection)
    return ended


def enable_person(services: Services, user_id: str, *, actor: str) -> None:
    """Let somebody log in again; raises RefusedError 404 for an unknown user."""
    now = services.clock.now()
    with services.database.begin() as tx:
        if not lock_user(tx, user_id):
            raise unknown_person()
        set_disabled(tx, user_id, None)
        write_audit(tx, at=now, actor=actor, action="person.enabled", target=user_id)


def remove_identity(services: Services, user_id: str, identity_id: str, *, actor: str) -> None:
    """Take an identity away from its user, also the last one; raises RefusedError 404 for one that is not theirs.

    Its tokens go with it, and so do the sessions that were opened through it. Whoever has that account at the platform may
    log in with it again, as somebody new.
    """
    now = services.clock.now()
    with services.database.begin() as tx:
        lock_user(tx, user_id)
        own = {each.id: each for each in list_identities_of_user(tx, user_id)}
        going = own.get(identity_id)
        if going is None:
            raise RefusedError("unknown_identity", "This user has no such identity.", http_status=404)
        connection = find_connection(tx, identity_id)
        for sid in end_sessions_of_identity(tx, user_id, identity_id, except_sid="", now=now):
            tell_ended(services, tx, user_id, sid=sid)
        delete_identity(tx, identity_id)
        write_audit(
            tx,
            at=now,
            actor=actor,
            action="identity.removed",
            target=identity_id,
            detail={"user": user_id},
        )
    if connection is not None:
        revoke_at_platform(services, going, connection)


def unknown_person() -> RefusedError:
    """Return the error for a user that does not exist."""
    message = "There is no such user; `flask people list` shows their ids."
    return RefusedError("unknown_person", message, http_status=404)
