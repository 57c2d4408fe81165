"""Channels as the API, the console and the terminal show them: what each can do and which addresses it has."""

from __future__ import annotations

from typing import Any

from app.core.ports import AppTokenSource, BindSource, LoginProvider, WebhookSource
from app.pipeline.channels import addresses
from app.pipeline.services import Services

CAPABILITIES = {
    "inbound": WebhookSource,
    "login": LoginProvider,
    "app_token": AppTokenSource,
    "binding": BindSource,
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
                name for name, port in CAPABILITIES.items() if isinstance(channel.connector, port)
            ],
            "urls": addresses(services.settings, channel),
        }
        for channel in services.channels
    ]
    disabled = [
        {
            "name": channel.config.name,
            "platform": channel.config.platform,
            "title": channel.config.title or channel.config.name,
            "enabled": False,
            "reason": channel.reason,
            "capabilities": [],
            "urls": {},
        }
        for channel in services.channels.disabled
    ]
    return enabled + disabled
