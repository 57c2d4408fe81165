"""Flask-Limiter in front of the management API: guessing tokens is slow, using one is not limited."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, g, request
from flask_limiter import Limiter, RequestLimit

from app.pipeline.services import Services
from app.security.addresses import address_group
from app.web.callbacks.reading import client_address
from app.web.guards import caller_of_header, note_wrong_token

WRONG_TOKENS_PER_ADDRESS = "30 per minute"
ALL_TOKENS = "api_tokens"
"""What the counter is called that all routes behind tokens share."""

UNAUTHORIZED = 401
PASSED_ON = "is_passed_on"
"""Set in `g` where an answer is a platform's own: its 401 says nothing about our tokens."""


def install_limits(app: Flask, services: Services) -> Limiter:
    """Return the limiter; a counter that is down falls back to this process's memory."""
    settings = services.settings

    def on_breach(_: RequestLimit) -> None:
        if caller_of_header(services, request.headers.get("Authorization")) is None:
            note_wrong_token(services)

    return Limiter(
        key_func=lambda: address_group(client_address(request.environ, settings.trusted_proxies)),
        app=app,
        storage_uri=settings.ratelimit_storage_uri,
        enabled=settings.ratelimit_enabled,
        strategy="fixed-window",
        headers_enabled=False,
        retry_after="delta-seconds",
        in_memory_fallback_enabled=True,
        in_memory_fallback=[],
        on_breach=on_breach,
    )


def limit_token_guessing(limiter: Limiter, blueprint: Blueprint) -> None:
    """Count the answers 401 of a blueprint per address, with those of all others, and refuse with 429 when there are too many."""
    limit = limiter.shared_limit(
        WRONG_TOKENS_PER_ADDRESS, scope=ALL_TOKENS, deduct_when=_was_refused, exempt_when=_is_signed
    )
    limit(blueprint)


def _was_refused(response: Response) -> bool:
    is_proven = g.get("api_token") is not None or g.get(PASSED_ON, False)
    return response.status_code == UNAUTHORIZED and not is_proven


def _is_signed() -> bool:
    """A signed request proves itself by its signature, and those that fail are counted there."""
    return request.endpoint == "command_status.show" and "X-Signature" in request.headers
