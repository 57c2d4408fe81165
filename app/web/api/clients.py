"""The routes of clients (docs/contract.md §7a): which systems log people in through this gateway, registered and removed."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify

from app.pipeline.issuer.clients import client_view, list_clients, register_client, remove_client
from app.pipeline.services import Services
from app.web.guards import json_body, require_token


def clients_blueprint(services: Services) -> Blueprint:
    """Return the routes of clients."""
    blueprint = Blueprint("clients_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/clients")
    @require_token(services, "clients")
    def clients() -> Response:
        """List the clients, those of the channels file first."""
        return jsonify({"items": [client_view(client) for client in list_clients(services)]})

    @blueprint.post("/clients")
    @require_token(services, "clients")
    def register() -> tuple[Response, int]:
        """Register a client; its secret is in this answer alone."""
        client, secret = register_client(services, json_body(), actor=g.api_token.name)
        response = jsonify(client_view(client) | {"client_secret": secret})
        response.headers["Cache-Control"] = "no-store"
        return response, 201

    @blueprint.delete("/clients/<client_id>")
    @require_token(services, "clients")
    def remove(client_id: str) -> tuple[str, int]:
        """Remove a registered client; its tokens are good no more."""
        remove_client(services, client_id, actor=g.api_token.name)
        return "", 204

    return blueprint
