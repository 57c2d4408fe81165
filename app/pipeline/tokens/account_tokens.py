"""Access tokens of accounts that have authorised us: renewed by one process at a time, kept sealed, ended with the authorisation.

The lease says who may ask the platform (shared_fetch.py), the version says whose result counts. How an account comes here
and goes is in authorisations.py. There is no network call while a transaction is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from app.core.accounts import AccountSource, AccountTokens, HandedSecrets, NoticeSource
from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.shared_fetch import fetched_once
from app.security.vault import VaultError
from app.storage.authorised_accounts import (
    AccountKey,
    SealedAccount,
    fail_account_lease,
    find_account,
    forget_dead_tokens,
    list_accounts,
    replace_account_tokens,
    take_account_lease,
)
from app.storage.database.db import StoredRow, Transaction
from app.storage.database.fetch_leases import FetchLease

T = TypeVar("T")

LEASE = timedelta(seconds=30)
"""Longer than the slowest renewal: two calls of eight seconds each (our own token, then the account's)."""

WAIT_SECONDS = 40.0
"""How long a caller waits for somebody else's renewal: one dead holder can be outlived."""

RETRY_SECONDS = 30
LIFETIME_SECONDS = 7200
"""What a token counts as good for when the platform names no lifetime."""

YOUNG = timedelta(minutes=2)
"""A token this young that is refused is not renewed: another new one would not help, and platforms count these calls."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Renewal:
    """The wish for a token newer than version `newer_than`; raises GrantRejected where the account does not authorise us."""

    services: Services
    channel: Channel
    source: AccountSource
    key: AccountKey
    newer_than: int = 0
    lease: timedelta = LEASE
    patience: float = WAIT_SECONDS

    def look(self) -> StoredRow:
        """Return the account as it is now."""
        with self.services.database.read() as tx:
            row = find_account(tx, self.key)
        if row is None or row.lasting_token is None:
            raise _not_authorised(self.key.account)
        return row

    def at_once(self, row: StoredRow) -> str | None:
        """Return a token nobody has to renew yet."""
        is_early = row.renew_at is not None and self.services.clock.now() < row.renew_at
        return self._working(row) if is_early else None

    def meanwhile(self, row: StoredRow, first: StoredRow) -> str | None:
        """Return a token that works; raises UpstreamUnavailable when the renewal that was waited for failed."""
        value = self._working(row)
        if value is None and row.last_error_at not in (None, first.last_error_at):
            raise UpstreamUnavailable(f"The platform gave no token for the account: {row.last_error}")
        return value

    def take(
        self, tx: Transaction, row: StoredRow, lease: FetchLease, *, now: datetime, until: datetime
    ) -> bool:
        """Take the right to renew."""
        return take_account_lease(tx, self.key, lease, now=now, until=until)

    def fetch(self, row: StoredRow, lease: FetchLease) -> str | None:
        """Renew; when the platform gives nothing, go on with the token that still works."""
        try:
            tokens = self._renewed(row)
        except GrantRejected as error:
            self._forget(row, error)
            raise
        except UpstreamError as error:
            self._keep_failure(lease, error)
            if (working := self._working(row)) is None:
                raise
            return working
        sealed = seal_account(self.services, self.source, self.key, tokens)
        kept = self.services.database.run(
            lambda tx: replace_account_tokens(tx, self.key, sealed, version=row.version)
        )
        log.info("account_token_renewed", **_named(self.key), kept=kept)
        return tokens.access_token if kept else None

    def give_up(self, first: StoredRow) -> str:
        """Raise: nobody brought a token."""
        raise UpstreamUnavailable("Another process has been renewing this account's token for too long.")

    def _working(self, row: StoredRow) -> str | None:
        in_time = row.expires_at is not None and self.services.clock.now() < row.expires_at
        if not in_time or row.version <= self.newer_than or row.access_token is None:
            return None
        try:
            return open_token(self.services, self.key, row, "access_token")
        except VaultError:
            return None

    def _renewed(self, row: StoredRow) -> AccountTokens:
        try:
            lasting = open_token(self.services, self.key, row, "lasting_token")
        except VaultError as error:
            raise UpstreamError("account_sealed", error.message) from error
        account, http = self.key.account, self.channel.http
        tokens = with_app_token(
            self.services,
            self.channel.name,
            lambda own: ask_platform(lambda: self.source.renew(account, lasting, own, http)),
        )
        if tokens.account != account or not tokens.access_token:
            raise UpstreamError(
                "upstream_bad_answer", "The platform's answer holds no token of this account."
            )
        return tokens

    def _forget(self, row: StoredRow, error: GrantRejected) -> None:
        sentence, now = _sentence(error), self.services.clock.now()
        self.services.database.run(
            lambda tx: forget_dead_tokens(tx, self.key, version=row.version, error=sentence, at=now)
        )
        log.warning("account_token_dead", **_named(self.key), error=sentence)

    def _keep_failure(self, lease: FetchLease, error: UpstreamError) -> None:
        sentence, now = _sentence(error), self.services.clock.now()
        again = now + timedelta(seconds=max(RETRY_SECONDS, error.retry_after or 0))
        self.services.database.run(
            lambda tx: fail_account_lease(tx, self.key, lease, error=sentence, at=now, renew_at=again)
        )
        log.warning("account_token_not_renewed", **_named(self.key), error=sentence)


def usable_account_token(services: Services, channel_name: str, account: str) -> str:
    """Return an account's token that works now; raises GrantRejected where it does not authorise us, UpstreamError."""
    return fetched_once(services, _renewal(services, channel_name, account))


def with_account_token(services: Services, channel_name: str, account: str, call: Callable[[str], T]) -> T:
    """Run a call in an account's name; when the platform refuses the token, renew it and repeat the call once."""
    renewal = _renewal(services, channel_name, account)
    token = fetched_once(services, renewal)
    try:
        return call(token)
    except TokenRejected:
        row = renewal.look()
        if row.fetched_at is not None and services.clock.now() - row.fetched_at < YOUNG:
            raise
    return call(refresh_account_token(services, channel_name, account, newer_than=row.version))


def refresh_account_token(
    services: Services, channel_name: str, account: str, *, newer_than: int | None = None
) -> str:
    """Renew an account's token now, whatever the old one is worth; one newer than a version is used as it is."""
    renewal = _renewal(services, channel_name, account)
    version = renewal.look().version if newer_than is None else newer_than
    return fetched_once(
        services,
        Renewal(services, renewal.channel, renewal.source, renewal.key, newer_than=version),
    )


def account_health(services: Services, channel_name: str, *, after: str = "") -> list[dict[str, Any]]:
    """Return up to 200 accounts of a channel without any token: whether they authorise us, and how their token is doing."""
    channel, source = services.channels.with_capability(channel_name, NoticeSource)
    now, lasts = services.clock.now(), isinstance(source, HandedSecrets)
    with services.database.read() as tx:
        rows = list_accounts(tx, channel.name, source.ticket_owner, after=after)
    names = ("account", "title", "original_id", "authorised_at", "ended_at", "expires_at", "last_error")
    return [
        {name: getattr(row, name) for name in names} | {"state": _state(row, now, lasts=lasts)}
        for row in rows
    ]


def _state(row: StoredRow, now: datetime, *, lasts: bool) -> str:
    """Put an account into one word; the worst news wins. A secret that lasts has no end of its own."""
    if row.ended_at is not None:
        return "ended"
    if row.last_error is not None:
        return "failing"
    works = lasts or (row.expires_at is not None and now < row.expires_at)
    return "valid" if works else "expired"


def seal_account(
    services: Services, source: AccountSource, key: AccountKey, tokens: AccountTokens
) -> SealedAccount:
    """Seal what the platform gave for the row of one account; without an access token the first one is fetched later."""
    now = services.clock.now()

    def sealed(text: str, column: str) -> bytes:
        return services.vault.seal(text.encode(), place=account_place(key, column))

    ends_at = renew_at = None
    if tokens.access_token:
        lifetime = timedelta(seconds=tokens.expires_in if tokens.expires_in > 0 else LIFETIME_SECONDS)
        early = timedelta(seconds=source.refresh_account_token_before)
        ends_at = now + lifetime
        renew_at = now + (lifetime - early if lifetime > early else lifetime / 2)
    return SealedAccount(
        lasting_token=sealed(tokens.lasting, "lasting_token"),
        access_token=sealed(tokens.access_token, "access_token") if tokens.access_token else None,
        fetched_at=now,
        expires_at=ends_at,
        renew_at=renew_at,
    )


def open_token(services: Services, key: AccountKey, row: StoredRow, column: str) -> str:
    """Open one of an account's tokens; raises VaultError where its key is gone."""
    return services.vault.open(bytes(getattr(row, column)), place=account_place(key, column)).decode()


def account_place(key: AccountKey, column: str) -> str:
    """Return the place a token is sealed for: moved to another account's row, it does not open."""
    return f"authorised_accounts/{key.channel}/{key.owner}/{key.account}/{column}"


def _renewal(services: Services, channel_name: str, account: str) -> Renewal:
    channel, source = services.channels.with_capability(channel_name, AccountSource)
    return Renewal(services, channel, source, AccountKey(channel.name, source.ticket_owner, account))


def _not_authorised(account: str) -> GrantRejected:
    return GrantRejected(
        f"The account {account[:64]!r} does not authorise this channel, or not any more; its owner must authorise it again."
    )


def _named(key: AccountKey) -> dict[str, str]:
    return {"channel": key.channel, "account": key.account}


def _sentence(error: UpstreamError) -> str:
    """Word an error without anything the platform sent, except its error number."""
    return f"{error.message} ({error.platform_code})" if error.platform_code else error.message
