"""Gitee's webhooks: proof in two modes, ping, meaning, answer.

Sources (read 2026-11-28): help.gitee.com, "WebHook 推送数据格式说明", "WebHook 推送数据类型说明", "WebHook 密钥验证和验证算法"; real deliveries as several
public repositories quote them (`X-Gitee-Ping`, plain Base64 where the page says percent-encoded).
What is odd: one header carries the password or the signature, and the time comes in both modes; the signature covers the
time alone, never the body, and the body repeats it. A delivery has no id. How long Gitee waits, and whether it sends again,
is unconfirmed.
"""

from __future__ import annotations

import base64
import string
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.values import (
    JSON,
    Coverage,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    default_acknowledgement,
    json_reply,
)
from app.platforms.gitee.account import GiteeAccount
from app.security.signatures import hmac_sha256, how_many, matching, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object

TOKEN_HEADER: Final = "X-Gitee-Token"  # noqa: S105 - a header's name
TIME_HEADER: Final = "X-Gitee-Timestamp"
EVENT_HEADER: Final = "X-Gitee-Event"
PING_HEADER: Final = "X-Gitee-Ping"
WINDOW_MS: Final = 3_600_000
DIGITS_OF_MS: Final = 13
LONGEST_WORD: Final = 100
NAME_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + " _-")

CREDENTIALS: Final = CredentialPlaces(fields=("password", "sign"))
"""The body repeats what the header carries; a signature that covers no body is as good as a password for an hour."""


class GiteeCallbacks(GiteeAccount):
    """Takes webhooks; satisfies app.core.ports.WebhookSource, CredentialBearer and AdvisedSource."""

    answer_within: float | None = 4.0
    """Gitee tells no limit (unconfirmed); five seconds are usual."""

    retries_failed_answers = False
    """That Gitee sends again by itself is unconfirmed, so nothing relies on it."""

    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what an accepted request is proven for: in neither mode the body."""
        return Coverage.NONE if self.is_open else Coverage.ORIGIN

    @property
    def advice(self) -> str | None:
        """Say what is better than a password, where one is used."""
        if self.is_open or self.settings.mode == "signature":
            return None
        return (
            "The webhook's password comes with every request and is good for ever; choose 签名密钥 on the webhook's page and "
            'mode = "signature".'
        )

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where the body repeats password and signature."""
        return CREDENTIALS

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Check the signature of the time, or the password, as the channel says; the other one is never taken."""
        if self.is_open:
            return _understood("unsigned", request)
        token = request.header(TOKEN_HEADER)
        if not token:
            raise VerificationError(
                "missing_token",
                f"{TOKEN_HEADER} is missing: set 签名密钥 or WebHook 密码 on the webhook's page, and the same as secret here.",
            )
        given = wire_bytes(token)
        if self.settings.mode == "password":
            return self._verify_password(request, given)
        return self._verify_signature(request, given, now)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Answer the test that Gitee sends from the webhook's page."""
        return json_reply(200, {"status": "pong"}) if verified.is_challenge else None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the event header, with the body's action when there is one; the body is the key."""
        data = verified.context
        if not isinstance(data, dict):
            raise PayloadError("not_verified_here")
        sender = data.get("sender")
        number = sender.get("id") if isinstance(sender, dict) else None
        sent_at = request.header(TIME_HEADER) or ""
        return ParsedEvent(
            type=_event_type(request, data),
            key=f"sha256:{sha256_hex(request.body)}",
            data=data,
            subject=str(number) if type(number) is int else None,
            occurred_at=moment_or_none(int(sent_at)) if _is_milliseconds(sent_at) else None,
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer kindly: the gateway goes on with what it has stored."""
        if outcome.situation in (Situation.HANDLER_FAILED, Situation.COME_AGAIN):
            outcome = outcome._replace(situation=Situation.ACCEPTED, data=None)
        return default_acknowledgement(outcome)

    def _verify_password(self, request: InboundRequest, given: bytes) -> Verified:
        if matching(given, self.secrets) is None:
            raise VerificationError("bad_token", lambda: self._why_password_differs(request, given))
        return _understood("gitee-password", request)

    def _verify_signature(self, request: InboundRequest, given: bytes, now: datetime) -> Verified:
        timestamp = request.header(TIME_HEADER) or ""
        _check_time(timestamp, now)
        if matching(_unescaped(given), self._signatures(timestamp)) is None:
            raise VerificationError("bad_signature", lambda: self._why_signature_differs(given))
        return _understood("gitee-signature", request)

    def _signatures(self, timestamp: str) -> list[bytes]:
        """Return what Gitee would sign this time with, by each secret."""
        message = timestamp.encode("ascii") + b"\n"
        return [base64.b64encode(hmac_sha256(secret, message + secret)) for secret in self.secrets]

    def _why_password_differs(self, request: InboundRequest, given: bytes) -> str:
        timestamp = request.header(TIME_HEADER) or ""
        if (
            _is_milliseconds(timestamp)
            and matching(_unescaped(given), self._signatures(timestamp)) is not None
        ):
            return 'The webhook signs with this secret: choose WebHook 密码 on its page, or write mode = "signature" here.'
        return (
            f"Tried: {how_many(self.secrets, 'secret')}. Compare it with WebHook 密码 on the webhook's page."
        )

    def _why_signature_differs(self, given: bytes) -> str:
        if matching(given, self.secrets) is not None:
            return 'The webhook sends this secret as its password: choose 签名密钥 on its page, or write mode = "password" here.'
        return (
            f"Tried: {how_many(self.secrets, 'secret')}, over {TIME_HEADER} and the secret. Compare it with 签名密钥 on the "
            "webhook's page."
        )


def _check_time(timestamp: str, now: datetime) -> None:
    """Refuse a time that is not in milliseconds, or an hour or more away; raises VerificationError."""
    if not _is_milliseconds(timestamp):
        raise VerificationError(
            "bad_timestamp",
            f"{TIME_HEADER} must be thirteen digits (Unix milliseconds); it has {len(timestamp)} characters.",
        )
    away = int(timestamp) - round(now.timestamp() * 1000)
    if abs(away) > WINDOW_MS:
        raise VerificationError(
            "timestamp_outside_tolerance",
            f"The time differed: it is {abs(away) // 1000} seconds {'behind' if away < 0 else 'ahead of'} this gateway's clock, "
            f"{WINDOW_MS // 1000} are allowed. Compare the clocks, and see whether the request waited or was sent again as it was.",
        )


def _is_milliseconds(timestamp: str) -> bool:
    return len(timestamp) == DIGITS_OF_MS and timestamp.isascii() and timestamp.isdigit()


def _unescaped(given: bytes) -> bytes:
    """Return a signature as Base64: the page says it is percent-encoded, real deliveries have it plain; Base64 has no `%`."""
    return unquote_to_bytes(given) if b"%" in given else given


def _understood(scheme: str, request: InboundRequest) -> Verified:
    """Read the body. Its header alone tells a ping: nothing proves the body either, so looking into it would add nothing."""
    try:
        data = parse_json_object(request.body)
    except ValueError:
        # Proven, and yet not what Gitee sends: kept with what its headers say.
        data = {}
    is_ping = request.header(PING_HEADER) == "true"
    return Verified(scheme, is_challenge=is_ping, context=data)


def _event_type(request: InboundRequest, data: dict[str, Any]) -> str:
    name = request.header(EVENT_HEADER) or ""
    if not 0 < len(name) <= LONGEST_WORD or not NAME_CHARACTERS.issuperset(name) or not name[0].isalpha():
        raise PayloadError(
            "bad_event_name", message=f"{EVENT_HEADER} must name an event, such as Merge Request Hook."
        )
    action = data.get("action")
    is_word = isinstance(action, str) and 0 < len(action) <= LONGEST_WORD and action.isprintable()
    return f"{name}.{action}" if is_word else name
