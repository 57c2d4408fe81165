"""API tokens as the API, the console and the terminal show them; their texts are nowhere."""

from __future__ import annotations

from typing import Any

from app.pipeline.api_tokens import stored_api_tokens, token_view
from app.pipeline.services import Services


def api_tokens_view(services: Services, *, limit: int = 200) -> list[dict[str, Any]]:
    """Return the tokens of the database, newest first, and behind them those of the settings, which have no id."""
    stored = [token_view(services, token) for token in stored_api_tokens(services, limit=limit)]
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
