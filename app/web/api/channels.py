"""Channels over HTTP (CONTRACT §9): what each can do, its addresses, or why it takes no part."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.pipeline.operators.channels import CAPABILITIES, channel_view, login_view
from app.pipeline.services import Services
from app.web.guards import require_token
from app.web.openapi.described import described
from app.web.openapi.words import FLAG, TEXT, TIME, list_of, many, maybe, one_of, table, thing

OVERRIDE = thing("ChannelOverride", enabled=FLAG, by=TEXT, reason=TEXT, at=TIME)
CHANNEL = thing(
    "Channel",
    name=TEXT,
    platform=TEXT,
    title=TEXT,
    enabled=FLAG,
    reason=maybe(TEXT),
    override=maybe(OVERRIDE),
    capabilities=many(one_of(CAPABILITIES)),
    off=table(TEXT),
    signature_covers=maybe(one_of(["body", "origin", "none"])),
    advice=maybe(TEXT),
    urls=table(TEXT),
)
LOGIN = thing("Login", name=TEXT, title=TEXT, channels=many(TEXT), start_url=TEXT)
CHANNELS = list_of("Channels", CHANNEL, logins=many(LOGIN))


def channels_blueprint(services: Services) -> Blueprint:
    """Return the routes about channels."""
    blueprint = Blueprint("channels_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/channels")
    @require_token(services, "read")
    @described("Channels", {200: CHANNELS})
    def channels() -> Response:
        """List channels with their exact addresses, or why they take no part, and the logins that people are offered."""
        return jsonify({"items": channel_view(services), "logins": login_view(services)})

    return blueprint
