"""What a delivery of Graph holds: entries, each for one subscription, and perhaps tokens. Pure; reading proves nothing.

Source: learn.microsoft.com/graph/api/resources/changenotification and changenotificationcollection (read 2026-11-28). What is odd: no
entry has an id or a time, so what happened is known by subscription, change, resource and the resource's etag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest
from app.security.signatures import sha256_hex
from app.security.strict_json import parse_json_exactly

MOST_TOKENS: Final = 16
MOST_ENTRIES: Final = 1000
"""Judged before any is opened: each that brings its resource costs work with a private key."""

LONGEST_WORD: Final = 64
LONGEST_KEY: Final = 191
UPDATED: Final = "updated"


@dataclass(frozen=True, slots=True, repr=False)
class Notices:
    """One delivery, unproven."""

    entries: tuple[Mapping[str, Any], ...]
    tokens: tuple[bytes, ...]

    @property
    def has_content(self) -> bool:
        """Whether an entry brings its resource, sealed."""
        return any("encryptedContent" in entry for entry in self.entries)


def read_notices(request: InboundRequest) -> Notices:
    """Read a body; raises VerificationError for one that could not be proven, an empty list included."""
    try:
        body = parse_json_exactly(request.body)
    except ValueError as error:
        raise VerificationError("not_a_notification", f"The body is not JSON: {error}.") from error
    entries, tokens = body.get("value"), body.get("validationTokens", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        raise VerificationError("no_entries", "A delivery has its entries in `value`, and at least one.")
    if len(entries) > MOST_ENTRIES:
        raise VerificationError("too_many_entries", f"A delivery may hold {MOST_ENTRIES} entries.")
    if tokens is None:
        tokens = []
    if (
        not isinstance(tokens, list)
        or len(tokens) > MOST_TOKENS
        or not all(_is_token(each) for each in tokens)
    ):
        raise VerificationError("malformed_signature", "validationTokens must be a list of a few tokens.")
    return Notices(tuple(entries), tuple(each.encode() for each in tokens))


def type_of(entry: Mapping[str, Any]) -> str:
    """Return changeType, or lifecycleEvent for an entry about the subscription itself; raises PayloadError."""
    kind = entry.get("lifecycleEvent", entry.get("changeType"))
    if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_WORD or not kind.isprintable():
        raise PayloadError(
            "bad_change_type", message="Each entry must have a `changeType` or a `lifecycleEvent`."
        )
    return kind


def key_of(entry: Mapping[str, Any], *, repeated_updates: bool) -> str | None:
    """Return what an entry is known by; None where the same text stands for several happenings.

    Lifecycle events come again with the same text. So do updates of a resource that has no etag: a drive's entries name no
    resource data at all, and others are told by the setting.
    """
    resource = entry.get("resourceData")
    etag = resource.get("@odata.etag") if isinstance(resource, dict) else None
    is_told_apart = isinstance(etag, str) and etag != ""
    comes_again = entry.get("changeType") == UPDATED and (repeated_updates or not isinstance(resource, dict))
    if "lifecycleEvent" in entry or (comes_again and not is_told_apart):
        return None
    parts = [entry.get("subscriptionId"), entry.get("changeType"), entry.get("resource")]
    parts += [etag] if is_told_apart else []
    if not all(isinstance(part, str) for part in parts):
        return None
    key = ":".join(str(part) for part in parts)
    return key if len(key) <= LONGEST_KEY else sha256_hex(key.encode("utf-8", "surrogatepass"))


def _is_token(value: object) -> bool:
    return isinstance(value, str) and value.isascii()
