"""Key sets that a platform publishes (JWK sets), fetched: only an answer that says so is one. RFC 7517 (read 2026-11-28)."""

from __future__ import annotations

from typing import Any, Final

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpClient
from app.security.outbound import retry_after

MOST_KEYS: Final = 64
GOOD: Final = 200
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500


def fetch_jwks(address: str, http: HttpClient, *, platform: str) -> dict[str, dict[str, Any]]:
    """Return the keys of a set by their ids, as they are written there; raises UpstreamError and its kin."""
    answer = http.request("GET", address)
    if answer.status == TOO_MANY or answer.status >= SERVER_FAULT:
        raise UpstreamUnavailable(
            f"{platform} answered {answer.status} to the request for its keys; try again later.",
            retry_after=retry_after(answer),
        )
    listed = answer.json_object().get("keys") if answer.status == GOOD else None
    if not isinstance(listed, list):
        raise UpstreamError("bad_keys", f"{platform}'s key set holds no list of keys.")
    named = [each for each in listed[:MOST_KEYS] if isinstance(each, dict)]
    return {each["kid"]: each for each in named if isinstance(each.get("kid"), str)}
