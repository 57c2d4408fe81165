"""`/openapi.json`, and the same as a page to read at `/docs`. Neither says anything about this gateway but its address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template

from app.pipeline.services import Services
from app.web.openapi.described import Proof, described
from app.web.openapi.document import openapi_document
from app.web.openapi.reading import heads_of
from app.web.openapi.words import OBJECT

SECONDS = 300


def api_docs_blueprint(services: Services) -> Blueprint:
    """Return the two routes; the document is made when it is first asked for."""
    blueprint = Blueprint("api_docs", __name__)
    base = services.settings.public_base_url
    made: list[dict[str, Any]] = []

    def document() -> dict[str, Any]:
        if not made:
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            made.append(openapi_document(app, base))
        return made[0]

    @blueprint.get("/openapi.json")
    @described("This description", {200: OBJECT}, proof=Proof.NONE)
    def openapi() -> Response:
        """Describe the API as OpenAPI 3.1."""
        response = jsonify(document())
        response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
        return response

    @blueprint.get("/docs")
    def docs() -> str:
        """Show the same as a page in the reader's language."""
        return render_template("api_docs.html", heads=heads_of(document()), base=base)

    return blueprint
