"""PayPal posts a webhook: proof by the certificate it names, meaning, answer, and what the proof cannot prove.

Source: developer.paypal.com/api/rest/webhooks/ (read 2026-11-28). Everything but a 2xx is tried again, up to 25 times over three days. A time
limit for the answer is unconfirmed. Events of PayPal's Webhooks simulator are signed too, but PayPal's own API does not know them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from app.config.platform_settings import plain
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.moments import iso_moment, moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Verified,
    quiet_acknowledgement,
)
from app.platforms.paypal.settings import PaypalSettings
from app.platforms.paypal.transmission import TIME, Transmission, read_transmission
from app.security.signatures import how_many
from app.security.strict_json import parse_json_object
from app.wire.certificates import certificates_by_address, check_signed_by
from app.wire.key_addresses import KeyAddresses
from app.wire.named_keys import AddressedCertificates

CERTIFICATE_PATH: Final = re.compile(r"v1/notifications/certs/[A-Za-z0-9_-]{1,128}")
DAY: Final = 86_400
LONGEST_NAME: Final = 191
WEAKNESS: Final = (
    "PayPal signs only a CRC-32 of the body: whoever has seen one webhook can make another body that passes. Let handlers ask "
    "PayPal's API about the resource before they act on money, and set tolerance_s so that an old webhook is of no use."
)


@dataclass(frozen=True, repr=False)
class PaypalCallbacks(AddressedCertificates):
    """Takes webhooks; satisfies WebhookSource, KeyFinder, OutboundUser and AdvisedSource."""

    settings: PaypalSettings
    webhook_ids: tuple[bytes, ...] = field(init=False)
    addresses: KeyAddresses = field(init=False)
    configured_keys: Mapping[str, bytes] = field(init=False)

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.ORIGIN
    key_seconds = DAY
    key_owner = "PayPal"
    advice: str | None = WEAKNESS

    def __post_init__(self) -> None:
        """Make ids, certificates and addresses ready once, when the channel is opened."""
        object.__setattr__(self, "webhook_ids", plain(self.settings.webhook_id))
        bases = tuple(f"{base}/" for base in self.settings.bases)
        known = KeyAddresses(bases, rest=CERTIFICATE_PATH, refusal="key_address_not_allowed")
        object.__setattr__(self, "addresses", known)
        object.__setattr__(self, "configured_keys", certificates_by_address(self.settings.certificates))

    def key_address(self, request: InboundRequest) -> str:
        """Return the address of the certificate; an old webhook is refused before any call for nothing."""
        return self._read(request, request.received_at).certificate_address

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with a certificate that was found."""
        return self._proven(request, self._read(request, now), now, key)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; the key is the event's id, which a repetition keeps."""
        try:
            body = parse_json_object(request.body)
        except ValueError as error:
            raise unreadable_json(error) from error
        kind, identifier = body.get("event_type"), body.get("id")
        if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_NAME:
            raise PayloadError("bad_event_type", message="A webhook has its kind in `event_type`.")
        if not isinstance(identifier, str) or not 0 < len(identifier) <= LONGEST_NAME:
            raise PayloadError("bad_event_id", message="A webhook has its id in `id`.")
        return ParsedEvent(kind, identifier, body, occurred_at=moment_or_none(body.get("create_time")))

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; PayPal repeats everything that is not answered 2xx."""
        return quiet_acknowledgement(outcome, status=200)

    def _read(self, request: InboundRequest, now: datetime) -> Transmission:
        transmission = read_transmission(request.header)
        self.addresses.judged(transmission.certificate_address)
        if self.settings.tolerance_s is not None:
            _check_age(transmission.time, now, self.settings.tolerance_s)
        return transmission

    def _proven(
        self, request: InboundRequest, transmission: Transmission, now: datetime, certificate: bytes
    ) -> Verified:
        check = partial(
            check_signed_by, certificate, signature=transmission.signature, digest="sha256", now=now
        )
        for webhook_id in self.webhook_ids:
            try:
                check(transmission.message(webhook_id, request.body))
            except VerificationError as error:
                if error.reason != "bad_signature":
                    raise
            else:
                return Verified("paypal")
        raise VerificationError(
            "bad_signature",
            f"Tried: {how_many(self.webhook_ids, 'webhook_id')}. Compare it with the webhook's id in the developer dashboard, live "
            "or sandbox; a body changed on the way has the same effect.",
        )


def _check_age(text: str, now: datetime, tolerance: int) -> None:
    try:
        seconds = (now - iso_moment(text)).total_seconds()
    except ValueError as error:
        raise VerificationError("bad_timestamp", f"{TIME} is no time in ISO 8601.") from error
    if abs(seconds) > tolerance:
        raise VerificationError(
            "timestamp_outside_tolerance",
            f"The time differed: {TIME} is {abs(round(seconds))} seconds {'behind' if seconds > 0 else 'ahead of'} this "
            f"gateway's clock, {tolerance} are allowed (tolerance_s).",
        )
