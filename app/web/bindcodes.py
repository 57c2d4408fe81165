"""Binding over HTTP (CONTRACT §8): the API for services, the page for people, and the health of app tokens."""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import Blueprint, Response, g, jsonify, render_template, request
from flask_babel import gettext as _

from app.core.errors import RefusedError, RequestError
from app.core.states import BindStatus
from app.pipeline.bind import bind_code_status, bind_page, create_bind_code
from app.pipeline.bindings_view import (
    bindcode_view,
    list_openids_page,
    made_bindcode_view,
    remove_openid,
    tokens_view,
)
from app.pipeline.services import Services
from app.storage.bindcodes import BindCode
from app.web.errors import trace_id
from app.web.guards import json_body, page_size, require_token

KEYS = frozenset({"app", "channel", "ttl", "user_ref"})


def bindcodes_blueprint(services: Services) -> Blueprint:
    """Return every route of binding."""
    blueprint = Blueprint("bindcodes", __name__)
    _add_api(blueprint, services)
    _add_index(blueprint, services)
    _add_page(blueprint, services)
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


def _add_page(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/bind/<page_key>")
    def page(page_key: str) -> Response:
        """Show a code to the person who is to scan or type it."""
        found = _page_code(services, page_key)
        channel = services.channels.get(found.channel)
        shown = render_template(
            "bind.html",
            bindcode=found,
            channel_title=_(channel.title) if channel is not None else found.channel,
            seconds_left=_seconds_left(services, found),
            has_qr=_has_qr(services, found),
        )
        return _private(Response(shown, mimetype="text/html"))

    @blueprint.get("/bind/<page_key>/status")
    def page_status(page_key: str) -> Response:
        """Say how the code of a page stands, and nothing about who took it."""
        found = _page_code(services, page_key)
        left = _seconds_left(services, found)
        return _private(jsonify({"status": found.status.value, "seconds_left": left}))

    @blueprint.get("/bind/<page_key>/qr.svg")
    def page_qr(page_key: str) -> Response:
        """Draw the QR code here, so that the page needs nothing from elsewhere."""
        found = _page_code(services, page_key)
        if found.qr_content is None or not _has_qr(services, found):
            raise _no_page()
        return _private(Response(_svg(found.qr_content), mimetype="image/svg+xml"))


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


def _page_code(services: Services, page_key: str) -> BindCode:
    found = bind_page(services, page_key)
    if found is None:
        raise _no_page()
    return found


def _no_page() -> RefusedError:
    return RefusedError("unknown_page", "There is no such bind page; ask for a new code.", http_status=404)


def _seconds_left(services: Services, bindcode: BindCode) -> int:
    return max(0, int((bindcode.expires_at - services.clock.now()).total_seconds()))


def _has_qr(services: Services, bindcode: BindCode) -> bool:
    is_open = bindcode.status is BindStatus.PENDING and bindcode.qr_content is not None
    return is_open and (bindcode.qr_expires_at is None or services.clock.now() < bindcode.qr_expires_at)


def _svg(content: str) -> bytes:
    drawn = io.BytesIO()
    segno.make(content, error="m", micro=False).save(
        drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True
    )
    return drawn.getvalue()


def _private(response: Response) -> Response:
    """Keep a page that shows a code out of caches, search engines and other sites' logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
