"""Alipay's asynchronous notifications: proof, meaning, answer.

Source: Alipay's page 异步通知 (open/203/105286) as copied by developer.aliyun.com 710989 and 707599, and the verification code of its
Java, Node and PHP SDKs (read 2026-11-27). What is odd: nothing bounds the age of a notification and it is sent again for a day, so
de-duplication by `notify_id` is what stops a replay. The signed text has no quoting: `a=1&b=2` may be two pairs or one value.
So the values that decide anything (id, status, application, seller) are of a form that holds no `&`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.core.errors import PayloadError, RequestError, VerificationError
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    text_reply,
)
from app.platforms.alipay.account import AlipayAccount
from app.platforms.alipay.diagnosis import why_no_form, why_signature_differs
from app.platforms.alipay.keys import is_signed
from app.platforms.alipay.notice_form import read_text, signed_content
from app.security.signatures import strict_base64
from app.wire.beijing_time import beijing_moment_or_none
from app.wire.notice_answers import notice_answer
from app.wire.signed_forms import read_signed_form, text_of

RSA2: Final = b"RSA2"
WORD: Final = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
NOTIFY_ID: Final = re.compile(r"[A-Za-z0-9_\-]{1,128}")
NO_SELLER_ADVICE: Final = (
    "seller_id is not set: a notification for any seller of this application is taken. Set the merchant's PID (2088…), or let "
    "the handler compare it with the order."
)


class AlipayCallbacks(AlipayAccount):
    """Takes notifications; satisfies WebhookSource, RefusalWording and AdvisedSource of app.core.ports."""

    answer_within: float | None = 5.0
    """How long Alipay waits is not published."""

    retries_failed_answers: bool = True
    """Anything but `success` brings the notification again, eight times in 25 hours."""

    methods: tuple[str, ...] = ("POST",)

    signature_covers: Coverage = Coverage.BODY

    @property
    def advice(self) -> str | None:
        """Say that the seller is not compared where it is not."""
        return None if self.settings.seller_id else NO_SELLER_ADVICE

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over the decoded pairs, with SHA-256 whatever `sign_type` says; an RSA1 notification is refused."""
        pairs = _pairs(request.body)
        if pairs.get(b"sign_type", RSA2) != RSA2:
            raise VerificationError(
                "sign_type_not_allowed",
                "sign_type is not RSA2. Choose RSA2 under 接口加签方式 in the application's page; RSA (SHA-1) is not taken.",
            )
        signature = _signature(pairs)
        content = signed_content(pairs)
        if not is_signed(self.alipay_keys, signature, content):
            raise VerificationError(
                "signature_mismatch", lambda: why_signature_differs(self, signature, content)
            )
        return Verified("rsa2", context=pairs, requirements=self._requirements(pairs))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: Alipay asks nothing when an address is entered."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; `data` is every parameter but the signature, as text."""
        try:
            data = read_text(verified.context)
        except ValueError as error:
            raise PayloadError(
                "unreadable_body", message=f"The notification cannot be read: {error}."
            ) from error
        data.pop("sign", None)
        notify_id = data.get("notify_id", "")
        if not NOTIFY_ID.fullmatch(notify_id):
            raise PayloadError(
                "missing_notify_id", message="The notification must carry a notify_id of letters and digits."
            )
        return ParsedEvent(
            type=_type(data),
            key=notify_id,
            data=data,
            subject=data.get("out_trade_no"),
            occurred_at=beijing_moment_or_none(data.get("notify_time")),
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer exactly `success`, or `fail`, which brings the notification again."""
        return notice_answer(outcome, taken=text_reply(200, "success"), failed=text_reply(500, "fail"))

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Answer every refusal with `fail`, so that no reader of words takes it for a success."""
        return text_reply(error.http_status, "fail")

    def _requirements(self, pairs: Mapping[bytes, bytes]) -> tuple[Requirement, ...]:
        app_id = Requirement("app_id", text_of(pairs, b"app_id"), "app_id", (self.settings.app_id,))
        # Notifications that are about no trade (an agreement signed) name no seller.
        names_seller = b"trade_status" in pairs or b"seller_id" in pairs
        if not self.settings.seller_id or not names_seller:
            return (app_id,)
        seller = Requirement(
            "seller_id", text_of(pairs, b"seller_id"), "seller_id", (self.settings.seller_id,)
        )
        return (app_id, seller)


def _pairs(body: bytes) -> dict[bytes, bytes]:
    try:
        return read_signed_form(body)
    except VerificationError as error:
        if error.reason != "unreadable_body":
            raise
        raise VerificationError("unreadable_body", why_no_form(body)) from error


def _signature(pairs: Mapping[bytes, bytes]) -> bytes:
    given = pairs.get(b"sign", b"")
    if not given:
        raise VerificationError("signature_missing", "The notification has no sign.")
    try:
        return strict_base64(given)
    except ValueError as error:
        raise VerificationError(
            "signature_malformed",
            "sign is not Base64; a `+` that was not written as %2B became a blank on the way.",
        ) from error


def _type(data: Mapping[str, str]) -> str:
    """Return `<notify_type>.<trade_status>`, or the one word there is: `msg_method` names what application messages say."""
    words = [data[name] for name in ("notify_type", "trade_status") if data.get(name)]
    words = words or [data.get("msg_method", "")]
    if not all(WORD.fullmatch(word) for word in words):
        raise PayloadError(
            "missing_notify_type",
            message="The notification must carry notify_type, or msg_method, as a plain word.",
        )
    return ".".join(words)
