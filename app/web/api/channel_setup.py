"""The management API for one channel and the configuration as a whole: set-up, arrivals, check, switches, reload, settings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RequestError
from app.pipeline.api_tokens import check_rate
from app.pipeline.operators.arrivals import arrivals_page
from app.pipeline.operators.channel_check import check_now
from app.pipeline.operators.reload import ask_for_reload, check_can_reload, compare
from app.pipeline.operators.settings_view import settings_in_force
from app.pipeline.operators.setup import channel_setup
from app.pipeline.operators.switches import SwitchOrder, override_view, switch_off, switch_on
from app.pipeline.services import Services
from app.web.errors import trace_id
from app.web.guards import json_body, require_token
from app.web.openapi.described import described, query
from app.web.openapi.words import OBJECT, body, text

CHECK_RATE = "10 per minute"


ABOUT = "Set-up"
UNKNOWN = {400: "*", 404: "*", 409: "*"}
REASON = body("SwitchChannel", reason=text(most=200))


def channel_setup_blueprint(services: Services) -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("channel_setup_api", __name__, url_prefix="/api/v1")
    _add_set_up(blueprint, services)
    _add_configuration(blueprint, services)
    _add_switches(blueprint, services)
    return blueprint


def _add_set_up(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/channels/<name>/setup")
    @require_token(services, "read")
    @described(ABOUT, {200: OBJECT}, refusals=UNKNOWN)
    def setup(name: str) -> Response:
        """Show what a channel needs and how far it has come."""
        return jsonify(channel_setup(services, name).as_json())

    @blueprint.get("/channels/<name>/arrivals")
    @require_token(services, "read")
    @described(
        ABOUT, {200: OBJECT}, query=(query("after", "Where the page before ended."),), refusals=UNKNOWN
    )
    def arrived(name: str) -> Response:
        """List what arrived at a channel, newest first."""
        return jsonify(arrivals_page(services, name, request.args.get("after")))

    @blueprint.post("/channels/<name>/check")
    @require_token(services, "operate")
    @described(ABOUT, {200: OBJECT}, refusals=UNKNOWN)
    def check(name: str) -> Response:
        """Ask the platform now whether it takes the channel's keys."""
        check_rate(services, g.api_token, "check", usual=CHECK_RATE)
        return jsonify(check_now(services, name).as_json())


def _add_configuration(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/settings")
    @require_token(services, "operate")
    @described(ABOUT, {200: OBJECT})
    def settings() -> Response:
        """List the settings in force, and where each came from."""
        return jsonify({"items": [each.as_json() for each in settings_in_force(services)]})

    @blueprint.get("/channels/diff")
    @require_token(services, "operate")
    @described(ABOUT, {200: OBJECT}, refusals={409: "*"})
    def diff() -> Response:
        """Tell what a reload would change, and what is at fault in the files."""
        return jsonify(compare(services).as_json())

    @blueprint.post("/reload")
    @require_token(services, "operate")
    @described(ABOUT, {202: OBJECT}, refusals={409: "*", 503: "*"})
    def reload() -> tuple[Response, int]:
        """Have every serving process replaced by one that reads the files anew."""
        check_can_reload(services)
        return jsonify(ask_for_reload(services, actor=g.api_token.name, trace_id=trace_id()).as_json()), 202


def _add_switches(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/channels/<name>/disable")
    @require_token(services, "operate")
    @described(ABOUT, {200: OBJECT}, body=REASON, refusals=UNKNOWN)
    def disable(name: str) -> Response:
        """Switch a channel off beside its file."""
        override = switch_off(services, name, _order())
        return jsonify({"channel": name, "override": override_view(override)})

    @blueprint.post("/channels/<name>/enable")
    @require_token(services, "operate")
    @described(ABOUT, {200: OBJECT}, body=REASON, refusals=UNKNOWN)
    def enable(name: str) -> Response:
        """Take back that a channel is switched off."""
        override = switch_on(services, name, _order())
        return jsonify({"channel": name, "override": override_view(override)})


def _order() -> SwitchOrder:
    body: dict[str, Any] = json_body()
    if set(body) - {"reason"}:
        raise RequestError("unknown_field", "The body may hold reason and nothing else.")
    return SwitchOrder(g.api_token.name, body.get("reason", ""), trace_id())
