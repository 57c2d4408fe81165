"""The page where the owner of an account authorises one of our applications: it leads to the platform's page and takes the way back.

The way to the platform is a link to press: WeChat looks at the page its own one was opened from, and that page's host must
be the one in its console (community reports, read 2026-11-28; unconfirmed by a page of WeChat's).
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.pipeline.tokens.authorisation_links import check_link, page_behind, take_return
from app.web.callbacks.reading import client_address
from app.web.people.login_errors import see_other
from app.web.people.visits import refuse_what_is_no_visit


def authorise_blueprint(services: Services) -> Blueprint:
    """Return the page, the way back, and what is shown after it."""
    blueprint = Blueprint("authorise", __name__)
    blueprint.after_request(_private)

    @blueprint.get("/authorise/<channel>/<key>")
    def page(channel: str, key: str) -> str:
        """Show the link to the platform's page."""
        refuse_what_is_no_visit()
        found = check_link(services, channel, key)
        return _shown(found, page_behind(services, channel, key, _caller(services)))

    @blueprint.get("/authorise/<channel>/<key>/return")
    def come_back(channel: str, key: str) -> Response:
        """Take the browser back with its code, and on to an address without it."""
        refuse_what_is_no_visit()
        code = request.args.get("auth_code", "")
        take_return(services, channel, key, code=code, caller=_caller(services))
        return see_other(f"/authorise/{channel}/{key}/done")

    @blueprint.get("/authorise/<channel>/<key>/done")
    def done(channel: str, key: str) -> str:
        """Say that all is well."""
        return _shown(check_link(services, channel, key), None)

    return blueprint


def _shown(channel: Channel, address: str | None) -> str:
    return render_template("authorise.html", channel_title=_(channel.title), address=address)


def _caller(services: Services) -> str:
    return client_address(request.environ, services.settings.trusted_proxies)


def _private(response: Response) -> Response:
    """Keep the page out of caches and search engines; the platform gets to see its host and nothing behind it."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
