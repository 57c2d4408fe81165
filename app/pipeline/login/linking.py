"""Linking: a logged-in person adds another account, or takes one away. Nothing else ever joins two identities."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from app.core.errors import CallgateError, LoginError, RefusedError
from app.core.ports import TokenRevoker
from app.core.values import Identity, TokenSet
from app.pipeline.channels import ask_platform
from app.pipeline.login.people import attach_identity
from app.pipeline.login.sessions import SignedIn, tell_ended
from app.pipeline.services import Services
from app.pipeline.tokens.sealed_tokens import open_tokens
from app.pipeline.tokens.user_tokens import store_new_tokens
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.login.connections import StoredConnection, find_connection
from app.storage.login.flows import Flow
from app.storage.login.identities import (
    StoredIdentity,
    delete_identity,
    find_identity,
    list_identities_of_user,
)
from app.storage.login.sessions import end_sessions_of_identity, find_live_session, move_session
from app.storage.login.users import lock_user

log = structlog.get_logger(__name__)


def check_linker(flow: Flow, signed_in: SignedIn | None) -> None:
    """Refuse a link that does not end in the session that started it."""
    if signed_in is None or signed_in.sid != flow.sid or signed_in.user_id != flow.user_id:
        raise LoginError(
            "session_changed", "You are not logged in as the user who started linking; start again."
        )


def store_link(
    services: Services,
    tx: Transaction,
    *,
    channel: str,
    known: Identity,
    tokens: TokenSet,
    signed_in: SignedIn,
    trace_id: str,
) -> None:
    """Store a proven identity as one of the user's own; raises RefusedError 409 when it is somebody else's."""
    now = services.clock.now()
    lock_user(tx, signed_in.user_id)
    if find_live_session(tx, signed_in.sid, now) is None:
        raise LoginError("session_changed", "You were logged out while linking; log in and start again.")
    stored = attach_identity(tx, channel=channel, known=known, user_id=signed_in.user_id, now=now)
    store_new_tokens(services, tx, stored.id, tokens)
    write_audit(
        tx,
        at=now,
        actor=signed_in.user_id,
        action="identity.linked",
        target=stored.id,
        trace_id=trace_id,
        detail={"channel": channel},
    )


def unlink_identity(services: Services, signed_in: SignedIn, identity_id: str, *, trace_id: str) -> None:
    """Take an identity away from its user; raises RefusedError 404 for a foreign one, 409 for the last one.

    1. The user's row is held, so that two unlinks at once cannot leave nobody.
    2. The identity goes, and with it its tokens and the other sessions opened through it.
    3. The platform is told to forget the tokens, as far as it can be; a failure there changes nothing here.
    """
    now = services.clock.now()
    with services.database.begin() as tx:
        lock_user(tx, signed_in.user_id)
        own = list_identities_of_user(tx, signed_in.user_id)
        going, staying = _split(own, identity_id)
        connection = find_connection(tx, identity_id)
        user_id, sid = signed_in.user_id, signed_in.sid
        for ended in end_sessions_of_identity(tx, user_id, identity_id, except_sid=sid, now=now):
            tell_ended(services, tx, user_id, sid=ended)
        if signed_in.session.identity_id == identity_id:
            move_session(tx, sid, staying[0].id)
        delete_identity(tx, identity_id)
        write_audit(
            tx, at=now, actor=user_id, action="identity.unlinked", target=identity_id, trace_id=trace_id
        )
    if connection is not None:
        revoke_at_platform(services, going, connection)


def own_identity(services: Services, signed_in: SignedIn, identity_id: str) -> StoredIdentity:
    """Return one of the user's own identities; raises RefusedError 404 for any other."""
    with services.database.read() as tx:
        identity = find_identity(tx, identity_id)
    if identity is None or identity.user_id != signed_in.user_id:
        raise unknown_identity()
    return identity


def session_channel(services: Services, signed_in: SignedIn) -> str:
    """Return the channel of the account that a session began with, empty where that was taken away."""
    with services.database.read() as tx:
        identity = find_identity(tx, signed_in.session.identity_id)
    return "" if identity is None else identity.channel


def own_identities(services: Services, signed_in: SignedIn) -> Sequence[StoredIdentity]:
    """Return all of the user's identities, oldest first."""
    with services.database.read() as tx:
        return list_identities_of_user(tx, signed_in.user_id)


def unknown_identity() -> RefusedError:
    """Return the error for an identity that does not exist or is somebody else's; both look the same."""
    return RefusedError("unknown_identity", "You have no such identity.", http_status=404)


def _split(
    own: Sequence[StoredIdentity], identity_id: str
) -> tuple[StoredIdentity, Sequence[StoredIdentity]]:
    going = next((identity for identity in own if identity.id == identity_id), None)
    if going is None:
        raise unknown_identity()
    staying = [identity for identity in own if identity.id != identity_id]
    if not staying:
        raise RefusedError(
            "last_identity", "This is your only way to log in; link another account first.", http_status=409
        )
    return going, staying


def revoke_at_platform(services: Services, identity: StoredIdentity, connection: StoredConnection) -> None:
    """Tell the platform to forget tokens that are stored here no more; what goes wrong there is only logged."""
    channel = services.channels.get(identity.channel)
    if channel is None or not isinstance(channel.connector, TokenRevoker):
        return
    revoker, http = channel.connector, channel.http
    try:
        tokens = open_tokens(services.vault, identity.id, connection.tokens, services.clock.now())
        ask_platform(lambda: revoker.revoke(tokens, http))
    except CallgateError as error:
        log.warning("revoke_failed", channel=identity.channel, error=error.code)
