"""Requests that missed a channel's address by a slip: one segment too many, one too few, another spelling.

They are answered with 404 like every other address that does not exist; where they name a channel, they are kept among its refusals,
so that an operator sees what the platform's console holds.
"""

from __future__ import annotations

from app.core.errors import RefusedError
from app.core.ports import LoginProvider, WebhookSource
from app.core.values import InboundRequest
from app.pipeline.channels import Channel, channel_path
from app.pipeline.inbound.proof import keep_rejection
from app.pipeline.services import Services

LONGEST_PATH = 255
MOST_SEGMENTS = 8
LOGIN = "oauth"


def note_missed(services: Services, request: InboundRequest, *, trace_id: str) -> None:
    """Keep a request for an address that does not exist, where it is nearly that of a channel."""
    if request.method != "POST" and not request.query_string:
        return
    channel = _meant(services, request.path)
    if channel is None:
        return
    error = RefusedError(
        "wrong_address",
        "There is nothing at this address.",
        http_status=404,
        detail=f"{request.path[:LONGEST_PATH]!r} is nobody's address; the one of this channel is {_right(channel, request.path)}.",
    )
    keep_rejection(services, channel.name, request, error, trace_id=trace_id)


def _meant(services: Services, path: str) -> Channel | None:
    """Return the channel that one of a path's segments names, however it is spelled."""
    if len(path) > LONGEST_PATH:
        return None
    segments = [segment.strip().lower() for segment in path.split("/")][-MOST_SEGMENTS:]
    spellings = (word for each in reversed(segments) for word in (each, each.replace("_", "-")) if word)
    named = (services.channels.get(word) for word in spellings)
    return next((channel for channel in named if channel is not None and _has_address(channel)), None)


def _has_address(channel: Channel) -> bool:
    return any(channel.as_capability(port) is not None for port in (WebhookSource, LoginProvider))


def _right(channel: Channel, path: str) -> str:
    return f"/oauth/{channel.name}/callback" if LOGIN in path.lower() else channel_path(channel.name)
