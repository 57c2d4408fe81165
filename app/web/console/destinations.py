"""The destinations: how each one does, how much waits for it; pausing, resuming and testing one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, url_for

from app.pipeline.operators.destinations import (
    destination_json,
    list_destinations,
    pause_destination,
    resume_destination,
    try_destination,
)
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.forms import field
from app.web.people.login_errors import see_other


def add_destinations(blueprint: Blueprint, services: Services) -> None:
    """Add the page and its forms."""

    @blueprint.get("/destinations")
    def destinations() -> Response:
        """Show every destination."""
        return _page(services)

    @blueprint.post("/destinations/<name>/pause")
    def pause(name: str) -> Response:
        """Forward nothing to a destination until it is resumed."""
        reason = field("reason")
        pause_destination(services, name, reason=reason, actor=the_operator().name)
        return see_other(url_for("console.destinations", done="destination_paused"))

    @blueprint.post("/destinations/<name>/resume")
    def resume(name: str) -> Response:
        """Let forwarding start anew."""
        resume_destination(services, name, actor=the_operator().name)
        return see_other(url_for("console.destinations", done="destination_resumed"))

    @blueprint.post("/destinations/<name>/test")
    def test(name: str) -> Response:
        """Send a destination one test event and show what it answered."""
        return _page(services, try_destination(services, name, actor=the_operator().name))


def _page(services: Services, tried: dict[str, Any] | None = None) -> Response:
    items = [destination_json(view) for view in list_destinations(services)]
    return make_response(render_template("console/destinations.html", items=items, tried=tried))
