"""Signing in to the console and out again: by name and password, or with a platform account of CONSOLE_ADMINS."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from app.core.errors import RefusedError
from app.core.roles import Role
from app.pipeline.login.groups import offered_logins
from app.pipeline.operators.console_access import sign_in_by_password, sign_in_by_platform, sign_out
from app.pipeline.operators.console_people import FIRST_PERSON, console_people_view
from app.pipeline.services import Services
from app.web.console.access import (
    SIGN_IN,
    browser_of_request,
    clear_console_cookie,
    for_everybody,
    needs,
    operator_or_none,
    set_console_cookie,
    the_operator,
)
from app.web.console.forms import field
from app.web.console.words import explain
from app.web.people.csrf import check_origin
from app.web.people.login_errors import see_other
from app.web.people.session_cookies import signed_in
from app.web.people.visits import refuse_what_is_no_visit

HOME = "/console/"
LONGEST_NEXT = 1500


def add_signing_in(blueprint: Blueprint, services: Services) -> None:
    """Add the sign-in page and what its buttons lead to."""
    settings = services.settings

    @blueprint.get("/sign-in")
    @for_everybody
    def sign_in() -> Response:
        """Show the sign-in page; who is signed in goes on."""
        if operator_or_none(services) is not None:
            return see_other(_next(request.args.get("next")))
        return _page(services, next_page=_next(request.args.get("next")))

    @blueprint.post("/sign-in")
    @for_everybody
    def by_password() -> Response:
        """Sign in by name and password."""
        check_origin(settings.public_base_url)
        next_page, name = _next(field("next")), field("name").strip()
        try:
            secret = sign_in_by_password(services, name, field("password"), browser_of_request(services))
        except RefusedError as error:
            return _page(services, next_page=next_page, name=name, error=error)
        return _signed_in(services, secret, next_page)

    _add_platform(blueprint, services)


def _add_platform(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/sign-in/platform")
    @for_everybody
    def by_platform() -> Response:
        """Sign in as whoever has just logged in with a platform account."""
        refuse_what_is_no_visit()
        next_page = _next(request.args.get("next"))
        try:
            secret = sign_in_by_platform(services, signed_in(services), browser_of_request(services))
        except RefusedError as error:
            return _page(services, next_page=next_page, error=error)
        return _signed_in(services, secret, next_page)

    @blueprint.post("/sign-out")
    @needs(Role.VIEWER)
    def leave() -> Response:
        """End the session."""
        sign_out(services, the_operator())
        response = see_other(SIGN_IN)
        clear_console_cookie(services.settings, response)
        return response


def _page(
    services: Services, *, next_page: str, name: str = "", error: RefusedError | None = None
) -> Response:
    by_password = [each for each in console_people_view(services) if each["by"] == "password"]
    page = render_template(
        "console/sign_in.html",
        next_page=next_page,
        name=name or (FIRST_PERSON if [each["name"] for each in by_password] == [FIRST_PERSON] else ""),
        error=None if error is None else explain(error),
        has_passwords=bool(by_password),
        logins=_logins(services, next_page),
    )
    response = make_response(page, 200 if error is None else error.http_status)
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _logins(services: Services, next_page: str) -> list[tuple[str, str]]:
    """Return the logins with which an account of CONSOLE_ADMINS may come: where each starts, and what it is called."""
    channels = {each.channel for each in services.settings.console_admins}
    back = f"{SIGN_IN}/platform?{urlencode({'next': next_page})}"
    return [
        (f"/oauth/{login.name}/start?{urlencode({'next': back})}", _(login.title))
        for login in offered_logins(services)
        if channels.intersection(login.channels)
    ]


def _signed_in(services: Services, secret: str, next_page: str) -> Response:
    response = see_other(next_page)
    set_console_cookie(services.settings, response, secret)
    return response


def _next(text: str | None) -> str:
    """Return a page of the console to go on with; anything else is its first page."""
    wanted = text or ""
    is_page = (
        wanted.startswith(HOME) and len(wanted) <= LONGEST_NEXT and wanted.isascii() and wanted.isprintable()
    )
    return wanted if is_page and "\\" not in wanted and not wanted.startswith(SIGN_IN) else HOME
