"""The management API for what the watch found (CONTRACT §11)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RequestError
from app.pipeline.operators.alarms import current_alarms
from app.pipeline.services import Services
from app.pipeline.watch.words import LANGUAGES
from app.web.guards import require_token
from app.web.openapi.described import described, query
from app.web.openapi.words import OBJECT, one_of


def alarms_blueprint(services: Services) -> Blueprint:
    """Return the reading route."""
    blueprint = Blueprint("alarms_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/alarms")
    @require_token(services, "read")
    @described(
        "Alarms",
        {200: OBJECT},
        query=(query("language", "In which language.", one_of(LANGUAGES)),),
        refusals={400: "bad_language"},
    )
    def alarms() -> Response:
        """List what needs a person now, the newest first."""
        language = request.args.get("language", "en")
        if language not in LANGUAGES:
            raise RequestError("bad_language", f"language must be one of {', '.join(LANGUAGES)}.")
        return jsonify({"items": current_alarms(services, language=language)})

    return blueprint
