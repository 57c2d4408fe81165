"""Binding over HTTP (CONTRACT §8): the API for services, and the health of app tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RefusedError, RequestError
from app.pipeline.binding.codes import bind_code_status, create_bind_code
from app.pipeline.operators.bindings import (
    bindcode_view,
    list_openids_page,
    made_bindcode_view,
    remove_openid,
    tokens_view,
)
from app.pipeline.services import Services
from app.web.errors import trace_id
from app.web.guards import json_body, page_size, require_token

KEYS = frozenset({"app", "channel", "ttl", "user_ref"})


def bindcodes_blueprint(services: Services) -> Blueprint:
    """Return the routes of binding that need an API token."""
    blueprint = Blueprint("bindcodes", __name__)
    _add_api(blueprint, services)
    _add_index(blueprint, services)
    return blueprint


def _add_api(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/api/v1/bindcodes")
    @require_token(services, "bind")
    def create() -> tuple[Response, int]:
        """Make a bind code."""
        wanted = _wanted({"channel": services.settings.wechat_default_channel} | json_body())
        return jsonify(made_bindcode_view(services, create_bind_code(services, **wanted))), 201

    @blueprint.get("/api/v1/bindcodes/<code>")
    @require_token(services, "bind")
    def show(code: str) -> Response:
        """Say how a bind code stands."""
        found = bind_code_status(services, code)
        if found is None:
            raise RefusedError("unknown_bindcode", "There is no such bind code.", http_status=404)
        return jsonify(bindcode_view(found))


def _add_index(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/api/v1/openids")
    @require_token(services, "bind")
    def openids() -> Response:
        """List who is bound, newest first."""
        app, channel = request.args.get("app") or None, request.args.get("channel") or None
        cursor = request.args.get("cursor") or None
        return jsonify(
            list_openids_page(services, app=app, channel=channel, cursor=cursor, limit=page_size())
        )

    @blueprint.delete("/api/v1/openids/<app>/<path:open_id>")
    @require_token(services, "bind")
    def remove(app: str, open_id: str) -> tuple[str, int]:
        """Take one person out of an app's index."""
        remove_openid(services, app=app, open_id=open_id, actor=g.api_token.name, trace_id=trace_id())
        return "", 204

    @blueprint.get("/api/v1/tokens")
    @require_token(services, "read")
    def tokens() -> Response:
        """Say how the app tokens are doing; never their values."""
        return jsonify({"items": tokens_view(services)})


def _wanted(body: dict[str, Any]) -> dict[str, Any]:
    """Check the types of a request for a code; what the values may be is the pipeline's to say."""
    unknown = sorted(set(body) - KEYS)
    if unknown:
        raise RequestError("unknown_field", f"The body may hold {', '.join(sorted(KEYS))} and nothing else.")
    ttl, user_ref = body.get("ttl"), body.get("user_ref")
    if ttl is not None and (not isinstance(ttl, int) or isinstance(ttl, bool)):
        raise RequestError("bad_ttl", "ttl must be a whole number of seconds.")
    if user_ref is not None and not isinstance(user_ref, str):
        raise RequestError("bad_user_ref", "user_ref must be text.")
    return {
        "app": _text(body, "app"),
        "channel_name": _text(body, "channel"),
        "ttl": ttl,
        "user_ref": user_ref,
    }


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise RequestError(f"bad_{name}", f"{name} is needed and must be text.")
    return value
