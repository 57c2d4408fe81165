"""The management API for events, rejections and channels (CONTRACT §11)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RefusedError
from app.pipeline.operators.channels import channel_view, login_view
from app.pipeline.operators.events import event_detail, list_events_page, list_rejections_page
from app.pipeline.operators.sending_health import sending_health
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.web.guards import page_size, require_token

FILTERS = ("channel", "type", "state", "q", "since", "until")


def events_blueprint(services: Services) -> Blueprint:
    """Return the reading routes."""
    blueprint = Blueprint("events_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/events")
    @require_token(services, "read")
    def events() -> Response:
        """List events, newest first."""
        wanted = {name: request.args[name] for name in FILTERS if request.args.get(name)}
        return jsonify(
            list_events_page(services, wanted, cursor=request.args.get("cursor"), limit=page_size())
        )

    _add_one_event(blueprint, services)

    @blueprint.get("/rejections")
    @require_token(services, "read")
    def rejections() -> Response:
        """List refused deliveries, newest first."""
        channel = request.args.get("channel") or None
        return jsonify(
            list_rejections_page(services, channel, cursor=request.args.get("cursor"), limit=page_size())
        )

    @blueprint.get("/channels")
    @require_token(services, "read")
    def channels() -> Response:
        """List channels with their exact addresses, or why they take no part, and the logins that people are offered."""
        health = sending_health(services)
        items = [item | {"sending": health.get(item["name"])} for item in channel_view(services)]
        return jsonify({"items": items, "logins": login_view(services)})

    return blueprint


def _add_one_event(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/events/<event_id>")
    @require_token(services, "read")
    def event(event_id: str) -> Response:
        """Show one event with its evidence, dispatches and attempts."""
        detail = event_detail(services, event_id)
        if detail is None:
            raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
        return jsonify(detail)

    @blueprint.get("/events/<event_id>/verify")
    @require_token(services, "read")
    def verify(event_id: str) -> Response:
        """Prove one event again from its evidence, and say whether that worked."""
        return jsonify(verify_event(services, event_id))
