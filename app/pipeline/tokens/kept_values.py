"""Values that several processes need and one of them fetches: an app's own token, a ticket for pages; kept sealed, renewed early.

One caller takes the lease and fetches (shared_fetch.py); the others go on with the value that still works, or wait for
the result. There is no network call while a transaction is open. Which value, and from whom, is said by `Account`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import orjson
import structlog

from app.core.errors import CallgateError, StoreUnavailable, UpstreamError, UpstreamUnavailable
from app.core.values import AppToken
from app.pipeline.channels import Channel
from app.pipeline.own_events import TOKEN_FAILING
from app.pipeline.services import Services
from app.pipeline.tokens.refusals import NO_REFUSALS, Refusals
from app.security.vault import VaultError
from app.storage.app_tokens import fail_token_lease, find_app_token, store_app_token, take_token_lease
from app.storage.database.db import Transaction
from app.storage.database.fetch_leases import FetchLease

LEASE_SECONDS = 20
"""Longer than one fetch can take; when it ends the holder is taken for dead and somebody else fetches."""

RETRY_SECONDS = 30
"""After a failure the value that still works is used this long before the next try, longer when the platform asks."""

TOLD = "app"
"""The kind of value whose failing is told to handlers, and whose fetches are counted."""

log = structlog.get_logger(__name__)


class ValueSource(Protocol):
    """Asks the platform for the next value."""

    @property
    def renew_before(self) -> int:
        """Seconds before its end at which a new one is fetched."""

    def fetch(self, services: Services, channel: Channel, *, rejected: str | None) -> AppToken:
        """Fetch it; `rejected` is one the platform refused although its time was not over."""


@dataclass(frozen=True, slots=True)
class Account:
    """A channel that has such a value, and the place it is sealed for."""

    channel: Channel
    kind: str
    source: ValueSource
    place: str


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What a caller needs: any value, or one newer than a version, because that one was refused."""

    newer_than: int = 0
    rejected: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Cached:
    """What the database holds; without a value when there is none that this configuration can open."""

    version: int = 0
    value: str | None = None
    fetched_at: datetime | None = None
    expires_at: datetime | None = None
    renew_at: datetime | None = None
    lease_until: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    refusals: Refusals = NO_REFUSALS

    def working(self, wanted: Wanted, now: datetime) -> str | None:
        """Return the value while it may be used."""
        in_time = self.expires_at is not None and now < self.expires_at
        return self.value if in_time and self.version > wanted.newer_than else None

    def fresh(self, wanted: Wanted, now: datetime) -> str | None:
        """Return the value while nobody has to fetch the next one yet."""
        is_early = self.renew_at is not None and now < self.renew_at
        return self.working(wanted, now) if is_early else None


@dataclass(frozen=True, slots=True, repr=False)
class Fetch:
    """The wish for a value: a fresh one is used, one that works while somebody else fetches the next.

    A failure is shared with all who waited, so that they do not try a platform that is down one after the other.
    """

    services: Services
    account: Account
    wanted: Wanted
    patience: float
    lease: timedelta = timedelta(seconds=LEASE_SECONDS)

    def look(self) -> Cached:
        """Return what the database holds."""
        return read_value(self.services, self.account)

    def at_once(self, row: Cached) -> str | None:
        """Return a fresh value."""
        return row.fresh(self.wanted, self.services.clock.now())

    def meanwhile(self, row: Cached, first: Cached) -> str | None:
        """Return a value that works; raises UpstreamUnavailable when the fetch that was waited for failed."""
        now = self.services.clock.now()
        value = row.working(self.wanted, now)
        if value is None and row.last_error_at not in (None, first.last_error_at):
            raise UpstreamUnavailable(
                f"The platform gave no token: {row.last_error}",
                retry_after=_seconds_until(row.renew_at, now),
            )
        return value

    def take(
        self, tx: Transaction, row: Cached, lease: FetchLease, *, now: datetime, until: datetime
    ) -> bool:
        """Take the right to fetch."""
        account = self.account
        return take_token_lease(tx, account.channel.name, account.kind, lease, now=now, until=until)

    def fetch(self, row: Cached, lease: FetchLease) -> str | None:
        """Fetch and store the next value; when the platform gives none, go on with the one that still works.

        None when our lease ended meanwhile: somebody else fetches, or has fetched, a newer value than ours.
        """
        channel = self.account.channel
        try:
            token = self.account.source.fetch(self.services, channel, rejected=self.wanted.rejected)
        except Exception as error:
            self._count("failed")
            _keep_failure(self.services, self.account, lease, error)
            working = row.working(self.wanted, self.services.clock.now())
            if working is None or not isinstance(error, UpstreamError):
                raise
            return working
        self._count("succeeded")
        return token.value if _store(self.services, self.account, lease, token) else None

    def _count(self, outcome: str) -> None:
        if self.account.kind == TOLD:
            self.services.meters.token_refresh(self.account.channel.name, outcome)

    def give_up(self, first: Cached) -> str:
        """Raise: there is no value, and nobody brought one."""
        raise UpstreamUnavailable("Another process has been fetching this channel's token for too long.")


def account_of(channel: Channel, kind: str, source: ValueSource) -> Account:
    """Return an account; its channel's whole configuration is part of the place, so another account's value does not open."""
    options = orjson.dumps(dict(channel.config.options), option=orjson.OPT_SORT_KEYS, default=str)
    digest = hashlib.sha256(channel.spec.slug.encode() + b"\x00" + options).hexdigest()
    return Account(channel, kind, source, f"app_tokens/{channel.name}/{kind}/{digest}")


def read_value(services: Services, account: Account) -> Cached:
    """Return what the database holds of a value."""
    with services.database.read() as tx:
        row = find_app_token(tx, account.channel.name, account.kind)
    if row is None:
        return Cached()
    return Cached(
        version=row.version,
        value=_opened(services, account, row.value),
        fetched_at=row.fetched_at,
        expires_at=row.expires_at,
        renew_at=row.renew_at,
        lease_until=row.lease_until,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        refusals=Refusals.of(row, since=row.refused_since),
    )


def _opened(services: Services, account: Account, sealed: bytes | None) -> str | None:
    """Open a value; one sealed under other keys or for another configuration is as good as none."""
    if sealed is None:
        return None
    try:
        return services.vault.open(bytes(sealed), place=account.place).decode()
    except VaultError:
        return None


def _store(services: Services, account: Account, lease: FetchLease, token: AppToken) -> bool:
    now = services.clock.now()
    sealed = services.vault.seal(token.value.encode(), place=account.place)
    lifetime = timedelta(seconds=token.expires_in)
    stored = services.database.run(
        lambda tx: store_app_token(
            tx,
            account.channel.name,
            account.kind,
            lease,
            value=sealed,
            fetched_at=now,
            expires_at=now + lifetime,
            renew_at=now + _renew_after(lifetime, account.source),
        )
    )
    log.info("app_token_fetched", channel=account.channel.name, expires_in=token.expires_in, stored=stored)
    return stored


def _renew_after(lifetime: timedelta, source: ValueSource) -> timedelta:
    """Say when to fetch the next one; a platform that gives the same token until near its end is not asked each time."""
    early = timedelta(seconds=source.renew_before)
    return lifetime - early if lifetime > early else lifetime / 2


def _keep_failure(services: Services, account: Account, lease: FetchLease, error: Exception) -> None:
    """Write why no token came, for operators, and give the lease back."""
    sentence, name = _sentence(error), account.channel.name
    log.warning("app_token_not_fetched", channel=name, error=sentence)
    now = services.clock.now()
    renew_at = now + timedelta(seconds=max(RETRY_SECONDS, getattr(error, "retry_after", None) or 0))

    def work(tx: Transaction) -> None:
        before = find_app_token(tx, name, account.kind)
        is_ours = fail_token_lease(tx, name, account.kind, lease, error=sentence, at=now, renew_at=renew_at)
        is_told = account.kind == TOLD and before is not None and before.last_error is None
        if is_ours and is_told:
            data = {"channel": name, "platform": account.channel.spec.slug, "error": sentence}
            services.own_events.tell(tx, TOKEN_FAILING, data, subject=name)

    try:
        services.database.run(work)
    except StoreUnavailable:
        log.warning("token_failure_not_stored", channel=name)


def _seconds_until(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, math.ceil((moment - now).total_seconds()))


def _sentence(error: Exception) -> str:
    """Word an error without anything the platform sent, except its error number."""
    if not isinstance(error, CallgateError):
        return error.__class__.__name__
    number = getattr(error, "platform_code", None)
    return f"{error.message} ({number})" if number else error.message
