"""Answers of servers that were asked for a key: the statuses that mean something, a file, a JSON Web Key set.

Whoever asks uses the channel's client, which follows no redirect and bounds time and size. RFC 7517 (read 2026-11-28).
"""

from __future__ import annotations

from typing import Any, Final

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer, HttpClient
from app.security.outbound import retry_after

GOOD: Final = 200
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500
ABSENT: Final = frozenset({403, 404, 410})
"""What a store of files answers where there is no such file; Amazon's says 403 for it."""

LARGEST_KEY_FILE: Final = 65_536
MOST_KEYS: Final = 64


def is_busy(answer: HttpAnswer) -> bool:
    """Say whether the same request may succeed later."""
    return answer.status == TOO_MANY or answer.status >= SERVER_FAULT


def check_status(answer: HttpAnswer, platform: str) -> None:
    """Raise UpstreamUnavailable where the platform is busy, UpstreamError for every other answer that is not 200."""
    if answer.status == GOOD:
        return
    if is_busy(answer):
        raise UpstreamUnavailable(
            f"{platform} answered {answer.status} to the request for its key; try again later.",
            retry_after=retry_after(answer),
        )
    raise UpstreamError(
        "upstream_client_rejected",
        f"{platform} does not hand out its key (status {answer.status}); compare the channel's keys with its console.",
        platform_code=str(answer.status),
    )


def fetched_file(answer: HttpAnswer, platform: str) -> str | None:
    """Return the text of a key that was fetched, None where there is no such file; raises UpstreamError and its kin."""
    if answer.status in ABSENT:
        return None
    check_status(answer, platform)
    if len(answer.body) > LARGEST_KEY_FILE:
        raise unusable_key(platform, "it is too large for a key or a certificate")
    return answer.body.decode("ascii", "replace")


def fetch_key_set(address: str, http: HttpClient, *, platform: str) -> dict[str, dict[str, Any]]:
    """Return the keys of a set by their ids, as they are written there; raises UpstreamError and its kin."""
    answer = http.request("GET", address)
    check_status(answer, platform)
    listed = answer.json_object().get("keys")
    if not isinstance(listed, list):
        raise UpstreamError("bad_keys", f"{platform}'s key set holds no list of keys.")
    named = [each for each in listed[:MOST_KEYS] if isinstance(each, dict)]
    return {each["kid"]: each for each in named if isinstance(each.get("kid"), str)}


def unusable_key(platform: str, why: str) -> UpstreamError:
    """Return the error for an answer that holds no key that can be used; `why` is a clause."""
    return UpstreamError("upstream_bad_answer", f"The key of {platform} cannot be used: {why}.")
