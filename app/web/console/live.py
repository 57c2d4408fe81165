"""What happens, as server-sent events for open pages of the console; it ends with the session, and pages ask for what they show."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.pipeline.operators.console_access import find_operator
from app.pipeline.services import Services
from app.web.console.access import CONSOLE
from app.web.live_answers import live_response
from app.web.people.session_cookies import cookie_name


def add_live(blueprint: Blueprint, services: Services) -> None:
    """Add the stream."""

    @blueprint.get("/live")
    def live() -> Response:
        """Tell by topics what happens, until the page is left or its session has ended."""
        secret = request.cookies.get(cookie_name(services.settings, CONSOLE), "")
        return live_response(services, lambda: find_operator(services, secret) is not None)
