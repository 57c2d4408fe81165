"""The sample channels of the third-party platform: its own events, and the messages of an account that authorises it."""

from __future__ import annotations

from app.core.values import InboundRequest
from tests.platforms.callback_cases import NOW
from tests.platforms.samples import Sample
from tests.platforms.wechat_component import component


def _sent_for_account(text: bytes) -> InboundRequest:
    return component.sent(text, component.ACCOUNT)


SAMPLES = (
    Sample(
        "wechat-component",
        "events",
        component.SETTINGS,
        component.sent,
        component.own_event("component_verify_ticket", ComponentVerifyTicket="ticket@@@1"),
        now=NOW,
        has_window=False,
    ),
    Sample(
        "wechat-component",
        "messages",
        component.SETTINGS | {"release_test": True},
        _sent_for_account,
        component.message(MsgId=7),
        now=NOW,
        has_window=False,
    ),
)
