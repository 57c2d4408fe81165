"""API tokens as the API, the console and the terminal show them; their texts are nowhere."""

from __future__ import annotations

from typing import Any

from app.core.moments import as_text
from app.pipeline.api_tokens import stored_api_tokens
from app.pipeline.services import Services
from app.storage.api_tokens import StoredToken


def api_tokens_view(services: Services, *, limit: int = 200) -> list[dict[str, Any]]:
    """Return the tokens of the database, newest first, and behind them those of the settings, which have no id."""
    stored = [stored_token_view(services, token) for token in stored_api_tokens(services, limit=limit)]
    return stored + [
        {
            "id": None,
            "name": token.name,
            "prefix": "",
            "state": "works",
            "scopes": sorted(token.scopes),
            "channels": list(token.channels),
            "paths": list(token.paths),
            "rate": token.rate,
            "created_at": None,
            "expires_at": None,
            "revoked_at": None,
            "last_used_at": None,
        }
        for token in services.api_tokens
    ]


def stored_token_view(services: Services, token: StoredToken) -> dict[str, Any]:
    """Return one token of the database."""
    state = "revoked" if token.revoked_at is not None else "expired"
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "state": "works" if token.works(services.clock.now()) else state,
        "scopes": token.limits["scopes"],
        "channels": token.limits["channels"],
        "paths": token.limits["paths"],
        "rate": token.limits["rate"],
        "created_at": as_text(token.created_at),
        "expires_at": as_text(token.expires_at),
        "revoked_at": as_text(token.revoked_at),
        "last_used_at": as_text(token.last_used_at),
    }
