"""Liveness and readiness."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.pipeline.services import Services
from app.web.openapi.described import Proof, described
from app.web.openapi.words import FLAG, TEXT, WHOLE, many, one_of, thing

ABOUT = "Health"
OK = thing("Alive", status=one_of(["ok"]))
READY = thing(
    "Ready",
    status=one_of(["ok", "unavailable", "under_pressure"]),
    database=FLAG,
    over_limit=many(thing("OverLimit", limit=TEXT, allowed=WHOLE, measured=WHOLE)),
)


def health_blueprint(services: Services) -> Blueprint:
    """Return /healthz (the process answers) and /readyz (it can and may store events)."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @described(ABOUT, {200: OK}, proof=Proof.NONE)
    def healthz() -> Response:
        """Say that the process answers."""
        return jsonify({"status": "ok"})

    @blueprint.get("/readyz")
    @described(ABOUT, {200: READY, 503: READY}, proof=Proof.NONE)
    def readyz() -> Response:
        """Say whether the store can be reached, and which limits are passed."""
        reachable, over = services.database.is_reachable(), services.runtime.pressure.over
        status = "unavailable" if not reachable else "under_pressure" if over else "ok"
        limits = [each._asdict() for each in over]
        response = jsonify({"status": status, "database": reachable, "over_limit": limits})
        response.status_code = 200 if status == "ok" else 503
        return response

    return blueprint
