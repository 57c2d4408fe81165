"""Settings as they are in force, with where each came from."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from app.core.roles import Role
from app.pipeline.operators.settings_view import settings_in_force
from app.pipeline.services import Services
from app.web.console.access import needs
from app.web.console.listing import LONGEST_VALUE
from app.web.console.setting_words import about


def add_settings(blueprint: Blueprint, services: Services) -> None:
    """Add the page."""

    @blueprint.get("/settings")
    @needs(Role.OPERATOR)
    def settings() -> Response:
        """Show every setting with its value, and where it came from."""
        wanted = request.args.get("q", "").strip()[:LONGEST_VALUE]
        items = [(each, about(each)) for each in settings_in_force(services)]
        word = wanted.lower()
        found = [(each, told) for each, told in items if word in each.name.lower() or word in told.lower()]
        return make_response(render_template("console/settings.html", items=found, q=wanted))
