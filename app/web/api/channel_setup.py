"""The management API for one channel and the configuration as a whole: set-up, arrivals, check, switches, reload, settings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify

from app.core.errors import RequestError
from app.pipeline.operators.switches import SwitchOrder, override_view, switch_off, switch_on
from app.pipeline.services import Services
from app.web.errors import trace_id
from app.web.guards import json_body, require_token


def channel_setup_blueprint(services: Services) -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("channel_setup_api", __name__, url_prefix="/api/v1")
    _add_switches(blueprint, services)
    return blueprint


def _add_switches(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/channels/<name>/disable")
    @require_token(services, "operate")
    def disable(name: str) -> Response:
        """Switch a channel off beside its file."""
        override = switch_off(services, name, _order())
        return jsonify({"channel": name, "override": override_view(override)})

    @blueprint.post("/channels/<name>/enable")
    @require_token(services, "operate")
    def enable(name: str) -> Response:
        """Take back that a channel is switched off."""
        override = switch_on(services, name, _order())
        return jsonify({"channel": name, "override": override_view(override)})


def _order() -> SwitchOrder:
    body: dict[str, Any] = json_body()
    if set(body) - {"reason"}:
        raise RequestError("unknown_field", "The body may hold reason and nothing else.")
    return SwitchOrder(g.api_token.name, body.get("reason", ""), trace_id())
