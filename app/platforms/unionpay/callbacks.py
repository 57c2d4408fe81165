"""UnionPay's notices: proof, meaning, answer.

Sources (read 2026-11-28): see proof. A notice comes again within a day until the answer is 200; the times are `unconfirmed`. Nothing
bounds its age, so de-duplication is what stops a replay. The signed text has no quoting: `a=1&b=2` may be two fields or one. So the
values that decide anything are of a form that holds no `&`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from app.core.errors import PayloadError, RequestError
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
from app.platforms.unionpay.account import UnionpayAccount
from app.platforms.unionpay.proof import check_signature
from app.wire.beijing_time import beijing_moment_or_none
from app.wire.certificate_chains import was_issued_by
from app.wire.notice_answers import notice_answer
from app.wire.signed_forms import form_text, read_signed_form, text_of

WORD: Final = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
TEST_ADVICE: Final = "test_certificates is on: whoever has UnionPay's test key can sign notices. Take it out before real money moves."
CODECS: Final = {"utf-8": "utf-8", "gbk": "gb18030"}
"""What `encoding` may say."""


class UnionpayCallbacks(UnionpayAccount):
    """Takes notices; satisfies WebhookSource, RefusalWording and AdvisedSource of app.core.ports."""

    answer_within: float | None = 5.0
    """How long UnionPay waits is `unconfirmed`."""

    retries_failed_answers: bool = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers: Coverage = Coverage.BODY

    @property
    def advice(self) -> str | None:
        """Say what is wrong with the certificates, or that the test environment's is taken."""
        issued = [any(was_issued_by(middle, root) for root in self.roots) for middle in self.middles]
        if self.roots and not all(issued):
            return "middle_cert_pem was not issued by root_cert_pem, so no notice can be proven; test and production differ."
        return TEST_ADVICE if self.settings.test_certificates else None

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over all fields but the signature."""
        pairs = read_signed_form(request.body)
        scheme = check_signature(self, pairs, now)
        merchant = Requirement("merId", text_of(pairs, b"merId"), "mer_id", (self.settings.mer_id,))
        return Verified(scheme, context=pairs, requirements=(merchant,))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: type `txnType.respCode`, key `queryId:respCode`; `data` is every field as text."""
        codec = CODECS.get((text_of(verified.context, b"encoding") or "utf-8").lower())
        if codec is None:
            raise PayloadError("unreadable_body", message="encoding is none of UTF-8 and GBK.")
        try:
            data = form_text(verified.context, codec)
        except ValueError as error:
            raise PayloadError(
                "unreadable_body", message="The fields are not text in their encoding."
            ) from error
        words = [data.get(name, "") for name in ("queryId", "respCode", "txnType")]
        if not all(map(WORD.fullmatch, words)):
            raise PayloadError(
                "missing_query_id",
                message="The notice must carry queryId, respCode and txnType as plain words.",
            )
        query_id, response, kind = words
        return ParsedEvent(
            type=f"{kind}.{response}",
            key=f"{query_id}:{response}",
            data=data,
            subject=data.get("orderId"),
            occurred_at=beijing_moment_or_none(data.get("txnTime")),
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; the status counts, not the words."""
        return notice_answer(outcome, taken=text_reply(200, "ok"), failed=text_reply(500, "fail"))

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Answer every refusal with `fail`."""
        return text_reply(error.http_status, "fail")
