"""Bans: addresses that are kept out for a while, why and until when; letting one in again."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, url_for

from app.pipeline.operators.bans import ban_view, current_bans, lift_ban
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.forms import field
from app.web.people.login_errors import see_other


def add_bans(blueprint: Blueprint, services: Services) -> None:
    """Add the list and its button."""

    @blueprint.get("/bans")
    def bans() -> Response:
        """Show the bans that are on."""
        items = [ban_view(ban) for ban in current_bans(services)]
        return make_response(render_template("console/bans.html", items=items, is_on=services.bans.enabled))

    @blueprint.post("/bans/lift")
    def lift() -> Response:
        """Let an address in again."""
        lift_ban(services, field("address"), actor=the_operator().name)
        return see_other(url_for("console.bans", done="ban_lifted"))
