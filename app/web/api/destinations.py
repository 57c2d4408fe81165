"""Destinations over HTTP (CONTRACT §9): where each stands; pausing, resuming and testing one."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify

from app.pipeline.operators.destinations import (
    destination_json,
    list_destinations,
    pause_destination,
    resume_destination,
    try_destination,
)
from app.pipeline.services import Services
from app.web.guards import known_members, require_token
from app.web.openapi.described import described
from app.web.openapi.words import (
    FLAG,
    TEXT,
    TIME,
    WHOLE,
    body,
    list_of,
    many,
    maybe,
    one_of,
    text,
    thing,
)

ABOUT = "Destinations"
DESTINATION = thing(
    "Destination",
    name=TEXT,
    url=TEXT,
    match=many(TEXT),
    state=one_of(["open", "breaker", "paused"]),
    reason=maybe(TEXT),
    failures=WHOLE,
    waiting=WHOLE,
    since=maybe(TIME),
)
DESTINATIONS = list_of("Destinations", DESTINATION)
PAUSE = body("PauseDestination", needed=["reason"], reason=text(least=1, most=200))
PAUSED = thing("PausedDestination", name=TEXT, state=one_of(["paused"]))
RESUMED = thing("ResumedDestination", name=TEXT, released=WHOLE)
TESTED = thing(
    "TestedDestination",
    name=TEXT,
    taken=FLAG,
    status=maybe(WHOLE),
    error=maybe(TEXT),
    duration_ms=WHOLE,
)
UNKNOWN = {404: "unknown_destination"}
TELLS_PAUSE = described(
    ABOUT,
    {200: PAUSED},
    body=PAUSE,
    refusals=UNKNOWN | {400: "bad_reason unknown_field", 409: "destination_paused"},
)


def destinations_blueprint(services: Services) -> Blueprint:
    """Return the routes about destinations."""
    blueprint = Blueprint("destinations_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/destinations")
    @require_token(services, "read")
    @described(ABOUT, {200: DESTINATIONS})
    def destinations() -> Response:
        """List destinations: open, breaker or paused, why, and how many events wait."""
        return jsonify({"items": [destination_json(each) for each in list_destinations(services)]})

    @blueprint.post("/destinations/<name>/pause")
    @require_token(services, "operate")
    @TELLS_PAUSE
    def pause(name: str) -> Response:
        """Forward nothing to a destination until it is resumed; what comes waits."""
        reason = known_members({"reason"}).get("reason")
        pause_destination(services, name, reason=reason, actor=g.api_token.name)
        return jsonify({"name": name, "state": "paused"})

    @blueprint.post("/destinations/<name>/resume")
    @require_token(services, "operate")
    @described(ABOUT, {200: RESUMED}, refusals=UNKNOWN)
    def resume(name: str) -> Response:
        """Let forwarding to a destination go on; what waits is due at once."""
        released = resume_destination(services, name, actor=g.api_token.name)
        return jsonify({"name": name, "released": released})

    @blueprint.post("/destinations/<name>/test")
    @require_token(services, "operate")
    @described(ABOUT, {200: TESTED}, refusals=UNKNOWN)
    def test(name: str) -> Response:
        """Send a destination one signed event of the type callgate.test now, and say what it answered."""
        return jsonify(try_destination(services, name, actor=g.api_token.name))

    return blueprint
