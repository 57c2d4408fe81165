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
from app.pipeline.operators.switches import override_view, overrides_of
from app.pipeline.services import Services
from app.storage.channel_overrides import Override
from app.storage.inbox.events import newest_events

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
    """Return every channel with its addresses, or the reason why it takes no part.

    One that an operator switched off keeps its addresses, with `enabled` false and the decision in `override`.
    """
    overrides = overrides_of(services)
    enabled = [
        {
            "name": channel.name,
            "platform": channel.spec.slug,
            "title": channel.title,
            **_switched(overrides.get(channel.name)),
            "capabilities": [
                name for name, port in CAPABILITIES.items() if channel.as_capability(port) is not None
            ],
            "off": dict(channel.off),
            "signature_covers": coverage_of(channel),
            "advice": advice_of(channel),
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
            "override": override_view(overrides.get(channel.config.name)),
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
    """Return every channel as channel_view does, with `last_event_at`, which costs a look into the store."""
    items = channel_view(services)
    with services.database.read() as tx:
        newest = newest_events(tx, [item["name"] for item in items])
    times = {name: as_text(row.received_at) for name, row in newest.items()}
    return [item | {"last_event_at": times.get(item["name"])} for item in items]


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


def _switched(override: Override | None) -> dict[str, Any]:
    is_off = override is not None and not override.enabled
    return {
        "enabled": not is_off,
        "reason": off_sentence(override) if override is not None and is_off else None,
        "override": override_view(override),
    }


def off_sentence(override: Override) -> str:
    """Say that an operator switched a channel off: who, when and why."""
    return f"switched off by {override.actor} at {override.at:%Y-%m-%d %H:%M} UTC: {override.reason}"


def advice_of(channel: Channel) -> str | None:
    """Return what its connector advises against in its own configuration."""
    advised = channel.as_capability(AdvisedSource)
    return None if advised is None else advised.advice


def coverage_of(channel: Channel) -> str | None:
    """Return how much of a callback the channel's proof covers, None where it takes none."""
    source = channel.as_capability(WebhookSource)
    return None if source is None else source.signature_covers.value
