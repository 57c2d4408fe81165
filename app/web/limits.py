"""Flask-Limiter in front of the management API: guessing tokens is slow, using one is not limited."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request
from flask_limiter import Limiter

from app.config.settings import Settings
from app.security.addresses import address_group
from app.web.callbacks.reading import client_address

WRONG_TOKENS_PER_ADDRESS = "30 per minute"
UNAUTHORIZED = 401


def install_limits(app: Flask, settings: Settings) -> Limiter:
    """Return the limiter; a counter that is down falls back to this process's memory."""
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
    )


def limit_token_guessing(limiter: Limiter, blueprint: Blueprint) -> None:
    """Count the answers 401 of a blueprint per address, and refuse with 429 when there are too many."""
    limiter.limit(WRONG_TOKENS_PER_ADDRESS, deduct_when=_was_refused)(blueprint)


def _was_refused(response: Response) -> bool:
    return response.status_code == UNAUTHORIZED
