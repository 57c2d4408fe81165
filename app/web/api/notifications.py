"""The routes of notifications (docs/contract.md §9b): what there is, and what one would say."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.errors import RequestError
from app.pipeline.operators.notifications import list_notifications, preview_notification
from app.pipeline.services import Services
from app.web.guards import json_body, require_token
from app.web.openapi.described import described
from app.web.openapi.words import FLAG, OBJECT, TEXT, WHOLE, body, list_of, many, maybe, table, text, thing

BODY_BYTES = 4_096


ABOUT = "Notifications"
NOTIFICATION = thing("Notification", name=TEXT, last_day=table(WHOLE)) | {"additionalProperties": True}
NOTIFICATIONS = list_of("Notifications", NOTIFICATION)
PREVIEW_WANTED = body("PreviewNotification", event=maybe(text(most=64))) | {"additionalProperties": True}
PREVIEW = thing(
    "NotificationPreview",
    event=maybe(TEXT),
    is_matched=FLAG,
    is_meant=FLAG,
    is_quiet=FLAG,
    title=maybe(TEXT),
    text=maybe(TEXT),
    channels=many(
        thing("PreviewOnChannel", channel=TEXT, parts=many(OBJECT | {"type": ["object", "string"]}))
    ),
)


def notifications_blueprint(services: Services) -> Blueprint:
    """Return the routes of notifications."""
    blueprint = Blueprint("notifications_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/notifications")
    @require_token(services, "read")
    @described(ABOUT, {200: NOTIFICATIONS})
    def notifications() -> Response:
        """List the notifications of the channels file."""
        return jsonify({"items": list_notifications(services)})

    @blueprint.post("/notifications/<name>/preview")
    @require_token(services, "read")
    @described(
        ABOUT,
        {200: PREVIEW},
        body=PREVIEW_WANTED,
        refusals={
            400: "bad_request bad_template *",
            404: "unknown_notification unknown_event unknown_channel",
        },
    )
    def preview(name: str) -> Response:
        """Show what a notification would say about the event that `event` names, or about a made-up one; sends nothing."""
        event = json_body(most=BODY_BYTES).get("event")
        if event is not None and not isinstance(event, str):
            raise RequestError("bad_request", "event must be the id of a stored event, or be left out.")
        return jsonify(preview_notification(services, name, event))

    return blueprint
