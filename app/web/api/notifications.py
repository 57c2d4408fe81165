"""The routes of notifications (docs/contract.md §9b): what there is, and what one would say."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.errors import RequestError
from app.pipeline.operators.notifications import list_notifications, preview_notification
from app.pipeline.services import Services
from app.web.guards import json_body, require_token

BODY_BYTES = 4_096


def notifications_blueprint(services: Services) -> Blueprint:
    """Return the routes of notifications."""
    blueprint = Blueprint("notifications_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/notifications")
    @require_token(services, "read")
    def notifications() -> Response:
        """List the notifications of the channels file."""
        return jsonify({"items": list_notifications(services)})

    @blueprint.post("/notifications/<name>/preview")
    @require_token(services, "read")
    def preview(name: str) -> Response:
        """Show what a notification would say about the event that `event` names, or about a made-up one; sends nothing."""
        event = json_body(most=BODY_BYTES).get("event")
        if event is not None and not isinstance(event, str):
            raise RequestError("bad_request", "event must be the id of a stored event, or be left out.")
        return jsonify(preview_notification(services, name, event))

    return blueprint
