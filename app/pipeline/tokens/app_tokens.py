"""App tokens: fetched once for all processes, kept sealed in the database, renewed early, replaced when refused.

One caller takes the lease and fetches (shared_fetch.py); the others go on with the value that still works, or wait for
the result. There is no network call while a transaction is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.moments import as_text
from app.core.ports import AppTokenSource
from app.core.values import AppToken
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.pipeline.tokens.kept_values import Account, Cached, Fetch, Wanted, account_of, read_value
from app.pipeline.tokens.refusals import NO_REFUSALS, Refusals
from app.pipeline.tokens.shared_fetch import fetched_once
from app.pipeline.tokens.tickets import with_newest_ticket
from app.storage.app_tokens import (
    drop_app_token,
    forget_useless_cures,
    list_app_tokens,
    note_useless_cure,
)

T = TypeVar("T")

KIND = "app"
WAIT_SECONDS = 25.0
"""How long a caller waits for somebody else's fetch: one dead holder can be outlived."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _TokenSource:
    """A platform's app token as a value that is kept; satisfies kept_values.ValueSource."""

    source: AppTokenSource

    @property
    def renew_before(self) -> int:
        """Seconds before its end at which a new one is fetched."""
        return self.source.refresh_app_token_before

    def fetch(self, services: Services, channel: Channel, *, rejected: str | None) -> AppToken:
        """Fetch the token, with the newest ticket where the platform wants one."""
        source = with_newest_ticket(services, channel, self.source)
        return source.fetch_app_token(channel.http, rejected=rejected)


@dataclass(frozen=True, slots=True, repr=False)
class LentToken:
    """An app token as it is lent to somebody; `expires_in` is seconds from now."""

    value: str
    expires_in: int
    fetched_at: datetime

    def __repr__(self) -> str:
        return f"LentToken(…, expires_in={self.expires_in})"


def usable_app_token(services: Services, channel_name: str) -> str:
    """Return a token that works now; raises UpstreamError when there is none and the platform gives none."""
    return _obtain(services, _account(services, channel_name), Wanted())


def lent_app_token(services: Services, channel_name: str) -> LentToken:
    """Return a token that works now with what is left of its time; raises as usable_app_token."""
    account = _account(services, channel_name)
    value = _obtain(services, account, Wanted())
    kept, now = read_value(services, account), services.clock.now()
    if kept.value is None or kept.expires_at is None or kept.fetched_at is None:
        raise UpstreamUnavailable("The token was replaced at this very moment; ask again.", retry_after=1)
    # Another one may have taken its place since: then that one, which is as good.
    left = int((kept.expires_at - now).total_seconds())
    return LentToken(kept.value or value, max(0, left), kept.fetched_at)


def with_app_token(services: Services, channel_name: str, call: Callable[[str], T]) -> T:
    """Run a call that needs the token; when the platform refuses the token, replace it and repeat the call once.

    1. Call with the token at hand.
    2. Refused: drop it, unless another caller has replaced it already, or replacing did not help lately.
    3. Call again with the new one; a second refusal is the caller's to see, and the next replacement waits.
    """
    account = _account(services, channel_name)
    token = _obtain(services, account, Wanted())
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
    _obtain(services, account, Wanted(newer_than=read_value(services, account).version))
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


def _account(services: Services, channel_name: str) -> Account:
    channel, source = services.channels.with_capability(channel_name, AppTokenSource)
    return account_of(channel, KIND, _TokenSource(source))


def _obtain(services: Services, account: Account, wanted: Wanted) -> str:
    """Return a value that fits, fetched by us or by whoever holds the lease."""
    return fetched_once(services, Fetch(services, account, wanted, patience=WAIT_SECONDS))


def _replace(
    services: Services, account: Account, rejected: str, refusal: TokenRejected
) -> tuple[str, Refusals]:
    """Drop a refused value and return the next one, with the cures that did not help before.

    One that another caller has fetched already is used as it is. Raises the refusal, with when the next cure may be tried,
    while that has to wait.
    """
    cached, now = read_value(services, account), services.clock.now()
    if cached.refusals.waits(now) and cached.value in (None, rejected):
        raise _still_refused(cached.refusals, refusal) from refusal
    wanted = Wanted(rejected=rejected)
    name, version = account.channel.name, cached.version
    if cached.value == rejected:
        services.database.run(lambda tx: drop_app_token(tx, name, KIND, version=version))
        wanted = Wanted(newer_than=version, rejected=rejected)
    try:
        return _obtain(services, account, wanted), cached.refusals
    except UpstreamError:
        _wait_with_the_next_cure(services, account, read_value(services, account))
        raise


def _still_refused(refusals: Refusals, refusal: TokenRejected) -> TokenRejected:
    since, again = as_text(refusals.since), as_text(refusals.force_after)
    return TokenRejected(
        f"{refusal.message} A fresh app token was refused too, since {since}, so something else is wrong; the next forced "
        f"refresh is made after {again}.",
        platform_code=refusal.platform_code,
    )


def _note_useless_cure(services: Services, account: Account, refused: str) -> None:
    """Remember that a fresh value was refused too; one that is no longer the newest says nothing."""
    cached = read_value(services, account)
    if cached.value == refused:
        _wait_with_the_next_cure(services, account, cached)


def _wait_with_the_next_cure(services: Services, account: Account, seen: Cached) -> None:
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
