"""Bans over HTTP (CONTRACT §9): addresses that are kept out, and letting one in again."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify

from app.pipeline.operators.bans import ban_view, current_bans, lift_ban
from app.pipeline.services import Services
from app.web.guards import require_token
from app.web.openapi.described import described
from app.web.openapi.words import TEXT, TIME, WHOLE, list_of, thing

ABOUT = "Bans"
BAN = thing("Ban", address=TEXT, reason=TEXT, times=WHOLE, began_at=TIME, ends_at=TIME)
BANS = list_of("Bans", BAN)


def bans_blueprint(services: Services) -> Blueprint:
    """Return the routes about bans."""
    blueprint = Blueprint("bans_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/bans")
    @require_token(services, "read")
    @described(ABOUT, {200: BANS})
    def bans() -> Response:
        """List addresses that are kept out, until when and why."""
        return jsonify({"items": [ban_view(each) for each in current_bans(services)]})

    @blueprint.delete("/bans/<path:address>")
    @require_token(services, "operate")
    @described(ABOUT, {204: None}, refusals={400: "bad_address", 404: "not_banned"})
    def lift(address: str) -> tuple[str, int]:
        """Let an address in again, of IPv6 its whole /64, and forget its earlier bans."""
        lift_ban(services, address, actor=g.api_token.name)
        return "", 204

    return blueprint
