"""What follows when a platform hands us a ticket or says that an account authorised us, or does so no more.

The built-in route is here: such an event is stored, answered, and then taken by its dispatch, which tries again until the
platform has answered. What an event carried was masked before it was stored, so it is opened and proven once more.
"""

from __future__ import annotations

import hashlib

import structlog

from app.core.accounts import (
    AccountSource,
    AccountTokens,
    Authorised,
    Handed,
    Notice,
    NoticeSource,
    Ticket,
    Withdrawn,
)
from app.core.errors import GrantRejected, PermanentError, RequestError, UpstreamError
from app.core.ports import WebhookSource
from app.core.storable import is_storable
from app.core.values import Event, InboundRequest, ParsedEvent
from app.pipeline.channels import Channel, ask_platform, channel_path
from app.pipeline.evidence import BODY, open_exact
from app.pipeline.router import Context, Route
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import seal_account, with_account_token
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.handed_secrets import keep_secret
from app.pipeline.tokens.tickets import keep_ticket
from app.security.strict_json import parse_json_exactly
from app.security.vault import VaultError
from app.storage.authorised_accounts import (
    MAX_ID,
    About,
    AccountKey,
    end_authorisation,
    find_redeemed,
    save_authorisation,
)
from app.storage.inbox.events import event_from_row, find_event_row

ROUTE_NAME = "callgate.authorisations"
RETRY_DELAYS = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""A code is good for ten minutes at least; the last delay is repeated."""

MOST_ATTEMPTS = 14

DEAD_CODE_TRIES = 3
"""A code that is dead may have been redeemed this moment by somebody who has not stored what it brought yet."""

log = structlog.get_logger(__name__)


def authorisation_route(services: Services) -> Route:
    """Return the built-in route; it runs for every event that carries a ticket or tells of an authorisation."""

    def take(event: Event, context: Context) -> str:
        channel, source = services.channels.with_capability(event.channel, NoticeSource)
        notice = source.notice(_as_it_came(services, channel, event))
        if notice is None:
            raise PermanentError("The event says nothing about tickets or authorisations any more.")
        try:
            return take_notice(services, channel, source, notice)
        except GrantRejected as error:
            if context.attempt < DEAD_CODE_TRIES:
                raise
            raise PermanentError(error.message) from error

    return Route(
        name=ROUTE_NAME,
        source="*",
        type="*",
        handler=take,
        max_attempts=MOST_ATTEMPTS,
        retry_delays=RETRY_DELAYS,
    )


def take_notice(services: Services, channel: Channel, source: NoticeSource, notice: Notice) -> str:
    """Do what a notice asks for; the same one a second time changes nothing. Returns a word for operators."""
    match notice:
        case Handed():
            return "kept" if keep_secret(services, channel, source, notice) else "older"
        case Withdrawn():
            return _end(services, channel, source, notice)
        case Ticket() if isinstance(source, AccountSource):
            return "kept" if keep_ticket(services, channel, source, notice) else "older"
        case Authorised() if isinstance(source, AccountSource):
            account = _account_of(services, channel, source, notice)
            if notice.reply_to:
                _reply(services, channel, source, notice, account)
            return "authorised"
    raise PermanentError("The channel takes no such notice any more.")


def redeem_code(services: Services, channel_name: str, code: str) -> str:
    """Redeem a code that came with the browser and return the account; one that its event has brought is not redeemed again."""
    channel, source = services.channels.with_capability(channel_name, AccountSource)
    return _redeemed(services, channel, source, Authorised(code, services.clock.now()))


def _account_of(services: Services, channel: Channel, source: AccountSource, notice: Authorised) -> str:
    """Return which account authorised us, redeeming the code if nobody has.

    Where somebody waits for a reply, a code that is dead was mostly spent by the event that told of the same authorisation.
    """
    try:
        return _redeemed(services, channel, source, notice)
    except GrantRejected:
        if notice.reply_to is None or notice.account is None:
            raise
        return notice.account


def _redeemed(services: Services, channel: Channel, source: AccountSource, notice: Authorised) -> str:
    """Redeem a code once.

    1. A code that was redeemed before is done with.
    2. The platform is asked, outside any transaction; when it calls the code dead, somebody else may have been first.
    3. What came is stored, unless the authorisation has ended since.
    """
    owner, digest = (
        source.ticket_owner,
        hashlib.sha256(notice.code.encode("utf-8", "surrogatepass")).hexdigest(),
    )
    if (known := _known(services, channel, owner, digest)) is not None:
        return known
    try:
        tokens = with_app_token(
            services,
            channel.name,
            lambda own: ask_platform(lambda: source.redeem(notice.code, own, channel.http)),
        )
    except GrantRejected:
        if (known := _known(services, channel, owner, digest)) is not None:
            return known
        raise
    key = AccountKey(channel.name, owner, _checked(tokens, notice))
    sealed = seal_account(services, source, key, tokens)
    about = About(tokens.title, tokens.original_id, digest)
    kept = services.database.run(lambda tx: save_authorisation(tx, key, sealed, about, at=notice.at))
    log.info("account_authorised", channel=channel.name, account=key.account, kept=kept)
    return key.account


def _checked(tokens: AccountTokens, notice: Authorised) -> str:
    """Return the account a code was for; raises UpstreamError where the answer names another one than the event."""
    account = tokens.account
    if not account or not is_storable(account, MAX_ID) or notice.account not in (None, account):
        raise UpstreamError(
            "upstream_bad_answer", "The platform's answer names no account, or another one than its event."
        )
    return account


def _known(services: Services, channel: Channel, owner: str, digest: str) -> str | None:
    with services.database.read() as tx:
        row = find_redeemed(tx, channel.name, owner, digest)
    return None if row is None else str(row.account)


def _end(services: Services, channel: Channel, source: NoticeSource, notice: Withdrawn) -> str:
    if not is_storable(notice.account, MAX_ID):
        raise PermanentError("The event names an account with an id that is too long.")
    key = AccountKey(channel.name, source.ticket_owner, notice.account)
    ended = services.database.run(lambda tx: end_authorisation(tx, key, at=notice.at))
    log.info("account_ended", channel=channel.name, account=key.account, ended=ended)
    return "ended" if ended else "older"


def _reply(
    services: Services, channel: Channel, source: AccountSource, notice: Authorised, account: str
) -> None:
    with_account_token(
        services,
        channel.name,
        account,
        lambda token: ask_platform(lambda: source.reply(notice, token, channel.http)),
    )


def _as_it_came(services: Services, channel: Channel, event: Event) -> ParsedEvent:
    """Return what an event says with nothing masked. A sealed body is opened; one that the platform encrypted is proven once more.

    Raises PermanentError where today's keys do not open it.
    """
    if BODY in event.masked:
        return event_as_it_came(event, _sealed_body(services, event.id))
    if not any(name.startswith("data:") for name in event.masked):
        return ParsedEvent(event.type, event.key, event.data, event.subject, event.occurred_at)
    return _proven_again(channel, event)


def event_as_it_came(event: Event, body: bytes) -> ParsedEvent:
    """Return an event with the data of its body as it came; where data are masked in a body, it is their JSON."""
    return ParsedEvent(event.type, event.key, parse_json_exactly(body), event.subject, event.occurred_at)


def _sealed_body(services: Services, event_id: str) -> bytes:
    with services.database.read() as tx:
        row = find_event_row(tx, event_id)
    try:
        if row is None or row.sealed is None:
            raise PermanentError("Retention has taken what was sealed beside the event.")
        return open_exact(services.vault, event_from_row(row), bytes(row.sealed)).raw
    except VaultError as error:
        raise PermanentError(error.message) from error


def _proven_again(channel: Channel, event: Event) -> ParsedEvent:
    source = channel.as_capability(WebhookSource)
    if source is None:
        raise PermanentError("The channel takes no callbacks any more, so its keys are not known.")
    request = InboundRequest(
        method="POST",
        path=channel_path(event.channel) + event.path_rest,
        query_string=event.query_string,
        headers=event.headers,
        body=event.raw,
        remote_addr="",
        received_at=event.received_at,
        version=event.version,
    )
    try:
        return source.parse(request, source.verify(request, event.received_at))
    except RequestError as error:
        raise PermanentError(f"The stored event cannot be opened with today's keys: {error.code}.") from error
