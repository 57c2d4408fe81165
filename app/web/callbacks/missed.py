"""Tells the pipeline of requests for addresses that do not exist. What is answered stays as it is."""

from __future__ import annotations

from flask import Flask, Response, g, request

from app.pipeline.inbound.missed import note_missed
from app.pipeline.services import Services
from app.web.callbacks.reading import inbound_request

NOT_FOUND = 404


def install_missed(app: Flask, services: Services) -> None:
    """Look at each answer 404 of an address without a route."""

    @app.after_request
    def _note(response: Response) -> Response:
        if response.status_code == NOT_FOUND and request.url_rule is None:
            settings = services.settings
            missed = inbound_request(request.environ, b"", services.clock, settings.trusted_proxies)
            note_missed(services, missed, trace_id=str(g.get("trace_id", "")))
        return response
