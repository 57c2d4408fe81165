"""App tokens: fetched once for all processes, kept sealed in the database, renewed early, replaced when refused.

One caller takes the lease and fetches (shared_fetch.py); the others go on with the value that still works, or wait for
the result. There is no network call while a transaction is open.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
import structlog

from app.core.errors import CallgateError, StoreUnavailable, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.moments import as_text
from app.core.ports import AppTokenSource
from app.core.values import AppToken
from app.pipeline.channels import Channel
from app.pipeline.own_events import TOKEN_FAILING
from app.pipeline.services import Services
from app.pipeline.tokens.refusals import NO_REFUSALS, Refusals
from app.pipeline.tokens.shared_fetch import fetched_once
from app.pipeline.tokens.tickets import with_newest_ticket
from app.security.vault import VaultError
from app.storage.app_tokens import (
    drop_app_token,
    fail_token_lease,
    find_app_token,
    forget_useless_cures,
    list_app_tokens,
    note_useless_cure,
    store_app_token,
    take_token_lease,
)
from app.storage.database.db import Transaction
from app.storage.database.fetch_leases import FetchLease

T = TypeVar("T")

KIND = "app"
LEASE_SECONDS = 20
"""Longer than one fetch can take; when it ends the holder is taken for dead and somebody else fetches."""

WAIT_SECONDS = 25.0
"""How long a caller waits for somebody else's fetch: one dead holder can be outlived."""

RETRY_SECONDS = 30
"""After a failure the value that still works is used this long before the next try, longer when the platform asks."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Account:
    """A channel that has an app token, and the place its value is sealed for."""

    channel: Channel
    source: AppTokenSource
    place: str


@dataclass(frozen=True, slots=True, repr=False)
class _Wanted:
    """What a caller needs: any value, or one newer than a version, because that one was refused."""

    newer_than: int = 0
    rejected: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Cached:
    """What the database holds; without a value when there is none that this configuration can open."""

    version: int = 0
    value: str | None = None
    expires_at: datetime | None = None
    renew_at: datetime | None = None
    lease_until: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    refusals: Refusals = NO_REFUSALS

    def working(self, wanted: _Wanted, now: datetime) -> str | None:
        """Return the value while it may be used."""
        in_time = self.expires_at is not None and now < self.expires_at
        return self.value if in_time and self.version > wanted.newer_than else None

    def fresh(self, wanted: _Wanted, now: datetime) -> str | None:
        """Return the value while nobody has to fetch the next one yet."""
        is_early = self.renew_at is not None and now < self.renew_at
        return self.working(wanted, now) if is_early else None


@dataclass(frozen=True, slots=True, repr=False)
class _Fetch:
    """The wish for a value: a fresh one is used, one that works while somebody else fetches the next.

    A failure is shared with all who waited, so that they do not try a platform that is down one after the other.
    """

    services: Services
    account: _Account
    wanted: _Wanted
    patience: float
    lease: timedelta = timedelta(seconds=LEASE_SECONDS)

    def look(self) -> _Cached:
        """Return what the database holds."""
        return _read(self.services, self.account)

    def at_once(self, row: _Cached) -> str | None:
        """Return a fresh value."""
        return row.fresh(self.wanted, self.services.clock.now())

    def meanwhile(self, row: _Cached, first: _Cached) -> str | None:
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
        self, tx: Transaction, row: _Cached, lease: FetchLease, *, now: datetime, until: datetime
    ) -> bool:
        """Take the right to fetch."""
        return take_token_lease(tx, self.account.channel.name, KIND, lease, now=now, until=until)

    def fetch(self, row: _Cached, lease: FetchLease) -> str | None:
        """Fetch and store the next value; when the platform gives none, go on with the one that still works.

        None when our lease ended meanwhile: somebody else fetches, or has fetched, a newer value than ours.
        """
        channel = self.account.channel
        try:
            source = with_newest_ticket(self.services, channel, self.account.source)
            token = source.fetch_app_token(channel.http, rejected=self.wanted.rejected)
        except Exception as error:
            _keep_failure(self.services, self.account, lease, error)
            working = row.working(self.wanted, self.services.clock.now())
            if working is None or not isinstance(error, UpstreamError):
                raise
            return working
        return token.value if _store(self.services, self.account, lease, token) else None

    def give_up(self, first: _Cached) -> str:
        """Raise: there is no value, and nobody brought one."""
        raise UpstreamUnavailable("Another process has been fetching this channel's token for too long.")


def usable_app_token(services: Services, channel_name: str) -> str:
    """Return a token that works now; raises UpstreamError when there is none and the platform gives none."""
    return _obtain(services, _account(services, channel_name), _Wanted())


def with_app_token(services: Services, channel_name: str, call: Callable[[str], T]) -> T:
    """Run a call that needs the token; when the platform refuses the token, replace it and repeat the call once.

    1. Call with the token at hand.
    2. Refused: drop it, unless another caller has replaced it already, or replacing did not help lately.
    3. Call again with the new one; a second refusal is the caller's to see, and the next replacement waits.
    """
    account = _account(services, channel_name)
    token = _obtain(services, account, _Wanted())
    try:
        return call(token)
    except TokenRejected as error:
        log.info("app_token_rejected", channel=channel_name)
        refusal = error
    fresh, refusals = _replace(services, account, token, refusal)
    try:
        result = call(fresh)
    except TokenRejected:
        _note_useless_cure(services, account, fresh)
        raise
    if refusals.count:
        services.database.run(lambda tx: forget_useless_cures(tx, channel_name, KIND))
    return result


def refresh_app_token(services: Services, channel_name: str) -> None:
    """Fetch a new token now, whatever the old one is worth (for operators); refusals from before are forgotten."""
    account = _account(services, channel_name)
    _obtain(services, account, _Wanted(newer_than=_read(services, account).version))
    services.database.run(lambda tx: forget_useless_cures(tx, channel_name, KIND))


def app_token_health(services: Services) -> list[dict[str, Any]]:
    """Return how the token of every channel that has one is doing, without any value."""
    with services.database.read() as tx:
        rows = {row.channel: row for row in list_app_tokens(tx) if row.kind == KIND}
    now = services.clock.now()
    return [
        _health(channel, rows.get(channel.name), now)
        for channel in services.channels
        if isinstance(channel.connector, AppTokenSource)
    ]


def _health(channel: Channel, row: Any, now: datetime) -> dict[str, Any]:
    names = ("version", "fetched_at", "expires_at", "renew_at", "last_error", "last_error_at")
    facts = {name: None if row is None else getattr(row, name) for name in names}
    refusals = NO_REFUSALS if row is None else Refusals.of(row, since=row.refused_since)
    is_refused = refusals.is_current(now)
    facts["refused_since"] = refusals.since if is_refused else None
    facts["next_forced_refresh_at"] = refusals.force_after if is_refused else None
    state = "refused" if is_refused else _state(row, now)
    return {"channel": channel.name, "platform": channel.spec.slug, "state": state} | facts


def _state(row: Any, now: datetime) -> str:
    """Put a token's health into one word; the worst news wins."""
    if row is None or (row.version == 0 and row.last_error is None):
        return "never_fetched"
    works = row.expires_at is not None and now < row.expires_at
    if row.last_error is not None:
        return "renewal_failing" if works else "failing"
    return "valid" if works else "expired"


def _account(services: Services, channel_name: str) -> _Account:
    """Find the channel; its whole configuration is part of the place, so another account's token does not open."""
    channel, source = services.channels.with_capability(channel_name, AppTokenSource)
    options = orjson.dumps(dict(channel.config.options), option=orjson.OPT_SORT_KEYS, default=str)
    digest = hashlib.sha256(channel.spec.slug.encode() + b"\x00" + options).hexdigest()
    return _Account(channel, source, f"app_tokens/{channel_name}/{KIND}/{digest}")


def _obtain(services: Services, account: _Account, wanted: _Wanted) -> str:
    """Return a value that fits, fetched by us or by whoever holds the lease."""
    return fetched_once(services, _Fetch(services, account, wanted, patience=WAIT_SECONDS))


def _replace(
    services: Services, account: _Account, rejected: str, refusal: TokenRejected
) -> tuple[str, Refusals]:
    """Drop a refused value and return the next one, with the cures that did not help before.

    One that another caller has fetched already is used as it is. Raises the refusal, with when the next cure may be tried,
    while that has to wait.
    """
    cached, now = _read(services, account), services.clock.now()
    if cached.refusals.waits(now) and cached.value in (None, rejected):
        raise _still_refused(cached.refusals, refusal) from refusal
    wanted = _Wanted(rejected=rejected)
    name, version = account.channel.name, cached.version
    if cached.value == rejected:
        services.database.run(lambda tx: drop_app_token(tx, name, KIND, version=version))
        wanted = _Wanted(newer_than=version, rejected=rejected)
    try:
        return _obtain(services, account, wanted), cached.refusals
    except UpstreamError:
        _wait_with_the_next_cure(services, account, _read(services, account))
        raise


def _still_refused(refusals: Refusals, refusal: TokenRejected) -> TokenRejected:
    since, again = as_text(refusals.since), as_text(refusals.force_after)
    return TokenRejected(
        f"{refusal.message} A fresh app token was refused too, since {since}, so something else is wrong; the next forced "
        f"refresh is made after {again}.",
        platform_code=refusal.platform_code,
    )


def _note_useless_cure(services: Services, account: _Account, refused: str) -> None:
    """Remember that a fresh value was refused too; one that is no longer the newest says nothing."""
    cached = _read(services, account)
    if cached.value == refused:
        _wait_with_the_next_cure(services, account, cached)


def _wait_with_the_next_cure(services: Services, account: _Account, seen: _Cached) -> None:
    """Make the next forced refresh wait, longer each time; whoever notices first writes it for all."""
    name, now = account.channel.name, services.clock.now()
    after = seen.refusals.another(now)
    is_first = services.database.run(
        lambda tx: note_useless_cure(
            tx,
            name,
            KIND,
            version=seen.version,
            now=now,
            count=after.count,
            since=after.since,
            force_after=after.force_after,
        )
    )
    if is_first:
        log.warning(
            "app_token_cure_did_not_help",
            channel=name,
            cures=after.count,
            next_one=as_text(after.force_after),
        )


def _read(services: Services, account: _Account) -> _Cached:
    with services.database.read() as tx:
        row = find_app_token(tx, account.channel.name, KIND)
    if row is None:
        return _Cached()
    return _Cached(
        version=row.version,
        value=_opened(services, account, row.value),
        expires_at=row.expires_at,
        renew_at=row.renew_at,
        lease_until=row.lease_until,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        refusals=Refusals.of(row, since=row.refused_since),
    )


def _opened(services: Services, account: _Account, sealed: bytes | None) -> str | None:
    """Open a value; one sealed under other keys or for another configuration is as good as none."""
    if sealed is None:
        return None
    try:
        return services.vault.open(bytes(sealed), place=account.place).decode()
    except VaultError:
        return None


def _store(services: Services, account: _Account, lease: FetchLease, token: AppToken) -> bool:
    now = services.clock.now()
    sealed = services.vault.seal(token.value.encode(), place=account.place)
    lifetime = timedelta(seconds=token.expires_in)
    stored = services.database.run(
        lambda tx: store_app_token(
            tx,
            account.channel.name,
            KIND,
            lease,
            value=sealed,
            fetched_at=now,
            expires_at=now + lifetime,
            renew_at=now + _renew_after(lifetime, account.source),
        )
    )
    log.info("app_token_fetched", channel=account.channel.name, expires_in=token.expires_in, stored=stored)
    return stored


def _renew_after(lifetime: timedelta, source: AppTokenSource) -> timedelta:
    """Say when to fetch the next one; a platform that gives the same token until near its end is not asked each time."""
    early = timedelta(seconds=source.refresh_app_token_before)
    return lifetime - early if lifetime > early else lifetime / 2


def _keep_failure(services: Services, account: _Account, lease: FetchLease, error: Exception) -> None:
    """Write why no token came, for operators, and give the lease back."""
    sentence, name = _sentence(error), account.channel.name
    log.warning("app_token_not_fetched", channel=name, error=sentence)
    now = services.clock.now()
    renew_at = now + timedelta(seconds=max(RETRY_SECONDS, getattr(error, "retry_after", None) or 0))

    def work(tx: Transaction) -> None:
        before = find_app_token(tx, name, KIND)
        is_ours = fail_token_lease(tx, name, KIND, lease, error=sentence, at=now, renew_at=renew_at)
        if is_ours and before is not None and before.last_error is None:
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
