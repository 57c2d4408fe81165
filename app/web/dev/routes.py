"""What the development page calls: arrivals, the simulator's samples, firing one, a bind code. Only in development.

These routes show stored data and act without a login, so they answer only a page of this gateway that was opened on
this machine: not other machines whatever they call it, not other sites, not other names for this address, not a tunnel.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _

from app.core.errors import RefusedError
from app.core.moments import iso_moment
from app.core.ports import BindSource
from app.pipeline.binding.codes import bind_code_status, create_bind_code
from app.pipeline.operators.bindings import bindcode_view, made_bindcode_view
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from app.security.redaction import redact_event, redact_headers, redact_query
from app.web.callbacks.reading import client_address
from app.web.dev.simulator import Simulator
from app.web.guards import json_body

SHOWN = 40
DEMO_APP = "demo"
FORWARDED = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Forwarded",
    "Via",
    "X-Real-IP",
    "CF-Connecting-IP",
)
"""What proxies and tunnels add; one that adds nothing and rewrites Host cannot be told from this machine."""

LOCAL_NAMES = ("localhost", ".localhost")


def dev_blueprint(services: Services) -> Blueprint:
    """Return the routes under /dev; registered by the front page, in development only."""
    blueprint = Blueprint("dev", __name__, url_prefix="/dev")
    simulator = Simulator(services)
    blueprint.before_request(_refuse_strangers)

    @blueprint.get("/arrivals")
    def arrivals() -> Response:
        """List what arrived and what was refused, newest first; 304 when nothing changed."""
        response = jsonify(_arrivals(services, request.args.get("after")))
        response.headers["Cache-Control"] = "private, no-cache"
        response.add_etag()
        response.make_conditional(request)
        return response

    @blueprint.get("/arrivals/<event_id>")
    def arrival(event_id: str) -> Response:
        """Show one event with its data, headers, dispatches and attempts."""
        return jsonify(_arrival(services, event_id))

    @blueprint.get("/samples")
    def samples() -> Response:
        """List what the simulator can send to the channels of this gateway."""
        return jsonify({"channels": simulator.samples()})

    @blueprint.post("/fire")
    def fire() -> Response:
        """Let the simulator send one signed sample, and show what this gateway answered."""
        order = json_body()
        return jsonify({"answers": simulator.fire(order)})

    _add_binding(blueprint, services, simulator)
    return blueprint


def _add_binding(blueprint: Blueprint, services: Services, simulator: Simulator) -> None:
    @blueprint.post("/bindcodes")
    def make_bindcode() -> tuple[Response, int]:
        """Make a bind code for the app `demo` on the first channel that can bind."""
        channel = next(
            (item.name for item in services.channels if item.as_capability(BindSource) is not None), ""
        )
        made = made_bindcode_view(services, create_bind_code(services, app=DEMO_APP, channel_name=channel))
        return jsonify(
            made | {"phone_url": simulator.scan_page(made["scene"]) if made["qr_url"] else None}
        ), 201

    @blueprint.get("/bindcodes/<code>")
    def show_bindcode(code: str) -> Response:
        """Say how a bind code stands."""
        found = bind_code_status(services, code)
        if found is None or found.app != DEMO_APP:
            raise RefusedError("unknown_bindcode", _("There is no such bind code."), http_status=404)
        return jsonify(bindcode_view(found))


def _refuse_strangers() -> None:
    """Let through only this gateway's own page, opened locally; a write must also carry the page's own header."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    foreign = site not in ("same-origin", "none")
    unmarked = request.method != "GET" and request.headers.get("X-Requested-With") != "callgate"
    if foreign or unmarked or not _is_local():
        raise RefusedError("local_only", _("Open this page on the machine where the gateway runs."))


def _is_local() -> bool:
    """Say whether this machine itself asks, under a local name or a private address, and through no proxy.

    Host alone says nothing: whoever connects writes it. The peer alone does not either: a tunnel ends on this machine, and
    a name that somebody points at 127.0.0.1 is opened here. Both must be local.
    """
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        if not ip_address(client_address(request.environ, trusted_proxies=0)).is_loopback:
            return False
        host = urlsplit(f"//{request.host}").hostname or ""
        if host == LOCAL_NAMES[0] or host.endswith(LOCAL_NAMES[1]):
            return True
        return ip_address(host).is_private
    except ValueError:
        return False


def _arrivals(services: Services, after: str | None) -> dict[str, Any]:
    wanted = {"since": after} if after else {}
    events = list_events_page(services, wanted, cursor=None, limit=SHOWN)["items"]
    refused = list_rejections_page(services, None, cursor=None, limit=SHOWN)["items"]
    if after:
        refused = [item for item in refused if iso_moment(item["received_at"]) >= iso_moment(after)]
    return {"events": events, "rejections": [_rejection(item) for item in refused]}


def _rejection(item: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "channel", "status", "error", "reason", "method", "path", "remote_addr", "received_at")
    return {name: item[name] for name in kept} | {
        "headers": [list(pair) for pair in redact_headers((name, value) for name, value in item["headers"])],
        "bytes": item["body_length"],
        "trace_id": item["trace_id"],
    }


def _arrival(services: Services, event_id: str) -> dict[str, Any]:
    detail = event_detail(services, event_id)
    if detail is None:
        raise RefusedError("unknown_event", _("This event is no longer there."), http_status=404)
    detail.pop("body_base64")
    shown = redact_event(None, "", {"data": detail["data"]})
    return detail | {
        "data": shown["data"],
        "headers": redact_headers((name, value) for name, value in detail["headers"]),
        "query": redact_query(detail["query"]),
    }
