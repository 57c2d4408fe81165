"""`/metrics` for Prometheus: for tokens with the scope `metrics`, and for addresses in METRICS_ALLOWED."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.config.api_tokens import METRICS
from app.pipeline.operators.metrics import Scrapes
from app.pipeline.services import Services
from app.security.addresses import is_kept_out, parse_networks
from app.web.callbacks.reading import client_address
from app.web.guards import check_token

LONGEST_ACCEPT = 1000


def metrics_blueprint(services: Services) -> Blueprint:
    """Return the route; plain http is taken, as by health checks, because whoever scrapes stands inside."""
    blueprint = Blueprint("metrics", __name__)
    scrapes = Scrapes(services)
    allowed = parse_networks(services.settings.metrics_allowed)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Tell what was counted and how it stands."""
        address = client_address(request.environ, services.settings.trusted_proxies)
        if not allowed or is_kept_out(address, denied=(), allowed=allowed):
            check_token(services, METRICS)
        text, content_type = scrapes.text(request.headers.get("Accept", "")[:LONGEST_ACCEPT])
        return Response(text, content_type=content_type, headers={"Cache-Control": "no-store"})

    return blueprint
