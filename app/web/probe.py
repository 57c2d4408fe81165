"""Where `flask doctor` asks whether a request arrives as it was sent: an answer for its own signed questions, for nobody else."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.pipeline.operators.doctor.probe import (
    BESIDE_CALLBACKS,
    MOST_BODY,
    TOKEN_HEADER,
    TOKEN_QUERY,
    WELL_KNOWN,
    answer_probe,
)
from app.pipeline.services import Services
from app.web.callbacks.reading import inbound_request, is_secure, read_body

PROBE = "probe"
"""The name of the blueprint."""


def probe_blueprint(services: Services) -> Blueprint:
    """Return the two addresses of the probe; plain http is answered too, since that is one of the things to find out."""
    blueprint = Blueprint(PROBE, __name__)
    proxies = services.settings.trusted_proxies

    @blueprint.post(WELL_KNOWN)
    @blueprint.post(BESIDE_CALLBACKS)
    def probe() -> Response:
        """Answer what arrived."""
        environ = request.environ
        body = read_body(environ, MOST_BODY)
        arrived = inbound_request(environ, body, services.clock, proxies)
        token = request.args.get(TOKEN_QUERY) or request.headers.get(TOKEN_HEADER, "")
        answer = jsonify(answer_probe(services, arrived, token, is_secure=is_secure(environ, proxies)))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
