"""The callbacks of a third-party platform: its own events at the channel's address, messages of accounts one level below.

Source: WeChat Open Platform pages "授权变更通知推送", "验证票据推送", "消息与事件接收" and "消息加解密" (read 2026-11-28). What is odd:
messages of every account are encrypted with the third-party platform's key and AppID; which account they are for stands
in the path alone, which nothing signs. Ids of events are our own: the platform gives none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.errors import PayloadError
from app.core.values import (
    JSON,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Situation,
    Verified,
    default_acknowledgement,
)
from app.platforms.wechat_component.component import WechatComponent
from app.platforms.wechat_component.release_test import release_answer
from app.security.signatures import sha256_hex
from app.wire.wechat_family.message_push import SUCCESS, MessagePush
from app.wire.wechat_family.messages import created_at, event_key, read_fields, word

ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}/?")
CREDENTIALS = CredentialPlaces(fields=("ComponentVerifyTicket", "AuthorizationCode", "PreAuthCode"))
NO_CREDENTIALS = CredentialPlaces()
KNOWN_BY_TIME = frozenset({"component_verify_ticket", "authorized", "updateauthorized", "unauthorized"})
"""Of one account and one second there is one of these."""


class ComponentCallbacks(MessagePush, WechatComponent):
    """Takes callbacks; satisfies WebhookSource, CredentialBearer and SubAddresses."""

    methods: tuple[str, ...] = ("POST",)
    """There is no check of an address: tickets come as soon as the console has one."""

    address_template: str = "$APPID$"

    def takes_address(self, rest: str) -> bool:
        """Say whether an address below the channel's could be an account's: `$APPID$` of the console's template."""
        return ACCOUNT.fullmatch(rest) is not None

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender; an event of the third-party platform must name this one."""
        verified = super().verify(request, now)
        fields = _own_event(verified.plaintext)
        if fields is None:
            return verified
        named = Requirement("AppId", word(fields, "AppId"), "component_app_id", (self.app_id,))
        return verified._replace(requirements=(named,))

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: an event by its InfoType, or a message with the AppID of its account beside its own fields."""
        if (fields := _own_event(verified.plaintext)) is not None:
            return _component_event(fields, verified.plaintext or b"")
        message = super().parse(request, verified)
        account = account_in(request.path)
        if account is None:
            raise PayloadError(
                "missing_appid",
                message="A message came to the channel's own address; in the console, the address of messages must end with "
                "/$APPID$.",
            )
        number = word(message.data, "MsgId") if message.type.startswith("message.") else None
        key = number or event_key(verified.plaintext or b"")
        return message._replace(key=f"{account}:{key}", data={"AuthorizerAppid": account, **message.data})

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Say `success`; to a message, what a handler returned, encrypted. WeChat's release test has its own answers."""
        if self.settings.release_test and (text := release_answer(outcome.event)) is not None:
            return super().acknowledge(
                request, verified, outcome._replace(situation=Situation.SUCCESS, data=text)
            )
        if "InfoType" not in outcome.event.data:
            return super().acknowledge(request, verified, outcome)
        is_unknown = outcome.situation is Situation.UNKNOWN_EVENT_TYPE
        return default_acknowledgement(outcome) if is_unknown else SUCCESS

    def account_of(self, request: InboundRequest) -> str | None:
        """Return the AppID in the path."""
        return account_in(request.path)

    def original_id_in(self, verified: Verified) -> str | None:
        """Return the account as a message names it (`gh_…`); events of the third-party platform itself are for none."""
        try:
            fields = {} if verified.plaintext is None else read_fields(verified.plaintext)
        except ValueError:
            return None
        return None if "InfoType" in fields else word(fields, "ToUserName")

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where tickets and codes stand; messages hold none."""
        return CREDENTIALS if data is None or "InfoType" in data else NO_CREDENTIALS


def account_in(path: str) -> str | None:
    """Return the AppID behind the channel's name, None where there is none."""
    parts = path.strip("/").split("/")
    return parts[2] if len(parts) == 3 and ACCOUNT.fullmatch(parts[2]) else None  # noqa: PLR2004 - webhooks, channel, AppID


def _own_event(text: bytes | None) -> dict[str, Any] | None:
    """Return the fields of an event of the third-party platform itself, None for everything else."""
    try:
        fields = {} if text is None else read_fields(text)
    except ValueError:
        return None
    return fields if "InfoType" in fields else None


def _component_event(fields: Mapping[str, Any], text: bytes) -> ParsedEvent:
    kind = word(fields, "InfoType")
    if kind is None:
        raise PayloadError("missing_InfoType", message="The event has no usable InfoType.")
    account = word(fields, "AuthorizerAppid")
    named = (word(fields, "AppId"), kind, account, word(fields, "CreateTime"))
    key = ":".join(part for part in named if part)
    if kind not in KNOWN_BY_TIME:
        key = f"{key}:{sha256_hex(text)[:16]}"
    return ParsedEvent(kind, key, fields, account, created_at(fields))
