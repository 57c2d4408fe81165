"""The WSGI application around parts that are joined already. Which parts is the factory's business."""

from __future__ import annotations

from flask import Flask

from app.pipeline.services import Services
from app.pipeline.upkeep.measures import Measures
from app.web.blueprints import register_blueprints
from app.web.callbacks.front_door import Callbacks
from app.web.callbacks.missed import install_missed
from app.web.cross_origin import install_cross_origin
from app.web.errors import install_errors
from app.web.guards import install_https_rule
from app.web.languages import install_languages
from app.web.security_headers import install_security_headers


def make_application(services: Services) -> Flask:
    """Make the application; it opens no connection and starts no thread by itself."""
    app = Flask("app.web")
    # Tidying doubled slashes would redirect to the Host header's name; such an address is simply not there.
    app.url_map.merge_slashes = False
    app.config.update(
        SECRET_KEY=None,
        CALLGATE_ENVIRONMENT=services.settings.app_env,
        CALLGATE_DEV=services.settings.app_env == "dev",
        SANDBOX_URL=services.settings.sandbox_url if services.settings.sandbox_is_on else "",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["callgate"] = services
    install_errors(app, services.spans)
    install_https_rule(app, services.settings)
    install_cross_origin(app, services.settings)
    install_languages(app)
    install_security_headers(app, services.settings)
    register_blueprints(app, services)
    measures = app.extensions["callgate.measures"] = Measures(services)
    install_missed(app, services)
    app.wsgi_app = Callbacks(app, services, measures)  # type: ignore[method-assign]
    return app
