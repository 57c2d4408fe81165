"""Links for owners of accounts: whoever holds one may open the platform's page where accounts authorise us, for some days.

Without one nobody can: each opening costs a call to the platform, and who may authorise is the operator's to say. A link
proves itself by a key derived from SECRET_KEY, so nothing is stored.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.core.accounts import AccountSource, AuthorisationPages
from app.core.errors import GrantRejected, RefusedError, RequestError
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.authorisations import redeem_code
from app.security.addresses import address_group
from app.security.signatures import hmac_sha256, matching
from app.security.vault import derive_key

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=30)
USUAL = timedelta(days=7)
OPENINGS_PER_ADDRESS = "20 per minute"
OPENINGS_PER_CHANNEL = "120 per minute"

KEY = re.compile(r"([0-9]{10})-([0-9a-f]{64})")
CODE = re.compile(r"[!-~]{1,1024}")


class AuthorisationLink(NamedTuple):
    """An address to hand to the owner of an account, and when it ends."""

    url: str
    ends_at: datetime


def make_link(services: Services, channel_name: str, lasts: timedelta = USUAL) -> AuthorisationLink:
    """Return a link; raises RefusedError 404 for a channel that no account can authorise."""
    channel, source = services.channels.with_capability(channel_name, AccountSource)
    services.channels.with_capability(channel_name, AuthorisationPages)
    if not SHORTEST <= lasts <= LONGEST:
        raise RequestError("bad_ttl", "A link lasts from 5 minutes (300) to 30 days (2592000).")
    ends = int((services.clock.now() + lasts).timestamp())
    mark = _marks(services, channel, source, ends)[0]
    return AuthorisationLink(_address(services, channel, f"{ends}-{mark}"), datetime.fromtimestamp(ends, UTC))


def page_behind(services: Services, channel_name: str, key: str, caller: str) -> str:
    """Return the address of the platform's page; it is another one each time, and good for some minutes."""
    channel = _checked(services, channel_name, key, caller)
    pages = services.channels.with_capability(channel_name, AuthorisationPages)[1]
    return_to = f"{_address(services, channel, key)}/return"
    return with_app_token(
        services,
        channel_name,
        lambda own: ask_platform(lambda: pages.authorisation_page(return_to, own, channel.http)),
    )


def take_return(services: Services, channel_name: str, key: str, *, code: str, caller: str) -> str:
    """Redeem the code that a browser brought back, unless its event was first; returns the account."""
    _checked(services, channel_name, key, caller)
    if not CODE.fullmatch(code):
        raise RequestError("bad_code", "The platform's page sent no code along; open the link again.")
    try:
        return redeem_code(services, channel_name, code)
    except GrantRejected as error:
        raise RequestError("code_rejected", f"{error.message} Open the link again.") from error


def check_link(services: Services, channel_name: str, key: str) -> Channel:
    """Return the channel of a link; raises RefusedError 404 for one that is over, altered or of another channel."""
    channel, source = services.channels.with_capability(channel_name, AccountSource)
    match = KEY.fullmatch(key)
    if match is not None:
        ends = int(match[1])
        is_ours = matching(match[2], _marks(services, channel, source, ends)) is not None
        if is_ours and services.clock.now().timestamp() < ends:
            return channel
    raise RefusedError(
        "unknown_page", "There is no such page, or it is over; ask for a new link.", http_status=404
    )


def _checked(services: Services, channel_name: str, key: str, caller: str) -> Channel:
    channel = check_link(services, channel_name, key)
    for rate, names in (
        (OPENINGS_PER_ADDRESS, ("authorise", channel_name, address_group(caller))),
        (OPENINGS_PER_CHANNEL, ("authorise_channel", channel_name)),
    ):
        wait = services.rate_limits.hit(rate, *names)
        if wait is not None:
            raise RefusedError(
                "rate_limited", "This link was opened too often.", http_status=429, retry_after=wait
            )
    return channel


def _marks(services: Services, channel: Channel, source: AccountSource, ends: int) -> list[str]:
    """Return what proves a link that ends then, by each secret key; the first is for new ones."""
    signed = f"{channel.name}\n{source.ticket_owner}\n{ends}".encode()
    keys = (derive_key(secret, "authorisation links") for secret in services.settings.secret_key)
    return [hmac_sha256(key, signed).hex() for key in keys]


def _address(services: Services, channel: Channel, key: str) -> str:
    return f"{services.settings.public_base_url}/authorise/{channel.name}/{key}"
