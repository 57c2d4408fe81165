"""The management API for traffic over time (CONTRACT §11)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.pipeline.operators.stats import stats_view
from app.pipeline.services import Services
from app.web.guards import require_token
from app.web.openapi.described import CHANNEL, SINCE, UNTIL, described, query
from app.web.openapi.words import OBJECT

WANTED = ("since", "until", "step", "channel")


def stats_blueprint(services: Services) -> Blueprint:
    """Return the route."""
    blueprint = Blueprint("stats_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/stats")
    @require_token(services, "read")
    @described(
        "Figures",
        {200: OBJECT},
        query=(SINCE, UNTIL, query("step", "The length of one step."), CHANNEL),
        refusals={400: "*"},
    )
    def stats() -> Response:
        """Return traffic, failures, latency, duplicates and refusals in steps of one length."""
        wanted = {name: request.args[name] for name in WANTED if request.args.get(name)}
        return jsonify(stats_view(services, wanted))

    return blueprint
