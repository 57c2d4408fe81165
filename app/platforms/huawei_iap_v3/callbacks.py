"""Huawei IAP's notices: proof, meaning, answer. Sources: see the package.

A notice is only a trigger: a handler asks the order's or subscription's status before it grants anything. How often one comes again is
not published; nothing bounds its age, so de-duplication is what stops a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cryptography.x509 import Certificate

from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    json_reply,
)
from app.platforms.huawei_iap_v3.settings import HuaweiIapSettings
from app.platforms.huawei_iap_v3.token import open_token
from app.security.strict_json import parse_json_object
from app.wire.certificate_chains import read_authorities
from app.wire.notice_answers import notice_answer

TEST: Final = "TEST"
"""A test notice names `testPackageName` instead of the application's package."""

LONGEST_WORD: Final = 255


@dataclass(frozen=True, repr=False)
class HuaweiIapCallbacks:
    """Takes notices; satisfies WebhookSource of app.core.ports."""

    settings: HuaweiIapSettings
    roots: tuple[Certificate, ...] = field(init=False)

    answer_within: float | None = 5.0
    """How long Huawei waits is `unconfirmed`."""

    retries_failed_answers: bool = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers: Coverage = Coverage.BODY

    def __post_init__(self) -> None:
        """Read the roots once, when the channel is opened."""
        object.__setattr__(self, "roots", read_authorities(self.settings.root_certs_pem))

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the token in the body; what it holds is the plaintext."""
        try:
            token = parse_json_object(request.body).get("jwsNotification")
        except ValueError as error:
            raise VerificationError(
                "unreadable_body", "The body is not JSON, and this platform sends JSON."
            ) from error
        if not isinstance(token, str) or not token:
            raise VerificationError("missing_signature", "The body must hold the text jwsNotification.")
        payload = open_token(token, self.roots, now)
        try:
            data = parse_json_object(payload)
        except ValueError as error:
            return Verified("huawei-iap-v3", payload, context=unreadable_json(error))
        return Verified("huawei-iap-v3", payload, context=data, requirements=self._owner(data))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: type `notificationType`, with its subtype where there is one."""
        if isinstance(verified.context, PayloadError):
            raise verified.context
        data: dict[str, Any] = verified.context
        words = [_word(data.get(name)) for name in ("notificationType", "notificationSubtype")]
        identifier, application = (
            _word(data.get("notificationRequestId")),
            _word(_meta(data).get("applicationId")),
        )
        if words[0] is None or identifier is None or application is None:
            raise PayloadError(
                "missing_request_id",
                message="The notice must carry notificationType, notificationRequestId and applicationId.",
            )
        subject = _word(_meta(data).get("purchaseOrderId"))
        occurred = moment_or_none(data.get("signedTime"))
        return ParsedEvent(
            ".".join(filter(None, words)), f"{application}:{identifier}", data, subject, occurred
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; anything else brings the notice again."""
        return notice_answer(
            outcome,
            taken=json_reply(200, {"message": "success"}),
            failed=json_reply(500, {"message": "fail"}),
        )

    def _owner(self, data: Mapping[str, Any]) -> tuple[Requirement, ...]:
        own, meta = self.settings, _meta(data)
        wanted = [
            ("applicationId", "application_id", own.application_id),
            ("environment", "environment", own.environment),
        ]
        if own.package_name and data.get("notificationType") != TEST:
            wanted.append(("packageName", "package_name", own.package_name))
        return tuple(
            Requirement(name, _word(meta.get(name)), setting, (expected,))
            for name, setting, expected in wanted
        )


def _meta(data: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = data.get("notificationMetaData")
    return meta if isinstance(meta, dict) else {}


def _word(value: object) -> str | None:
    if not isinstance(value, str) or not value or len(value) > LONGEST_WORD or not value.isprintable():
        return None
    return value
