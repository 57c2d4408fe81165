"""Alertmanager's notifications: the token, one event for each alert, the answer.

What is odd: nothing is signed, only `Authorization` says who sends. A group is sent again on purpose every repeat_interval, and by each
of a pair of servers; no delivery has an id. A 5xx is sent again for a while, a 4xx never, 429 included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.config.platform_settings import plain
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Verified,
    default_acknowledgement,
)
from app.platforms.alertmanager.settings import AlertmanagerSettings
from app.security.signatures import how_many, matching, same_secret, sha256_hex, strict_base64, wire_bytes
from app.security.strict_json import parse_json_object

NOT_OF_THE_GROUP: Final = frozenset({"alerts", "status", "version"})
LONGEST_STATUS: Final = 32
LONGEST_FINGERPRINT: Final = 64
LONGEST_HEADER: Final = 8192
YEAR_OF_NO_TIME: Final = 1
"""Alertmanager writes 0001-01-01 where an alert has no end yet."""


@dataclass(frozen=True, repr=False)
class AlertmanagerCallbacks:
    """Takes notifications; satisfies WebhookSource and BatchSource."""

    settings: AlertmanagerSettings
    tokens: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)

    def __post_init__(self) -> None:
        """Make the tokens ready once, when the channel is opened."""
        object.__setattr__(self, "tokens", plain(self.settings.token))

    @property
    def is_open(self) -> bool:
        """Whether the operator wrote that nothing is proven."""
        return self.settings.allow_unsigned and not self.tokens

    @property
    def signature_covers(self) -> Coverage:
        """Say what is proven: the token says who sends, and nothing about the body."""
        return Coverage.NONE if self.is_open else Coverage.ORIGIN

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Compare the token of `Authorization`, which comes as Bearer or as the password of Basic."""
        if self.is_open:
            return Verified("unsigned")
        header = request.header("Authorization")
        if not header:
            raise VerificationError(
                "missing_token",
                "There is no Authorization header; set http_config.authorization (or basic_auth) of this receiver.",
            )
        scheme, _, value = header[:LONGEST_HEADER].partition(" ")
        if scheme.lower() == "basic":
            return self._verify_password(value.strip())
        if scheme.lower() != "bearer" or matching(wire_bytes(value.strip()), self.tokens) is None:
            raise VerificationError(
                "bad_token", f"The Bearer token is none of them. Tried: {how_many(self.tokens, 'token')}."
            )
        return Verified("bearer")

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened to the first alert."""
        events = self.parse_batch(request, verified)
        if not events:
            raise PayloadError("no_alerts", message="The notification holds no alert.")
        return events[0]

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        """Say what happened, an event for each alert; what the group says stands beside the alert's own fields."""
        try:
            body = parse_json_object(request.body)
        except ValueError as error:
            raise unreadable_json(error) from error
        alerts = body.get("alerts")
        if not isinstance(body.get("version"), str) or not isinstance(alerts, list):
            raise PayloadError(
                "not_a_notification",
                message="A notification has `version` and `alerts`; a receiver with a `payload` of its own cannot be read.",
            )
        group = {name: value for name, value in body.items() if name not in NOT_OF_THE_GROUP}
        return [_event(alert, group) for alert in alerts]

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording; only the status is looked at."""
        return default_acknowledgement(outcome)

    def _verify_password(self, value: str) -> Verified:
        try:
            name, colon, password = strict_base64(wire_bytes(value)).partition(b":")
        except ValueError:
            name, colon, password = b"", b"", b""
        is_token = matching(password, self.tokens) is not None
        own = self.settings.username
        if not colon or not is_token or (own and not same_secret(name, own)):
            raise VerificationError(
                "bad_token",
                f"User name or password of basic_auth differs. Tried: {how_many(self.tokens, 'token')} as password.",
            )
        return Verified("basic")


def _event(alert: Any, group: Mapping[str, Any]) -> ParsedEvent:
    status = alert.get("status") if isinstance(alert, dict) else None
    is_word = (
        isinstance(status, str) and status.isascii() and status.isalpha() and len(status) <= LONGEST_STATUS
    )
    if not is_word:
        raise PayloadError(
            "bad_status", message="Each alert must have a `status`, such as firing or resolved."
        )
    return ParsedEvent(
        type=f"alert.{status}",
        key=f"{_fingerprint(alert)}:{_exact(alert.get('startsAt'))}:{status}",
        data={**group, **alert},
        occurred_at=_occurred_at(alert),
    )


def _fingerprint(alert: Mapping[str, Any]) -> str:
    """Return what tells alerts apart: Alertmanager's own hash of the labels, or ours where it sent none."""
    given = alert.get("fingerprint")
    if (
        isinstance(given, str)
        and 0 < len(given) <= LONGEST_FINGERPRINT
        and given.isascii()
        and given.isalnum()
    ):
        return given
    labels = json.dumps(alert.get("labels"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256_hex(labels.encode())


def _exact(start: Any) -> str:
    """Return a start in one form, so that another offset is not another alert."""
    moment = moment_or_none(start)
    return moment.isoformat() if moment is not None else sha256_hex(str(start).encode("utf-8", "replace"))


def _occurred_at(alert: Mapping[str, Any]) -> datetime | None:
    ended = moment_or_none(alert.get("endsAt")) if alert.get("status") == "resolved" else None
    if ended is not None and ended.year > YEAR_OF_NO_TIME:
        return ended
    return moment_or_none(alert.get("startsAt"))
