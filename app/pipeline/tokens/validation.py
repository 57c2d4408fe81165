"""Tokens that a provider wants to be asked about now and then, as Twitch does; asked when such a token is used, by one process.

A token that nobody uses is asked about by nobody. Background: Twitch, "Validating Tokens" (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from app.core.errors import TokenRejected, UpstreamError
from app.core.login_ports import TokenValidator
from app.core.ports import HttpClient
from app.core.values import TokenSet
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.storage.login.connections import StoredConnection, claim_validation, validate_again

AFTER_A_FAILURE = timedelta(minutes=5)
"""How long a provider that could not say is left alone; the token is used meanwhile."""

log = structlog.get_logger(__name__)

Ask = Callable[[Callable[[TokenSet, HttpClient], None]], None]
"""Makes a call with the opened tokens."""


def validate_when_due(services: Services, channel: Channel, connection: StoredConnection, ask: Ask) -> None:
    """Ask about a token where that is due; raises TokenRejected when it has ended.

    1. Whoever writes the next time first does it, so that of many processes one asks.
    2. A token that has ended stays due until it was replaced.
    3. Where the provider cannot say, the token is used and asked about again in five minutes.
    """
    validator = channel.as_capability(TokenValidator)
    now = services.clock.now()
    if validator is None or (connection.validate_after is not None and connection.validate_after > now):
        return
    until = now + timedelta(seconds=validator.validate_every)
    if not services.database.run(lambda tx: claim_validation(tx, connection, now=now, until=until)):
        return
    try:
        ask(validator.validate)
    except TokenRejected:
        services.database.run(lambda tx: validate_again(tx, connection, after=None))
        log.info("token_not_valid", identity_id=connection.identity_id, channel=channel.name)
        raise
    except UpstreamError as error:
        later = now + AFTER_A_FAILURE
        services.database.run(lambda tx: validate_again(tx, connection, after=later))
        log.warning("token_not_validated", identity_id=connection.identity_id, error=error.code)
