"""Notifications: what there is and what it did lately; what one would say about an event, and a test message."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.errors import CallgateError
from app.pipeline.operators.notifications import list_notifications, preview_notification, send_test
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.forms import field
from app.web.console.words import explain
from app.web.people.login_errors import see_other


def add_notifications(blueprint: Blueprint, services: Services) -> None:
    """Add the list, one notification with its preview, and the test."""

    @blueprint.get("/notifications")
    def notifications() -> Response:
        """List the notifications of the channels file."""
        return make_response(
            render_template("console/notifications.html", items=list_notifications(services))
        )

    @blueprint.get("/notifications/<name>")
    def notification(name: str) -> Response:
        """Show what one would say about the event that `event` names, or about a made-up one."""
        event = request.args.get("event", "").strip() or None
        shown, error = None, None
        found = next((each for each in list_notifications(services) if each["name"] == name), None)
        try:
            shown = preview_notification(services, name, event)
        except CallgateError as fault:
            if found is None:
                raise
            error = fault
        page = render_template(
            "console/notification.html",
            notification=found,
            preview=shown,
            event=event or "",
            error=None if error is None else explain(error),
        )
        return make_response(page, 200 if error is None else error.http_status)

    @blueprint.post("/notifications/<name>/test")
    def test_notification(name: str) -> Response:
        """Send what it says, whatever its conditions are, and go to the message."""
        event = field("event").strip() or None
        accepted = send_test(services, name, event, actor=f"console:{the_operator().name}")
        return see_other(url_for("console.message", message_id=accepted.id))
