"""DingTalk's callbacks: events, which are encrypted, and messages to a robot, which are signed by the time alone.

Sources: open-dingtalk/DingTalk-Callback-Crypto (README and DingCallbackCrypto3.py), copies of DingTalk's robot pages (read 2026-11-27).
What is odd: the signature's names are spelled in two ways; the answer is encrypted too; the address is tried with an event of the
type `check_url`; events carry no id, so what they say is their key. Whether an event is sent again is `unconfirmed`.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    json_reply,
)
from app.platforms.dingtalk.app import DingtalkApp
from app.security.signatures import hmac_sha256, same_secret, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.wechat_family.crypto import Opened, WechatKeyring

CHECK_URL: Final = "check_url"
SIGNATURE_NAMES: Final = ("signature", "msg_signature")
TIMESTAMP_NAMES: Final = ("timestamp", "timeStamp")
ROBOT_TIME: Final = "timestamp"
ROBOT_SIGN: Final = "sign"
MILLISECOND_DIGITS: Final = 13
ROBOT_WINDOW_SECONDS: Final = 3600
LONGEST_WORD: Final = 200
ROBOT_ADVICE: Final = (
    "app_secret is set, so robots are taken: their signature covers the time and not the message. Whoever sees one request may send "
    "other messages with it for an hour. Events are covered whole."
)


@dataclass(frozen=True, slots=True, repr=False)
class Wrapping:
    """How an event was wrapped, kept for wrapping the answer the same way."""

    ring: WechatKeyring
    opened: Opened
    content: dict[str, Any]
    answered_at: int


class DingtalkCallbacks(DingtalkApp):
    """Takes events and robot messages; satisfies WebhookSource and AdvisedSource of app.core.ports."""

    answer_within: float | None = 1.2
    """DingTalk waits 1.5 seconds for the answer to an event."""

    retries_failed_answers: bool = False
    """Nobody says that an event comes again, so a failure is answered `success` and retried here."""

    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what is proven: events whole, robots only that they know the secret."""
        return Coverage.ORIGIN if self.robot_key else Coverage.BODY

    @property
    def advice(self) -> str | None:
        """Say what a robot's signature leaves out."""
        return ROBOT_ADVICE if self.robot_key else None

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove an event by its signature in the address, a robot's message by the one in its headers."""
        signature = _one_of(request, SIGNATURE_NAMES)
        if signature is None:
            return self._verify_robot(request, now)
        return self._verify_event(request, signature, now)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Answer DingTalk's try of the address with an encrypted `success`."""
        return _sealed_success(verified.context) if verified.is_challenge else None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: an event by its EventType, a robot's message by its msgtype."""
        if isinstance(verified.context, Wrapping):
            return _event(verified.context)
        try:
            return _robot_message(parse_json_object(request.body))
        except ValueError as error:
            raise PayloadError("unreadable_body", message=f"The body is no JSON object: {error}.") from error

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer an event with an encrypted `success`, a robot with what its handler returned, or `{}`."""
        if isinstance(verified.context, Wrapping):
            return _sealed_success(verified.context)
        try:
            is_answer = outcome.situation is Situation.SUCCESS and isinstance(outcome.data, dict)
            return json_reply(200, outcome.data if is_answer else {})
        except TypeError:
            return json_reply(200, {})  # The handler returned something that JSON cannot say.

    def _verify_event(self, request: InboundRequest, signature: str, now: datetime) -> Verified:
        if not self.keyrings:
            raise VerificationError(
                "token_or_aes_key_not_set",
                "Set token and aes_key: copy both from 事件订阅 (Event subscription) in the developer console.",
            )
        timestamp, nonce = _one_of(request, TIMESTAMP_NAMES), request.query("nonce")
        if timestamp is None or nonce is None:
            raise VerificationError(
                "missing_parameter", "timestamp or nonce is missing in the address; a proxy may cut it off."
            )
        sealed = _envelope(request.body)
        ring, opened = self._open(signature, timestamp, nonce, sealed)
        try:
            content = parse_json_object(opened.plaintext)
        except ValueError as error:
            raise VerificationError(
                "unreadable_body", f"The decrypted event is no JSON object: {error}."
            ) from error
        return Verified(
            "sha1+aes",
            opened.plaintext,
            is_challenge=content.get("EventType") == CHECK_URL,
            context=Wrapping(ring, opened, content, int(now.timestamp())),
            is_encrypted=True,
        )

    def _open(self, signature: str, timestamp: str, nonce: str, sealed: str) -> tuple[WechatKeyring, Opened]:
        refusal: VerificationError | None = None
        for ring in self.keyrings:
            try:
                given = {
                    "msg_signature": signature,
                    "timestamp": timestamp,
                    "nonce": nonce,
                    "ciphertext": sealed,
                }
                return ring, ring.open(**given)
            except VerificationError as error:
                refusal = refusal or error
        assert refusal is not None
        raise refusal

    def _verify_robot(self, request: InboundRequest, now: datetime) -> Verified:
        timestamp, sign = request.header(ROBOT_TIME), request.header(ROBOT_SIGN)
        if not timestamp or not sign:
            raise VerificationError(
                "missing_signature",
                "There is neither a signature in the address (event) nor timestamp and sign in the headers (robot).",
            )
        if not self.robot_key:
            raise VerificationError(
                "app_secret_not_set", "Set app_secret: a robot's messages are signed with the Client Secret."
            )
        _check_robot_time(timestamp, now)
        digest = hmac_sha256(self.robot_key, timestamp.encode() + b"\n" + self.robot_key)
        if not same_secret(wire_bytes(sign), base64.b64encode(digest)):
            raise VerificationError(
                "bad_signature",
                "sign differs: compare app_secret with Client Secret of the application that the robot belongs to.",
            )
        return Verified("robot-hmac-sha256")


def _check_robot_time(timestamp: str, now: datetime) -> None:
    """Refuse what is over an hour off; milliseconds, of which 13 digits are demanded."""
    if len(timestamp) != MILLISECOND_DIGITS or not (timestamp.isascii() and timestamp.isdigit()):
        raise VerificationError(
            "bad_timestamp", "The header timestamp must be thirteen digits (milliseconds)."
        )
    if abs(now.timestamp() * 1000 - int(timestamp)) > ROBOT_WINDOW_SECONDS * 1000:
        raise VerificationError(
            "timestamp_outside_tolerance",
            "The time is more than an hour off; compare this machine's clock, and see whether the request waited.",
        )


def _one_of(request: InboundRequest, names: tuple[str, ...]) -> str | None:
    """Return the parameter that has one of two names; two that differ are refused."""
    found = {value for name in names if (value := request.query(name)) is not None}
    if len(found) > 1:
        raise VerificationError(
            "contradicting_parameters", f"{' and '.join(names)} are both there and differ."
        )
    return found.pop() if found else None


def _envelope(body: bytes) -> str:
    try:
        sealed = parse_json_object(body).get("encrypt")
    except ValueError as error:
        raise VerificationError("unreadable_body", f"The body is no JSON object: {error}.") from error
    if not isinstance(sealed, str):
        raise VerificationError(
            "unreadable_body", "The body has no text `encrypt`; an event of DingTalk is encrypted."
        )
    return sealed


def _event(wrapping: Wrapping) -> ParsedEvent:
    content = wrapping.content
    named = _word(content.get("eventId")) or _word(content.get("EventId"))
    # A copy has another ciphertext and the same plaintext, which holds the time.
    key = named or "content:" + sha256_hex(wrapping.opened.plaintext)
    user = content.get("UserId")
    return ParsedEvent(
        type=_needed(content.get("EventType"), "EventType"),
        key=key,
        data=content,
        subject=_word(user[0] if isinstance(user, list) and user else user),
        occurred_at=moment_or_none(content.get("TimeStamp")),
    )


def _robot_message(content: dict[str, Any]) -> ParsedEvent:
    return ParsedEvent(
        type=_needed(content.get("msgtype"), "msgtype"),
        key=_word(content.get("msgId")),
        data=content,
        subject=_word(content.get("senderStaffId")) or _word(content.get("senderId")),
        occurred_at=moment_or_none(content.get("createAt")),
    )


def _needed(value: object, name: str) -> str:
    word = _word(value)
    if word is None:
        raise PayloadError("missing_event_type", message=f"The body must have the text {name}.")
    return word


def _word(value: object) -> str | None:
    is_word = isinstance(value, str) and 0 < len(value) <= LONGEST_WORD and value.isprintable()
    return value if is_word and isinstance(value, str) else None


def _sealed_success(wrapping: Wrapping) -> Reply:
    """Return `success`, encrypted and signed with the keys that opened the request; the nonce is our own."""
    sealed = wrapping.ring.seal(
        b"success",
        token=wrapping.opened.token,
        aes_key=wrapping.opened.aes_key,
        nonce=secrets.token_hex(8),
        timestamp=wrapping.answered_at,
    )
    content = {
        "msg_signature": sealed.signature,
        "timeStamp": str(sealed.timestamp),
        "nonce": sealed.nonce,
        "encrypt": sealed.ciphertext,
    }
    return json_reply(200, content)
