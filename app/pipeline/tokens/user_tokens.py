"""Connections: tokens that can be used now. Refreshing happens once, however many processes ask, and newer wins.

The lease says who may call the platform (shared_fetch.py); the version says whose result counts. No network call happens
inside a transaction. Background: RFC 6749 §6, RFC 9700 §4.14 (read 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenLogin, HttpClient, LoginProvider, TokenRevoker
from app.core.values import CodeGrant, TokenSet
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.refusals import Refusals
from app.pipeline.tokens.sealed_tokens import open_tokens, seal_refreshed, seal_tokens
from app.pipeline.tokens.shared_fetch import fetched_once
from app.pipeline.tokens.validation import validate_when_due
from app.storage.database.db import Transaction
from app.storage.database.fetch_leases import FetchLease
from app.storage.login.connections import (
    StoredConnection,
    find_connection,
    forget_useless_cures,
    give_up_refresh,
    mark_dead,
    note_useless_cure,
    replace_tokens,
    save_new_tokens,
    take_refresh_lease,
)
from app.storage.login.identities import StoredIdentity

T = TypeVar("T")
Borrower = TypeVar("Borrower", CodeGrant, TokenSet)
LEASE = timedelta(seconds=30)
"""Longer than the slowest refresh: two calls of eight seconds each (app token, then refresh)."""

WAIT_SECONDS = 40.0
"""How long a caller waits for somebody else's refresh: one dead holder can be outlived."""

FIRST_BACK_OFF = 5
LONGEST_BACK_OFF = 300

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Refresh:
    """The wish for tokens newer than those of `old`; `forced` says that the platform has refused these."""

    services: Services
    channel: Channel
    provider: LoginProvider
    old: StoredConnection
    forced: bool
    lease: timedelta = LEASE
    patience: float = WAIT_SECONDS

    def look(self) -> StoredConnection:
        """Return the connection as it is now; raises GrantRejected when it is gone or dead."""
        return _living(self.services, self.old.identity_id)

    def at_once(self, row: StoredConnection) -> StoredConnection | None:
        """Return newer tokens; without a refresh token, or during a back-off, nothing is asked.

        Raises GrantRejected while a forced refresh has to wait because the last one did not help.
        """
        if row.version != self.old.version:
            return row
        now = self.services.clock.now()
        if self.forced and Refusals.of(row).waits(now):
            raise GrantRejected
        return (
            None if _may_refresh(row, now, forced=self.forced) else _still_good(row, now, forced=self.forced)
        )

    def meanwhile(self, row: StoredConnection, first: StoredConnection) -> StoredConnection | None:
        """Return newer tokens; a failure of whoever refreshed shows as its back-off."""
        return self.at_once(row)

    def take(
        self, tx: Transaction, row: StoredConnection, lease: FetchLease, *, now: datetime, until: datetime
    ) -> bool:
        """Take the right to refresh."""
        return take_refresh_lease(tx, row, lease, now=now, until=until)

    def fetch(self, row: StoredConnection, lease: FetchLease) -> StoredConnection:
        """Refresh."""
        return _refresh(self, row, lease)

    def give_up(self, first: StoredConnection) -> StoredConnection:
        """Return the old tokens while the platform may still take them."""
        return _still_good(self.old, self.services.clock.now(), forced=self.forced)


def lend_app_token(
    services: Services, channel: Channel, borrower: Borrower, call: Callable[[Borrower], T]
) -> T:
    """Call with a grant or tokens that hold the time and, where the login needs one, the app token.

    A refused app token is renewed and the call repeated once: platforms look at it before they spend a code.
    """
    if isinstance(borrower, TokenSet):
        borrower = replace(borrower, asked_at=services.clock.now().timestamp())
    if channel.as_capability(AppTokenLogin) is None:
        return call(borrower)
    return with_app_token(
        services, channel.name, lambda app_token: call(replace(borrower, app_token=app_token))
    )


def store_new_tokens(services: Services, tx: Transaction, identity_id: str, tokens: TokenSet) -> None:
    """Store the tokens of a fresh login."""
    now = services.clock.now()
    save_new_tokens(tx, identity_id, seal_tokens(services.vault, identity_id, tokens, now), now)


def call_with_tokens(
    services: Services, identity: StoredIdentity, call: Callable[[TokenSet, HttpClient], T]
) -> T:
    """Call the platform for an identity; raises GrantRejected when its person must log in again.

    1. Tokens with enough life left are taken; due ones are refreshed first.
    2. Where the provider wants to be asked about tokens, it is; then the call is made.
    3. When the platform refuses the token, it is refreshed once, due or not, and the call is made once more. Where that
       did not help lately nothing is refreshed.
    """
    channel, provider = services.channels.with_capability(identity.channel, LoginProvider)
    connection = _living(services, identity.id)
    if _is_due(services, connection):
        connection = _refreshed(services, channel, provider, connection, forced=False)
    try:
        validate_when_due(
            services, channel, connection, lambda ask: _call(services, channel, connection, ask)
        )
        return _call(services, channel, connection, call)
    except TokenRejected:
        connection = _refreshed(services, channel, provider, connection, forced=True)
    try:
        result = _call(services, channel, connection, call)
    except TokenRejected as error:
        _wait_with_the_next_cure(services, connection)
        raise GrantRejected(platform_code=error.platform_code) from error
    if connection.useless_cures:
        services.database.run(lambda tx: forget_useless_cures(tx, identity.id))
    return result


def stored_tokens(services: Services, identity: StoredIdentity) -> TokenSet:
    """Return the tokens of an identity as they are, refreshed or not; raises GrantRejected when they are gone or dead."""
    kept = _living(services, identity.id)
    return open_tokens(services.vault, kept.identity_id, kept.tokens, services.clock.now())


def _wait_with_the_next_cure(services: Services, refused: StoredConnection) -> None:
    """Make the next forced refresh wait, longer each time; whoever notices first writes it for all."""
    now = services.clock.now()
    after = Refusals.of(refused).another(now)
    is_first = services.database.run(
        lambda tx: note_useless_cure(tx, refused, now=now, count=after.count, force_after=after.force_after)
    )
    if is_first:
        log.warning("token_cure_did_not_help", identity_id=refused.identity_id, cures=after.count)


def _call(
    services: Services,
    channel: Channel,
    connection: StoredConnection,
    call: Callable[[TokenSet, HttpClient], T],
) -> T:
    tokens = open_tokens(services.vault, connection.identity_id, connection.tokens, services.clock.now())
    return lend_app_token(
        services, channel, tokens, lambda lent: ask_platform(lambda: call(lent, channel.http))
    )


def _living(services: Services, identity_id: str) -> StoredConnection:
    """Return a connection that is neither gone nor dead; raises GrantRejected."""
    with services.database.read() as tx:
        return _usable(find_connection(tx, identity_id))


def _usable(connection: StoredConnection | None) -> StoredConnection:
    if connection is None or connection.dead_reason is not None:
        raise GrantRejected
    return connection


def _is_due(services: Services, connection: StoredConnection) -> bool:
    """Say whether less than REFRESH_BUFFER seconds are left; a token without an end is never due."""
    end = connection.tokens.expires_at
    buffer = timedelta(seconds=services.settings.refresh_buffer)
    return end is not None and end - services.clock.now() < buffer


def _refreshed(
    services: Services,
    channel: Channel,
    provider: LoginProvider,
    connection: StoredConnection,
    *,
    forced: bool,
) -> StoredConnection:
    """Return tokens newer than `connection`, or `connection` itself when it is still good and nothing newer is to be had."""
    return fetched_once(services, _Refresh(services, channel, provider, connection, forced=forced))


def _may_refresh(connection: StoredConnection, now: datetime, *, forced: bool) -> bool:
    tokens = connection.tokens
    if tokens.refresh_token is None:
        return False
    if tokens.refresh_after is None or tokens.refresh_after <= now:
        return True
    # Before that time only a token known to be useless is refreshed, and only if the platform works.
    return connection.failures == 0 and (forced or _has_expired(connection, now))


def _still_good(connection: StoredConnection, now: datetime, *, forced: bool) -> StoredConnection:
    """Return the old tokens while the platform may still take them; raises UpstreamError otherwise."""
    if connection.tokens.refresh_token is None and (forced or _has_expired(connection, now)):
        raise GrantRejected
    if not forced and not _has_expired(connection, now):
        return connection
    again = connection.tokens.refresh_after
    wait = LEASE if again is None else max(again - now, timedelta(seconds=1))
    raise UpstreamUnavailable(
        "The token cannot be refreshed at the moment; try again later.", retry_after=int(wait.total_seconds())
    )


def _has_expired(connection: StoredConnection, now: datetime) -> bool:
    return connection.tokens.expires_at is not None and connection.tokens.expires_at <= now


def _refresh(wish: _Refresh, current: StoredConnection, lease: FetchLease) -> StoredConnection:
    """Refresh under a lease.

    1. The platform is asked, outside any transaction.
    2. A dead grant: newer tokens may have come meanwhile; otherwise the connection is marked dead.
    3. Any other failure: the old tokens stay, and the next try waits.
    4. A success is written over the version that was read, and over nothing newer.
    """
    services, identity_id = wish.services, current.identity_id
    old = open_tokens(services.vault, identity_id, current.tokens, services.clock.now())
    try:
        fresh = lend_app_token(
            services,
            wish.channel,
            old,
            lambda lent: ask_platform(lambda: wish.provider.refresh(lent, wish.channel.http)),
        )
        sealed = seal_refreshed(services.vault, identity_id, fresh, old, services.clock.now())
    except GrantRejected:
        return _newer_or_dead(wish, current)
    except UpstreamError as error:
        _back_off(services, current, lease, error)
        if wish.forced:
            raise
        return _after_failure(services, current, error)
    now = services.clock.now()
    with services.database.begin() as tx:
        won = replace_tokens(tx, identity_id, version=current.version, tokens=sealed, now=now)
        stored = find_connection(tx, identity_id)
    log.info("token_refreshed", identity_id=identity_id, channel=wish.channel.name, kept=won)
    if stored is None:
        _discard(wish.channel, fresh)
    return _usable(stored)


def _newer_or_dead(wish: _Refresh, refused: StoredConnection) -> StoredConnection:
    services, identity_id = wish.services, refused.identity_id
    now = services.clock.now()
    with services.database.begin() as tx:
        marked = mark_dead(tx, identity_id, version=refused.version, reason="grant_rejected", now=now)
        current = find_connection(tx, identity_id)
    if marked:
        log.info("token_dead", identity_id=identity_id, channel=wish.channel.name)
    return _usable(current)


def _back_off(services: Services, current: StoredConnection, lease: FetchLease, error: UpstreamError) -> None:
    seconds = min(FIRST_BACK_OFF * 2 ** min(current.failures, 10), LONGEST_BACK_OFF)
    seconds = min(max(seconds, error.retry_after or 0), 10 * LONGEST_BACK_OFF)
    again = services.clock.now() + timedelta(seconds=seconds)
    with services.database.begin() as tx:
        give_up_refresh(tx, current.identity_id, lease, refresh_after=again)
    log.warning("token_refresh_failed", identity_id=current.identity_id, error=error.code)


def _after_failure(services: Services, current: StoredConnection, error: UpstreamError) -> StoredConnection:
    if _has_expired(current, services.clock.now()):
        raise error
    return current


def _discard(channel: Channel, fresh: TokenSet) -> None:
    """Hand back tokens whose person logged out or unlinked while they were on their way."""
    connector, http = channel.connector, channel.http
    if not isinstance(connector, TokenRevoker):
        return
    try:
        ask_platform(lambda: connector.revoke(fresh, http))
    except UpstreamError as error:
        log.warning("revoke_failed", channel=channel.name, error=error.code)
