"""Dispatches and dead letters over HTTP (CONTRACT §9)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.states import DispatchState
from app.pipeline.operators.dead_letters import list_dead_letters_page
from app.pipeline.operators.dispatches import list_dispatches_page
from app.pipeline.services import Services
from app.web.api.events import EVENT, SEARCHED
from app.web.forms import given
from app.web.guards import page_size, require_token
from app.web.openapi.described import BAD_LIST, CHANNEL, PAGED, SINCE, UNTIL, described, query
from app.web.openapi.words import (
    FLAG,
    ID,
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

ABOUT = "Dispatches and dead letters"
DISPATCH = thing(
    "Dispatch",
    id=ID,
    event_id=ID,
    channel=TEXT,
    type=TEXT,
    route=TEXT,
    state=one_of(DispatchState),
    attempts=WHOLE,
    created_at=TIME,
    next_attempt_at=maybe(TIME),
    started_at=maybe(TIME),
    finished_at=maybe(TIME),
)
DISPATCHES = page_of("Dispatches", DISPATCH, partial=FLAG, searched_back_to=maybe(TIME))
FAILURE = thing("Failure", route=TEXT, attempts=WHOLE, error=maybe(TEXT), since=maybe(TIME))
DEAD_LETTER = extended("DeadLetter", EVENT, failures=many(FAILURE))
DEAD_LETTERS = page_of("DeadLetters", DEAD_LETTER)
DEAD_LETTERS["properties"] |= SEARCHED
TELLS_DISPATCHES = described(
    ABOUT,
    {200: DISPATCHES},
    query=(
        query("state", "Only this state.", one_of(DispatchState)),
        query("route", "Only this route.", text(most=191)),
        CHANNEL,
        SINCE,
        UNTIL,
        *PAGED,
    ),
    refusals={400: f"{BAD_LIST} bad_state"},
)
TELLS_DEAD_LETTERS = described(
    ABOUT,
    {200: DEAD_LETTERS},
    query=(
        CHANNEL,
        query("type", "Only this type; * stands for anything.", text(most=255)),
        query("q", "Only where id, key, type or subject holds this text."),
        SINCE,
        UNTIL,
        *PAGED,
    ),
    refusals={400: BAD_LIST},
)


def dispatches_blueprint(services: Services) -> Blueprint:
    """Return the routes about events on their way."""
    blueprint = Blueprint("dispatches_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/dispatches")
    @require_token(services, "read")
    @TELLS_DISPATCHES
    def dispatches() -> Response:
        """List dispatches, newest first."""
        wanted = given("state", "route", "channel", "since", "until")
        cursor = request.args.get("cursor")
        return jsonify(list_dispatches_page(services, wanted, cursor=cursor, limit=page_size()))

    @blueprint.get("/dead-letters")
    @require_token(services, "read")
    @TELLS_DEAD_LETTERS
    def dead_letters() -> Response:
        """List events that failed for good, newest first, with where, why and since when."""
        wanted, cursor = given("channel", "type", "q", "since", "until"), request.args.get("cursor")
        return jsonify(list_dead_letters_page(services, wanted, cursor=cursor, limit=page_size()))

    return blueprint
