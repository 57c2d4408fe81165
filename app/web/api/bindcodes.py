"""Binding over HTTP (CONTRACT §8): the API for services, and the health of app tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RefusedError, RequestError
from app.core.states import BindStatus
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
from app.web.openapi.described import BAD_PAGE, CHANNEL, PAGED, UPSTREAM, described, query
from app.web.openapi.words import (
    FLAG,
    TEXT,
    TIME,
    WHOLE,
    body,
    list_of,
    maybe,
    one_of,
    page_of,
    text,
    thing,
)

KEYS = frozenset({"app", "channel", "ttl", "user_ref"})
BAD = {"app": "bad_app", "channel": "bad_channel"}


ABOUT = "Bind codes and OpenIDs"
CODE_WANTED = body(
    "MakeBindCode",
    needed=["app"],
    app=text(least=1, most=64),
    channel=text(least=1, most=64),
    ttl=maybe(WHOLE),
    user_ref=maybe(text(most=191)),
)
CODE_STATE = {
    "status": one_of(BindStatus),
    "code": TEXT,
    "app": TEXT,
    "channel": TEXT,
    "user_ref": maybe(TEXT),
}
MADE_CODE = thing(
    "MadeBindCode",
    ["warning"],
    **CODE_STATE,
    scene=TEXT,
    expires_at=TIME,
    qr_url=maybe(TEXT),
    page_url=TEXT,
    warning=TEXT,
)
CODE = thing(
    "BindCode",
    **CODE_STATE,
    open_id=maybe(TEXT),
    created_at=TIME,
    expires_at=TIME,
    bound_at=maybe(TIME),
)
OPENID = thing(
    "OpenId",
    app=TEXT,
    channel=TEXT,
    open_id=TEXT,
    union_id=maybe(TEXT),
    subscribed=FLAG,
    user_ref=maybe(TEXT),
    bound_at=TIME,
)
OPENIDS = page_of("OpenIds", OPENID)
APP_TOKEN = thing(
    "AppToken",
    channel=TEXT,
    platform=TEXT,
    state=one_of(["never_fetched", "valid", "renewal_failing", "failing", "expired", "refused"]),
    version=maybe(WHOLE),
    fetched_at=maybe(TIME),
    expires_at=maybe(TIME),
    renew_at=maybe(TIME),
    last_error=maybe(TEXT),
    last_error_at=maybe(TIME),
    refused_since=maybe(TIME),
    next_forced_refresh_at=maybe(TIME),
)
APP_TOKENS = list_of("AppTokens", APP_TOKEN)


def bindcodes_blueprint(services: Services) -> Blueprint:
    """Return the routes of binding that need an API token."""
    blueprint = Blueprint("bindcodes", __name__)
    _add_api(blueprint, services)
    _add_index(blueprint, services)
    return blueprint


def _add_api(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/api/v1/bindcodes")
    @require_token(services, "bind")
    @described(
        ABOUT,
        {201: MADE_CODE},
        body=CODE_WANTED,
        refusals={
            400: "bad_app bad_channel bad_ttl bad_user_ref unknown_field",
            404: "unknown_channel",
            500: "no_unused_code",
        }
        | UPSTREAM,
    )
    def create() -> tuple[Response, int]:
        """Make a bind code."""
        wanted = _wanted({"channel": services.settings.wechat_default_channel} | json_body())
        return jsonify(made_bindcode_view(services, create_bind_code(services, **wanted))), 201

    @blueprint.get("/api/v1/bindcodes/<code>")
    @require_token(services, "bind")
    @described(ABOUT, {200: CODE}, refusals={404: "unknown_bindcode"})
    def show(code: str) -> Response:
        """Say how a bind code stands."""
        found = bind_code_status(services, code)
        if found is None:
            raise RefusedError("unknown_bindcode", "There is no such bind code.", http_status=404)
        return jsonify(bindcode_view(found))


def _add_index(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/api/v1/openids")
    @require_token(services, "bind")
    @described(
        ABOUT,
        {200: OPENIDS},
        query=(query("app", "Only this app.", text(most=64)), CHANNEL, *PAGED),
        refusals={400: BAD_PAGE},
    )
    def openids() -> Response:
        """List who is bound, newest first."""
        app, channel = request.args.get("app") or None, request.args.get("channel") or None
        cursor = request.args.get("cursor") or None
        return jsonify(
            list_openids_page(services, app=app, channel=channel, cursor=cursor, limit=page_size())
        )

    @blueprint.delete("/api/v1/openids/<app>/<path:open_id>")
    @require_token(services, "bind")
    @described(ABOUT, {204: None}, refusals={404: "unknown_openid"})
    def remove(app: str, open_id: str) -> tuple[str, int]:
        """Take one person out of an app's index."""
        remove_openid(services, app=app, open_id=open_id, actor=g.api_token.name, trace_id=trace_id())
        return "", 204

    @blueprint.get("/api/v1/tokens")
    @require_token(services, "read")
    @described("App tokens", {200: APP_TOKENS})
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
        raise RequestError(BAD[name], f"{name} is needed and must be text.")
    return value
