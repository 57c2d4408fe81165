"""Adyen's notifications: every item proven by itself, one event for each, the answer `[accepted]`.

Sources (read 2026-11-28): docs.adyen.com, "Verify HMAC signatures", "Accept webhooks", "Troubleshoot webhooks" (2026-05-24). What is odd: not the body is signed but eight
fields of each item; eventDate, reason, paymentMethod and all other additional data could be changed by whoever stands in between.
Answers are awaited for 10 seconds; without one it is sent again for up to 30 days, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.config.platform_settings import plain, plain_text
from app.core.errors import PayloadError, VerificationError
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Situation,
    Verified,
    default_acknowledgement,
    text_reply,
)
from app.platforms.adyen.items import WRAPPER, event_of, given_signature, signature_of, signed_text
from app.platforms.adyen.settings import AdyenSettings, hex_key
from app.security.signatures import how_many, matching, same_secret, strict_base64, wire_bytes
from app.security.strict_json import parse_json_exactly

MOST_ITEMS: Final = 1000
LONGEST_HEADER: Final = 8192
FAILED: Final = (Situation.HANDLER_FAILED, Situation.COME_AGAIN, Situation.UNKNOWN_EVENT_TYPE)


@dataclass(frozen=True, repr=False)
class AdyenCallbacks:
    """Takes notifications; satisfies WebhookSource and BatchSource."""

    settings: AdyenSettings
    keys: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = 9.0
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.ORIGIN

    def __post_init__(self) -> None:
        """Make the keys ready once, when the channel is opened."""
        keys = (hex_key(text) for text in plain(self.settings.hmac_key_hex))
        object.__setattr__(self, "keys", tuple(key for key in keys if key))

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove Basic authentication where it is set, then every item; one that is not proven refuses all."""
        self._check_password(request)
        items = _items(request.body)
        for item in items:
            self._check_item(item)
        return Verified("hmac-items", context=items, requirements=tuple(self._requirements(items)))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request, a test from the Customer Area is signed like every other."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened in the first item."""
        return self.parse_batch(request, verified)[0]

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        """Say what happened, an event for each item; its data is the item."""
        events = [event_of(item) for item in verified.context or ()]
        if not events or not all(event.type for event in events):
            raise PayloadError("bad_event_code", message="Each item must have an eventCode.")
        return events

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer `[accepted]` for what is stored; anything else makes Adyen send it again."""
        if outcome.situation in FAILED:
            return default_acknowledgement(outcome)
        return text_reply(200, "[accepted]")

    def _check_item(self, item: Mapping[str, Any]) -> None:
        given, text = given_signature(item), signed_text(item)
        if matching(given, [signature_of(key, text) for key in self.keys]) is None:
            raise VerificationError(
                "bad_signature",
                f"The signature of an item does not fit its eight fields. Tried: {how_many(self.keys, 'hmac_key_hex')}. "
                "Test and live have keys of their own, and so has each webhook.",
            )

    def _requirements(self, items: Sequence[Mapping[str, Any]]) -> Sequence[Requirement]:
        expected = self.settings.merchant_accounts
        named = {str(item.get("merchantAccountCode")) for item in items} if expected else set()
        return [
            Requirement("merchantAccountCode", name, "merchant_accounts", expected) for name in sorted(named)
        ]

    def _check_password(self, request: InboundRequest) -> None:
        own = self.settings
        if not own.username:
            return
        scheme, _, value = (request.header("Authorization") or "")[:LONGEST_HEADER].partition(" ")
        try:
            name, _, password = strict_base64(wire_bytes(value.strip())).partition(b":")
        except ValueError:
            name = password = b""
        is_right = same_secret(password, plain_text(own.password)) & same_secret(name, own.username)
        if scheme.lower() != "basic" or not is_right:
            raise VerificationError(
                "bad_password",
                "User name or password of Basic authentication differs from the webhook's settings in the Customer Area.",
            )


def _items(body: bytes) -> Sequence[Mapping[str, Any]]:
    """Return the items of a notification; raises VerificationError, because each carries its proof itself."""
    try:
        listed = parse_json_exactly(body).get("notificationItems")
    except ValueError as error:
        raise VerificationError("unreadable_body", f"The body is no notification: {error}.") from error
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_ITEMS:
        raise VerificationError("no_items", "The notification holds no list of items, so nothing is signed.")
    items = [each.get(WRAPPER) if isinstance(each, Mapping) else None for each in listed]
    found = [item for item in items if isinstance(item, Mapping)]
    if len(found) != len(items):
        raise VerificationError("unreadable_item", f"An element of notificationItems is no {WRAPPER}.")
    return found
