"""Pages opened under another address than PUBLIC_BASE_URL: a login is sent to the public one first, and told why.

The platform comes back to the public address, and a browser keeps a login's cookie for the address that set it.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Response, make_response, render_template, request

from app.config.settings import Settings
from app.web.error_pages import wants_page
from app.web.people.login_errors import see_other

MOVED = "moved"
TELL = "1"
GO_ON = "2"
"""Sent along from the page that told it: a proxy in front that rewrites Host never leads in circles."""
USUAL_PORTS = {"https": ":443", "http": ":80"}


def is_opened_elsewhere(settings: Settings) -> bool:
    """Say whether this request's page stands under another host or port than the public address."""
    public = urlsplit(settings.public_base_url)
    usual = USUAL_PORTS[public.scheme]
    forwarded = request.headers.get("X-Forwarded-Host") if settings.trusted_proxies else None
    host = (forwarded or request.headers.get("Host", "")).rpartition(",")[2].strip()
    return host.lower().removesuffix(usual) != public.netloc.lower().removesuffix(usual)


def moved_to_public(settings: Settings, query: dict[str, str | None]) -> Response | None:
    """Return the answer that moves a person's start to the public address, None when it may go on here.

    1. Under another address: on to the public one. 2. There: a page that says why. 3. From that page: the login.
    """
    step = request.args.get(MOVED)
    if not wants_page() or step == GO_ON:
        return None
    kept = {name: value for name, value in query.items() if value is not None}
    if step == TELL:
        go_on = f"{request.path}?{urlencode({**kept, MOVED: GO_ON})}"
        return make_response(render_template("moved.html", public=settings.public_base_url, go_on=go_on))
    if is_opened_elsewhere(settings):
        return see_other(f"{settings.public_base_url}{request.path}?{urlencode({**kept, MOVED: TELL})}")
    return None
