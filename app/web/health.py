"""Liveness and readiness."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.pipeline.services import Services


def health_blueprint(services: Services) -> Blueprint:
    """Return /healthz (the process answers) and /readyz (it can store events)."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Say that the process answers."""
        return jsonify({"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        """Say whether the store can be reached."""
        reachable = services.database.is_reachable()
        response = jsonify({"status": "ok" if reachable else "unavailable", "database": reachable})
        response.status_code = 200 if reachable else 503
        return response

    return blueprint
