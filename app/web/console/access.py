"""Who uses the console with this request: the cookie, the role that a page needs, the proof that a form is ours.

Looked at before every view of the console. Deny by default: a page needs a viewer, a form an operator, unless the view
says otherwise with `needs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, request

from app.config.settings import Settings
from app.core.errors import RefusedError
from app.core.roles import Role
from app.pipeline.operators.console_access import Browser, Operator, find_operator
from app.pipeline.services import Services
from app.security.csrf import csrf_token, is_csrf_token
from app.web.callbacks.reading import client_address
from app.web.console.forms import field
from app.web.people.csrf import FIELD, HEADER, check_origin
from app.web.people.login_errors import see_other
from app.web.people.session_cookies import cookie_name

View = TypeVar("View", bound=Callable[..., Any])

CONSOLE = "callgate_console"
SIGN_IN = "/console/sign-in"
LONGEST_COOKIE = 64
READING = ("GET", "HEAD")
NO_ROLE = "needs_no_role"
LEAST_ROLE = "least_role"


def needs(role: Role) -> Callable[[View], View]:
    """Let only operators of a role use a view."""

    def mark(view: View) -> View:
        setattr(view, LEAST_ROLE, role)
        return view

    return mark


def for_everybody(view: View) -> View:
    """Let who is not signed in use a view too; such a view guards itself."""
    setattr(view, NO_ROLE, True)
    return view


def guard(blueprint: Blueprint, services: Services) -> None:
    """Put the guard in front of all views of the console."""

    @blueprint.before_request
    def _let_through() -> Response | None:
        view = current_app.view_functions[request.endpoint or ""]
        operator = operator_or_none(services)
        if getattr(view, NO_ROLE, False):
            return None
        if operator is None:
            return _ask_to_sign_in()
        is_reading = request.method in READING
        least = getattr(view, LEAST_ROLE, Role.VIEWER if is_reading else Role.OPERATOR)
        if not is_reading:
            check_form(services, operator)
        if not operator.role.includes(least):
            raise RefusedError(
                "role_too_low", f"This needs the role {least.value}; yours is {operator.role.value}."
            )
        return None


def operator_or_none(services: Services) -> Operator | None:
    """Return who is signed in to the console, read once for each request."""
    if "operator" not in g:
        secret = request.cookies.get(cookie_name(services.settings, CONSOLE), "")
        g.operator = find_operator(services, secret) if 0 < len(secret) <= LONGEST_COOKIE else None
    found: Operator | None = g.operator
    return found


def the_operator() -> Operator:
    """Return who is signed in, in a view behind the guard."""
    found: Operator = g.operator
    return found


def form_token(services: Services, operator: Operator) -> str:
    """Return what forms of this session carry."""
    return csrf_token(services.settings.secret_key, operator.session.id)


def check_form(services: Services, operator: Operator) -> None:
    """Let a changing request through only when a page of this session meant it; raises RefusedError 403."""
    check_origin(services.settings.public_base_url)
    given = request.headers.get(HEADER) or field(FIELD)
    if not is_csrf_token(services.settings.secret_key, operator.session.id, given):
        raise RefusedError(
            "csrf", "This form is no longer good; open the page again and repeat what you did."
        )


def browser_of_request(services: Services) -> Browser:
    """Return where this request comes from."""
    address = client_address(request.environ, services.settings.trusted_proxies)
    return Browser(address, request.headers.get("User-Agent", ""))


def set_console_cookie(settings: Settings, response: Response, secret: str) -> None:
    """Hand the browser its session; it lives as long as the session may."""
    _set(settings, response, secret, settings.session_max_age)


def clear_console_cookie(settings: Settings, response: Response) -> None:
    """Take the session away from the browser."""
    _set(settings, response, "", 0)


def _set(settings: Settings, response: Response, value: str, max_age: int) -> None:
    response.set_cookie(
        cookie_name(settings, CONSOLE),
        value,
        max_age=max_age,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
    )


def _ask_to_sign_in() -> Response:
    if request.method in READING and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        query = request.query_string.decode("latin-1")
        here = f"{request.path}?{query}" if query else request.path
        return see_other(f"{SIGN_IN}?{urlencode({'next': here})}")
    raise RefusedError("login_required", "Your session has ended; sign in again.", http_status=401)
