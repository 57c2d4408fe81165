"""One's own account in the console: the password, and the sessions that are open in one's name."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, url_for

from app.core.errors import RequestError
from app.core.roles import Role
from app.pipeline.operators.console_access import (
    console_sessions_view,
    end_other_console_sessions,
    prove_again,
)
from app.pipeline.operators.console_people import BY_PASSWORD, FIRST_PERSON, set_console_password
from app.pipeline.services import Services
from app.web.console.access import browser_of_request, needs, set_console_cookie, the_operator
from app.web.console.forms import field
from app.web.people.login_errors import see_other


def add_account(blueprint: Blueprint, services: Services) -> None:
    """Add the page and its forms."""

    @blueprint.get("/account")
    def account() -> Response:
        """Show one's own account."""
        operator = the_operator()
        own = [each for each in console_sessions_view(services) if each["name"] == operator.name]
        page = render_template(
            "console/account.html",
            sessions=own,
            has_own_password=operator.session.kind == BY_PASSWORD and operator.name != FIRST_PERSON,
            is_first=operator.name == FIRST_PERSON,
        )
        return make_response(page)

    @blueprint.post("/account/password")
    @needs(Role.VIEWER)
    def own_password() -> Response:
        """Change one's own password, with the old one as proof; every session ends, and this browser gets a new one."""
        operator = the_operator()
        if operator.session.kind != BY_PASSWORD:
            raise RequestError(
                "bad_password", "You signed in with a platform account; it has no password here."
            )
        new, browser = field("new_password"), browser_of_request(services)
        prove_again(services, operator, field("password"), browser)
        set_console_password(services, operator.name, new, actor=operator.name)
        response = see_other(url_for("console.account", done="password_changed"))
        set_console_cookie(services.settings, response, prove_again(services, operator, new, browser))
        return response

    @blueprint.post("/account/sessions/end")
    @needs(Role.VIEWER)
    def end_others() -> Response:
        """End one's other sessions."""
        end_other_console_sessions(services, the_operator())
        return see_other(url_for("console.account", done="other_sessions_ended"))
