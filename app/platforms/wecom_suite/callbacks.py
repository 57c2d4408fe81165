"""The callbacks of a suite: its own events at the channel's address, what happens in an authorised company one level below.

Source: WeCom pages 回调配置 (97163), 加解密方案说明 (90968) and 第三方回调协议 (90628, read 2026-11-28). What is odd: the same keys
encrypt for three receivers: the check of an address for the provider, events for the suite, data for the company. Ids of
events are our own: the platform gives none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.core.errors import PayloadError, VerificationError
from app.core.values import (
    JSON,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    default_acknowledgement,
    text_reply,
)
from app.platforms.wecom_suite.suite import WecomSuite
from app.security.signatures import sha256_hex
from app.wire.wechat_family.crypto import WechatKeyring
from app.wire.wechat_family.messages import event_key, read_fields, word
from app.wire.wechat_family.work_push import TAKEN, Envelope, WorkPush, echo_in, needed

COMPANY = re.compile(r"(?:[A-Za-z0-9_-]{1,64}|\$CORPID\$)/?")
"""A company's id, or the console's own placeholder, should it check the address with that."""

CREDENTIALS = CredentialPlaces(fields=("SuiteTicket", "AuthCode"))
NO_CREDENTIALS = CredentialPlaces()
SUCCESS = text_reply(200, "success")
KNOWN_BY_TIME = frozenset({"suite_ticket", "change_auth", "cancel_auth"})
"""Of one company and one second there is one of these."""

MAX_TIME_DIGITS = 11


class SuiteCallbacks(WorkPush, WecomSuite):
    """Takes callbacks; satisfies WebhookSource, CredentialBearer and SubAddresses."""

    address_template: str = "$CORPID$"

    @property
    def oldest(self) -> int:
        """The seconds a timestamp may be off, 0 for any age."""
        return self.settings.max_age

    def takes_address(self, rest: str) -> bool:
        """Say whether an address below the channel's could be a company's: `$CORPID$` of the console's template."""
        return COMPANY.fullmatch(rest) is not None

    def keys_for(self, request: InboundRequest, outer: Mapping[str, Any]) -> WechatKeyring:
        """Return the keys with the id of whom a request is for: the provider, the suite, or the company of the address.

        At the channel's own address the envelope says which; the id within is proven to be the same one.
        """
        if request.method == "GET":
            return replace(self.keyring, receive_id=self._provider(request))
        company = company_in(request.path) or word(outer, "ToUserName") or word(outer, "tousername")
        return self.keyring if company is None else replace(self.keyring, receive_id=company.encode())

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender; an event of the suite must name this one, and a message the company that it is encrypted for."""
        verified = super().verify(request, now)
        if verified.is_challenge:
            return verified
        receiver = _receiver(verified)
        fields = _readable(verified.plaintext)
        if "InfoType" in fields:
            if receiver != self.settings.suite_id:
                raise VerificationError(
                    "wrong_receive_id",
                    "An event of the suite was encrypted for somebody else than the suite.",
                )
            named = Requirement("SuiteId", word(fields, "SuiteId"), "suite_id", (self.settings.suite_id,))
            return verified._replace(requirements=(named,))
        if word(fields, "ToUserName") not in (None, receiver):
            raise VerificationError(
                "wrong_ToUserName",
                "The message within names another company than the one it is encrypted for.",
            )
        return verified

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: an event by its InfoType, or what WeCom sends to every application, with its company in the key."""
        fields, text = _readable(verified.plaintext), verified.plaintext or b""
        if "InfoType" in fields:
            return _suite_event(fields, text)
        message = super().parse(request, verified)
        number = word(message.data, "MsgId") if message.type.startswith("message.") else None
        return message._replace(key=f"{_receiver(verified)}:{number or event_key(text)}")

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Say `success` to an event of the suite; to everything else, what a handler returned, encrypted."""
        if "InfoType" not in outcome.event.data:
            return super().acknowledge(request, verified, outcome)
        return SUCCESS if outcome.situation in TAKEN else default_acknowledgement(outcome)

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where tickets and codes stand; messages hold none."""
        return CREDENTIALS if data is None or "InfoType" in data else NO_CREDENTIALS

    def _provider(self, request: InboundRequest) -> bytes:
        """Return the id that a check of the address must be encrypted for; raises VerificationError.

        Where the provider's is not configured it is any but the suite's, read from what the signature has proven.
        """
        own = self.settings
        if own.provider_corp_id:
            return own.provider_corp_id.encode()
        echo = echo_in(request)
        signed = (needed(request, name) for name in ("msg_signature", "timestamp", "nonce"))
        self.keyring.signing_token(*signed, echo)
        found = self.keyring.receiver_of(echo)
        if found == own.suite_id.encode():
            raise VerificationError(
                "wrong_receive_id",
                "The check of an address is encrypted for the provider, never for the suite.",
            )
        return b"" if found is None else found


def company_in(path: str) -> str | None:
    """Return the id behind the channel's name, None where there is none."""
    parts = path.strip("/").split("/")
    return parts[2] if len(parts) == 3 and COMPANY.fullmatch(parts[2]) else None  # noqa: PLR2004 - webhooks, channel, company


def _receiver(verified: Verified) -> str:
    envelope = verified.context
    return envelope.keyring.receive_id.decode() if isinstance(envelope, Envelope) else ""


def _readable(text: bytes | None) -> Mapping[str, Any]:
    """Return the fields of what was decrypted; none where it cannot be read, which parse then says."""
    try:
        return {} if text is None else read_fields(text)
    except ValueError:
        return {}


def _suite_event(fields: Mapping[str, Any], text: bytes) -> ParsedEvent:
    kind = word(fields, "InfoType")
    if kind is None:
        raise PayloadError("missing_InfoType", message="The event has no usable InfoType.")
    change, company = word(fields, "ChangeType"), word(fields, "AuthCorpId")
    return ParsedEvent(
        type=kind if change is None else f"{kind}.{change}",
        key=_key(kind, fields, text),
        data=fields,
        subject=word(fields, "UserID") or company,
        occurred_at=_time_of(fields),
    )


def _key(kind: str, fields: Mapping[str, Any], text: bytes) -> str:
    """Identify an event: an authorisation by its code, others by company and second; what may come often by its text too."""
    suite = word(fields, "SuiteId") or ""
    if kind == "create_auth" and isinstance(code := fields.get("AuthCode"), str) and code:
        return f"{suite}:{kind}:{code}"
    parts = (suite, kind, word(fields, "AuthCorpId"), word(fields, "TimeStamp"))
    key = ":".join(part for part in parts if part)
    return key if kind in KNOWN_BY_TIME else f"{key}:{sha256_hex(text)[:16]}"


def _time_of(fields: Mapping[str, Any]) -> datetime | None:
    stamp = word(fields, "TimeStamp") or ""
    if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > MAX_TIME_DIGITS:
        return None
    return datetime.fromtimestamp(int(stamp), UTC)
