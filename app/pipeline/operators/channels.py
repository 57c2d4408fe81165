"""Channels as the API, the console and the terminal show them: what each can do and which addresses it has."""

from __future__ import annotations

from typing import Any

from app.core.moments import as_text
from app.core.ports import (
    AdvisedSource,
    AppTokenSource,
    BindSource,
    DirectLogin,
    LoginProvider,
    WebhookSource,
)
from app.core.relay import JsPageSource, RelaySource
from app.core.sending import Sender
from app.pipeline.channels import Channel, addresses
from app.pipeline.login.groups import offered_logins, start_url
from app.pipeline.services import Services
from app.storage.inbox.events import newest_event_at

CAPABILITIES = {
    "inbound": WebhookSource,
    "login": LoginProvider,
    "direct_login": DirectLogin,
    "app_token": AppTokenSource,
    "binding": BindSource,
    "send": Sender,
    "relay": RelaySource,
    "js_pages": JsPageSource,
}


def channel_view(services: Services) -> list[dict[str, Any]]:
    """Return every channel with its addresses, or the reason why it takes no part."""
    enabled = [
        {
            "name": channel.name,
            "platform": channel.spec.slug,
            "title": channel.title,
            "enabled": True,
            "reason": None,
            "capabilities": [
                name for name, port in CAPABILITIES.items() if channel.as_capability(port) is not None
            ],
            "off": dict(channel.off),
            "signature_covers": _covered(channel),
            "advice": _advice(channel),
            "urls": addresses(services.settings, channel),
        }
        for channel in services.channels
    ]
    disabled: list[dict[str, Any]] = [
        {
            "name": channel.config.name,
            "platform": channel.config.platform,
            "title": channel.config.title or channel.config.name,
            "enabled": False,
            "reason": channel.reason,
            "capabilities": [],
            "off": {},
            "signature_covers": None,
            "advice": None,
            "urls": {},
        }
        for channel in services.channels.disabled
    ]
    return enabled + disabled


def heard_of(services: Services) -> list[dict[str, Any]]:
    """Return every channel as channel_view does, with `last_event_at`, which costs a look into the store for each."""
    with services.database.read() as tx:
        return [
            item | {"last_event_at": as_text(newest_event_at(tx, item["name"]))}
            for item in channel_view(services)
        ]


def login_view(services: Services) -> list[dict[str, Any]]:
    """Return every login as people are offered it, a group as one, with the address where it starts."""
    return [
        {
            "name": login.name,
            "title": login.title,
            "channels": list(login.channels),
            "start_url": start_url(services.settings, login),
        }
        for login in offered_logins(services)
    ]


def _advice(channel: Channel) -> str | None:
    advised = channel.as_capability(AdvisedSource)
    return None if advised is None else advised.advice


def _covered(channel: Channel) -> str | None:
    """Return how much of a callback the channel's proof covers, None where it takes none."""
    source = channel.as_capability(WebhookSource)
    return None if source is None else source.signature_covers.value
