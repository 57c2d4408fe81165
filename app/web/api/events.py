"""The management API for events (CONTRACT §9): lists, one with its evidence, proven again, as a command for curl."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RefusedError
from app.core.states import AttemptOutcome, DispatchState, EventState, Trigger
from app.pipeline.operators.as_curl import curl_of_event
from app.pipeline.operators.event_export import MOST_EVENTS, event_lines
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.web.forms import given, wants_form
from app.web.guards import page_size, require_token
from app.web.openapi.described import (
    BAD_LIST,
    CHANNEL,
    JSON,
    NDJSON,
    PAGED,
    SINCE,
    UNTIL,
    Answer,
    described,
    query,
)
from app.web.openapi.words import (
    ANY,
    BASE64,
    FLAG,
    ID,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    extended,
    many,
    maybe,
    one_of,
    page_of,
    text,
    thing,
)

FILTERS = ("channel", "type", "state", "q", "key", "subject", "data", "since", "until")
ABOUT = "Events"
EVENT = thing(
    "Event",
    id=ID,
    channel=TEXT,
    platform=TEXT,
    type=TEXT,
    key=TEXT,
    subject=maybe(TEXT),
    state=one_of(EventState),
    received_at=TIME,
    occurred_at=maybe(TIME),
    duplicates=WHOLE,
)
SEARCHED = {"partial": FLAG, "searched_back_to": maybe(TIME)}
EVENTS = page_of("Events", EVENT) | {"title": "Events"}
EVENTS["properties"] |= SEARCHED
ATTEMPT = thing(
    "Attempt",
    number=WHOLE,
    started_at=TIME,
    duration_ms=maybe(WHOLE),
    outcome=one_of(AttemptOutcome),
    error=maybe(TEXT),
    traceback=maybe(TEXT),
    trigger=one_of(Trigger),
)
DISPATCH_OF_EVENT = thing(
    "DispatchOfEvent",
    id=ID,
    route=TEXT,
    on_dead_of=maybe(TEXT),
    state=one_of(DispatchState),
    next_attempt_at=maybe(TIME),
    attempts=many(ATTEMPT),
)
RECEIPT = thing(
    "Receipt", answered_at=TIME, status=WHOLE, duration_ms=NUMBER, trace_id=TEXT, answer=maybe(TEXT)
)
EVENT_DETAIL = extended(
    "EventDetail",
    EVENT,
    receipt=maybe(RECEIPT),
    scheme=TEXT,
    version=TEXT,
    remote_addr=TEXT,
    data=ANY,
    headers=many(many(TEXT)),
    path_rest=TEXT,
    query=TEXT,
    body_base64=maybe(BASE64),
    body_pruned=FLAG,
    masked=many(TEXT),
    dispatches=many(DISPATCH_OF_EVENT),
)
VERIFIED = thing(
    "Verified", id=ID, verified=FLAG, scheme=TEXT, evidence=one_of(["exact", "sealed"]), reason=maybe(TEXT)
)
CURL = thing("Curl", id=ID, curl=TEXT, left_out=many(TEXT))
LOOKED_FOR = (
    CHANNEL,
    query("type", "Only this type; * stands for anything.", text(most=255)),
    query("state", "Only this state.", one_of(EventState)),
    query("q", "Only where id, key, type or subject holds this text."),
    query("key", "Only this exact event key.", text(most=255)),
    query("subject", "Only events about this one.", text(most=255)),
    query(
        "data",
        "Only where the data hold this text; looked for among the newest 20,000 events.",
        text(most=200),
    ),
    SINCE,
    UNTIL,
    *PAGED,
    query(
        "format",
        "ndjson: one event a line, with its data; limit goes to 10,000 then.",
        one_of(["json", "ndjson"]),
    ),
)


def events_blueprint(services: Services) -> Blueprint:
    """Return the reading routes."""
    blueprint = Blueprint("events_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/events")
    @require_token(services, "read")
    @described(
        ABOUT,
        {200: (Answer(JSON, EVENTS), Answer(NDJSON))},
        query=LOOKED_FOR,
        refusals={400: f"{BAD_LIST} bad_state bad_format"},
    )
    def events() -> Response:
        """List events, newest first; as NDJSON with their data."""
        wanted, cursor = given(*FILTERS), request.args.get("cursor")
        if wants_form(NDJSON, "ndjson"):
            most = page_size(MOST_EVENTS, most=MOST_EVENTS)
            return Response(event_lines(services, wanted, cursor=cursor, limit=most), content_type=NDJSON)
        return jsonify(list_events_page(services, wanted, cursor=cursor, limit=page_size()))

    _add_one_event(blueprint, services)
    return blueprint


def _add_one_event(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/events/<event_id>")
    @require_token(services, "read")
    @described(ABOUT, {200: EVENT_DETAIL}, refusals={404: "unknown_event"})
    def event(event_id: str) -> Response:
        """Show one event with its evidence, dispatches and attempts."""
        detail = event_detail(services, event_id)
        if detail is None:
            raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
        return jsonify(detail)

    @blueprint.get("/events/<event_id>/verify")
    @require_token(services, "read")
    @described(
        ABOUT,
        {200: VERIFIED},
        refusals={
            404: "unknown_event",
            409: "body_pruned channel_gone evidence_sealed",
            502: "upstream_unavailable upstream_bad_answer",
        },
    )
    def verify(event_id: str) -> Response:
        """Prove one event again from its evidence, and say whether that worked."""
        return jsonify(verify_event(services, event_id))

    @blueprint.get("/events/<event_id>/curl")
    @require_token(services, "read")
    @described(ABOUT, {200: CURL}, refusals={404: "unknown_event", 409: "body_pruned"})
    def curl(event_id: str) -> Response:
        """Write one event as a command for curl, without credentials."""
        return jsonify(curl_of_event(services, event_id))
