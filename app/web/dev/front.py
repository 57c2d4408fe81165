"""The front page: in development everything to try the gateway with, elsewhere a name and a link."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template
from flask_babel import gettext as _

from app.core.ports import BindSource
from app.pipeline.login.groups import offered_logins
from app.pipeline.services import Services
from app.web.dev.routes import dev_blueprint
from app.web.people.public_address import is_opened_elsewhere
from app.web.people.session_cookies import keep_private, signed_in_or_none
from app.web.security_headers import OPENER_POLICY

DOCS = "/docs"
BROWSER_MODULE = "callgate.js"


def front_blueprint(services: Services) -> Blueprint:
    """Return `GET /`, and the routes behind the development page where this is a development gateway."""
    blueprint = Blueprint("front", __name__)
    if services.settings.app_env == "dev":
        blueprint.register_blueprint(dev_blueprint(services))

    @blueprint.get("/")
    def front() -> Response:
        """Show the front page."""
        if services.settings.app_env == "dev":
            page = keep_private(make_response(_development_page(services)))
            # With the stricter policy of other pages a login window of this one would look closed at once.
            page.headers[OPENER_POLICY] = "same-origin-allow-popups"
            return page
        return make_response(render_template("landing.html", docs=_docs_address()))

    @blueprint.get(f"/static/{BROWSER_MODULE}")
    def browser_module() -> Response:
        """Serve the browser module to every origin: browsers fetch modules from elsewhere only where they may read them."""
        response = current_app.send_static_file(BROWSER_MODULE)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return blueprint


def _development_page(services: Services) -> str:
    settings = services.settings
    channels = list(services.channels)
    titles = {channel.name: _(channel.title) for channel in channels}
    return render_template(
        "front.html",
        logins=[(login.name, _(login.title)) for login in offered_logins(services)],
        titles=titles,
        signed_in=signed_in_or_none(services) is not None,
        binding=next(
            (titles[each.name] for each in channels if each.as_capability(BindSource) is not None), ""
        ),
        gateway_url=settings.public_base_url,
        elsewhere=is_opened_elsewhere(settings),
        sandbox_url=settings.sandbox_url if settings.sandbox_is_on else "",
        docs=_docs_address(),
    )


def _docs_address() -> str | None:
    """Return the address of the interface's documentation where this gateway serves it."""
    served = any(rule.rule.rstrip("/") == DOCS for rule in current_app.url_map.iter_rules())
    return DOCS if served else None
