"""Logging in by a code that a program of the platform's own got, without a page: a Mini Program's `wx.login`.

There is no browser that could have been led here by somebody else, so there is no state; the code works once and is
redeemed with the channel's own secret.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from app.core.errors import RefusedError, RequestError
from app.core.login_ports import DirectAppTokenLogin
from app.core.ports import DirectLogin
from app.core.values import Identity, TokenSet
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.login.finish import Proof, open_login
from app.pipeline.login.people import checked_identity
from app.pipeline.login.sessions import SessionToken
from app.pipeline.overrides import check_is_on
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.user_tokens import lend_app_token
from app.security.addresses import address_group

LOGINS_PER_ADDRESS = "60 per minute"
LONGEST_CODE = 512

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class DirectResult:
    """Who logged in, and their session's token; never what the platform gave for the code."""

    known: Identity
    token: SessionToken


def log_in_directly(
    services: Services, channel_name: str, code: object, *, remote_addr: str, trace_id: str
) -> DirectResult:
    """Redeem a code and open a session; raises CallgateError for every refusal.

    1. The channel must log people in this way, the rate must be allowed and the code be plain text.
    2. The platform says who it is, outside any transaction.
    3. Identity, tokens and session are stored in one transaction.
    """
    channel, login = services.channels.with_capability(channel_name, DirectLogin)
    check_is_on(services, channel.name)
    wait = services.rate_limits.hit(LOGINS_PER_ADDRESS, "direct_login", address_group(remote_addr))
    if wait is not None:
        message = "Too many logins came from this address; wait a little."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)
    if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
        raise RequestError("bad_code", "code is needed and must be the text that the platform's login gave.")
    tokens = _redeemed(services, channel, login, code)
    known = checked_identity(
        lend_app_token(
            services, channel, tokens, lambda lent: ask_platform(lambda: login.identity(lent, channel.http))
        )
    )
    _, token = services.database.run(
        lambda tx: open_login(
            services, tx, channel.name, Proof(known, tokens), replaces=None, trace_id=trace_id
        )
    )
    log.info("login_finished", channel=channel.name, purpose="direct")
    services.meters.login(channel.name, "succeeded")
    return DirectResult(known, token)


def _redeemed(services: Services, channel: Channel, login: DirectLogin, code: str) -> TokenSet:
    """Redeem a code, with the application's own token where the login needs it."""
    with_token = channel.as_capability(DirectAppTokenLogin)
    if with_token is None:
        return ask_platform(lambda: login.redeem_code(code, channel.http))
    return with_app_token(
        services,
        channel.name,
        lambda token: ask_platform(lambda: with_token.redeem_code_with(code, token, channel.http)),
    )
