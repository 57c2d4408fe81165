"""The names under which the dispatches of messages are stored: one for each channel."""

from __future__ import annotations

MESSAGES = "messages"
"""Channel and platform of the events that messages are; no channel may be called so."""

ROUTE_PREFIX = "messages:"


def message_route_name(channel: str) -> str:
    """Return the name under which dispatches of messages to a channel are stored."""
    return ROUTE_PREFIX + channel


def channel_of_route(name: str) -> str | None:
    """Return the channel that a stored route sends to, None for every other route."""
    return name.removeprefix(ROUTE_PREFIX) if name.startswith(ROUTE_PREFIX) else None
