"""WeChat Pay's notices of version 2: proof, meaning, answer.

Sources (read 2026-11-28): see notices. A notice comes again up to 15 times in a day until the answer says SUCCESS; the deadline of 5
seconds is the team's word in the community. There is no notice id and no time for a window: de-duplication is what stops a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.config.platform_settings import plain
from app.core.errors import RequestError, VerificationError
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
)
from app.platforms.wechatpay_v2.notices import check_sign, open_refund, read_fields, read_refund, word_of
from app.platforms.wechatpay_v2.settings import WechatpayV2Settings
from app.security.signatures import sha256_hex
from app.wire.beijing_time import beijing_moment_or_none
from app.wire.notice_answers import notice_answer

XML: Final = "text/xml; charset=utf-8"
TAKEN: Final = Reply(
    200,
    b"<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>",
    XML,
)
FAILED: Final = Reply(
    500,
    b"<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[SEND AGAIN]]></return_msg></xml>",
    XML,
)
HINT: Final = "wechatpay-v2-refund-hint"
"""The scheme of a refund notice: its author knew the key once, and nobody signed it."""

UNKNOWN: Final = "unknown"
"""The result of a signed notice that names none."""

REFUND_ADVICE: Final = (
    "Refund notices of version 2 carry no signature: take refund.* as a hint and ask refundquery before money moves, or set "
    "refund_notices = false."
)


@dataclass(frozen=True, repr=False)
class WechatpayV2Callbacks:
    """Takes notices; satisfies WebhookSource, RefusalWording and AdvisedSource of app.core.ports."""

    settings: WechatpayV2Settings
    keys: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = 4.0
    retries_failed_answers: bool = True
    methods: tuple[str, ...] = ("POST",)

    def __post_init__(self) -> None:
        """Make the keys ready once, when the channel is opened."""
        object.__setattr__(self, "keys", plain(self.settings.keys))

    @property
    def signature_covers(self) -> Coverage:
        """Say that a refund notice is not bound by a signature, where such are taken."""
        return Coverage.ORIGIN if self.settings.refund_notices else Coverage.BODY

    @property
    def advice(self) -> str | None:
        """Say what a refund notice does not prove."""
        return REFUND_ADVICE if self.settings.refund_notices else None

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove a payment notice by its sign, or open a refund notice with the key."""
        try:
            fields = read_fields(request.body)
        except ValueError as error:
            raise VerificationError(
                "unreadable_body", "The body is not the XML of a notice, or an element stands in it twice."
            ) from error
        if "sign" not in fields and "req_info" in fields and self.settings.refund_notices:
            plaintext = open_refund(fields["req_info"], self.keys)
            inside = read_refund(plaintext)
            return Verified(
                HINT, plaintext, context=inside, requirements=self._owner(fields), is_encrypted=True
            )
        kind = check_sign(fields, self.keys, self.settings.sign_type)
        return Verified(f"wechatpay-v2-{kind.lower()}", context=fields, requirements=self._owner(fields))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; `data` is every element as text, of a refund those that were sealed."""
        fields: Mapping[str, str] = verified.context
        if verified.scheme == HINT:
            return self._refund(fields)
        kind, key = self._kind(fields), _key(fields, request.body)
        occurred = beijing_moment_or_none(fields.get("time_end"))
        return ParsedEvent(kind, key, dict(fields), fields.get("openid") or None, occurred)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer SUCCESS for what is stored; anything else brings the notice again."""
        return notice_answer(outcome, taken=TAKEN, failed=FAILED)

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Answer every refusal with FAIL."""
        return FAILED._replace(status=error.http_status)

    def _owner(self, fields: Mapping[str, str]) -> tuple[Requirement, ...]:
        own = self.settings
        wanted = (
            ("mch_id", "mch_id", (own.mch_id,) if own.mch_id else ()),
            ("appid", "app_id", own.app_id),
            ("sub_mch_id", "sub_mch_id", own.sub_mch_id),
        )
        return tuple(
            Requirement(name, fields.get(name), setting, expected)
            for name, setting, expected in wanted
            if expected
        )

    def _kind(self, fields: Mapping[str, str]) -> str:
        """Return `pay.<result_code>`, or `contract.<change_type>` for a notice about an agreement (`unconfirmed`)."""
        if "change_type" in fields and "result_code" not in fields:
            return f"contract.{word_of(fields, 'change_type')}"
        name = next((name for name in ("result_code", "return_code") if fields.get(name)), None)
        result = UNKNOWN if name is None else word_of(fields, name)
        return result if self.settings.keeps_older_types else f"pay.{result}"

    def _refund(self, fields: Mapping[str, str]) -> ParsedEvent:
        status = word_of(fields, "refund_status")
        key = f"{word_of(fields, 'refund_id')}:{status}"
        occurred = beijing_moment_or_none(fields.get("success_time"))
        return ParsedEvent(
            f"refund.{status}", key, dict(fields), fields.get("out_trade_no") or None, occurred
        )


def _key(fields: Mapping[str, str], body: bytes) -> str:
    """Return transaction and result: there is no notice id. Without a transaction the body is its own key."""
    if fields.get("transaction_id") and fields.get("result_code"):
        return f"{fields['transaction_id']}:{fields['result_code']}"
    return f"sha256:{sha256_hex(body)}"
