"""Channels over HTTP (CONTRACT §9): what each can do, its addresses, or why it takes no part."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.pipeline.operators.channels import CAPABILITIES, channel_view, login_view
from app.pipeline.operators.sending_health import sending_health
from app.pipeline.services import Services
from app.web.guards import require_token
from app.web.openapi.described import described
from app.web.openapi.words import FLAG, TEXT, TIME, WHOLE, list_of, many, maybe, one_of, table, thing

OVERRIDE = thing("ChannelOverride", enabled=FLAG, by=TEXT, reason=TEXT, at=TIME)
SENDING = thing(
    "SendingHealth",
    state=one_of(["ok", "failing", "left_alone"]),
    until=maybe(TIME),
    failures=WHOLE,
    last_failure_at=maybe(TIME),
    last_error=maybe(TEXT),
)
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
    sending=maybe(SENDING),
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
        health = sending_health(services)
        items = [item | {"sending": health.get(item["name"])} for item in channel_view(services)]
        return jsonify({"items": items, "logins": login_view(services)})

    return blueprint
