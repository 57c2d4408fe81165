"""The page of a person's authorised apps: who may know what, and taking it back."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request

from app.pipeline.issuer.consents import authorised_apps, take_back
from app.pipeline.login.groups import fitting_logins
from app.pipeline.services import Services
from app.web.people.csrf import check_csrf, token_of
from app.web.people.login_errors import see_other
from app.web.people.session_cookies import signed_in, signed_in_or_none

APPS = "/me/apps"


def add_apps(blueprint: Blueprint, services: Services) -> None:
    """Add the page and its form."""

    @blueprint.get(APPS)
    def apps() -> Response:
        """Show the apps, or the logins to somebody who is not logged in."""
        current = signed_in_or_none(services)
        if current is None:
            logins = fitting_logins(services, request.headers.get("User-Agent", ""))
            starts = [
                (f"/oauth/{each.name}/start?{urlencode({'next': APPS})}", each.title) for each in logins
            ]
            return make_response(render_template("issuer/choose.html", title=None, starts=starts))
        page = render_template(
            "issuer/apps.html",
            apps=authorised_apps(services, current.user_id),
            csrf=token_of(services, current),
            is_done=request.args.get("done") == "1",
        )
        return make_response(page)

    @blueprint.post(f"{APPS}/<client_id>/take-back")
    def give_up(client_id: str) -> Response:
        """Take back what an app was allowed."""
        current = signed_in(services)
        check_csrf(services, current)
        take_back(services, current, client_id)
        return see_other(f"{APPS}?done=1")
