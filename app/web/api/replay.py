"""Replay over HTTP: one event, or many by filter (CONTRACT §11)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify

from app.core.errors import RequestError
from app.core.states import EventState
from app.pipeline.operators.replay import (
    check_size,
    preview_event,
    preview_replay,
    replay_event,
    replay_events,
)
from app.pipeline.operators.replay_order import (
    FILTER_KEYS,
    ReplayOrder,
    bulk_defaults,
    read_dry_run,
    read_filter,
    read_limit,
    read_order,
)
from app.pipeline.services import Services
from app.storage.inbox.events import EventFilter
from app.web.errors import trace_id
from app.web.guards import json_body, require_token
from app.web.openapi.described import described
from app.web.openapi.words import (
    FLAG,
    TEXT,
    TIME,
    WHOLE,
    body,
    many,
    maybe,
    one_of,
    text,
    thing,
    whole,
)

ONE = frozenset({"reason", "route", "dispatches", "dry_run"})
MANY = ONE | {"rate", "limit", "filter", *FILTER_KEYS}


ABOUT = "Replay"
FILTER = {
    "channel": text(least=1, most=1000),
    "type": text(least=1, most=1000),
    "state": one_of(EventState),
    "q": text(least=1, most=1000),
    "since": TIME,
    "until": TIME,
}
ORDER = {
    "reason": text(least=1, most=200),
    "route": text(most=191),
    "dispatches": one_of(["all", "dead"]),
    "dry_run": FLAG,
}
ONE_WANTED = body("ReplayEvent", **ORDER)
MANY_WANTED = body(
    "ReplayEvents",
    **ORDER,
    **FILTER,
    filter=body("ReplayFilter", **FILTER),
    rate={"type": "number", "minimum": 0.1, "maximum": 10_000},
    limit=whole(least=1, most=10_000),
)
REPLAYED = thing(
    "Replayed",
    events=WHOLE,
    dispatches=WHOLE,
    running=WHOLE,
    pruned=WHOLE,
    nothing_to_run=WHOLE,
    last_due_at=maybe(TIME),
)
PREVIEW = thing("ReplayPreview", dry_run=FLAG, count=WHOLE, sample=many(TEXT))
BAD_ORDER = "bad_reason bad_dispatches bad_dry_run unknown_route unknown_field"
TELLS_ONE = described(
    ABOUT,
    {200: PREVIEW, 202: REPLAYED},
    body=ONE_WANTED,
    refusals={
        400: f"{BAD_ORDER} bad_rate",
        404: "unknown_event",
        409: "body_pruned nothing_to_replay",
    },
)
TELLS_MANY = described(
    ABOUT,
    {200: PREVIEW, 202: REPLAYED},
    body=MANY_WANTED,
    refusals={400: f"{BAD_ORDER} bad_filter bad_state bad_time bad_rate bad_limit too_many_events"},
)


def replay_blueprint(services: Services) -> Blueprint:
    """Return the two replaying routes."""
    blueprint = Blueprint("replay_api", __name__, url_prefix="/api/v1")

    @blueprint.post("/events/<event_id>/replay")
    @require_token(services, "replay")
    @TELLS_ONE
    def one(event_id: str) -> tuple[Response, int]:
        """Let one event run again."""
        body = _body(ONE)
        if read_dry_run(body.get("dry_run", False)):
            return jsonify({"dry_run": True} | preview_event(services, event_id)), 200
        return jsonify(replay_event(services, event_id, _order(services, body)).as_json()), 202

    @blueprint.post("/events/replay")
    @require_token(services, "replay")
    @TELLS_MANY
    def many() -> tuple[Response, int]:
        """Let all events that a filter finds run again, at a rate."""
        body = _body(MANY)
        wanted = _filter(body)
        limit = read_limit(body.get("limit"))
        if read_dry_run(body.get("dry_run", False)):
            return jsonify({"dry_run": True} | preview_replay(services, wanted)), 200
        order = _order(services, bulk_defaults(wanted) | body)
        if limit is None:
            check_size(services, wanted)
        return jsonify(replay_events(services, wanted, order, limit=limit).as_json()), 202

    return blueprint


def _body(known: frozenset[str]) -> dict[str, Any]:
    body = {name: value for name, value in json_body().items() if value is not None}
    if not known.issuperset(body):
        raise RequestError("unknown_field", f"The body may hold {', '.join(sorted(known))} and nothing else.")
    return body


def _filter(body: dict[str, Any]) -> EventFilter:
    """Read the filter, written as an object of its own or as members of the body."""
    nested = body.get("filter", {})
    beside = {name: body[name] for name in FILTER_KEYS if name in body}
    if not isinstance(nested, dict) or not beside.keys().isdisjoint(nested):
        raise RequestError("bad_filter", "filter must be an object, and nothing in it may be given twice.")
    return read_filter(nested | beside)


def _order(services: Services, body: dict[str, Any]) -> ReplayOrder:
    return read_order(services, body, actor=g.api_token.name, trace_id=trace_id())
