"""Refused deliveries over HTTP (CONTRACT §9): one by one, and grouped by their cause."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RequestError
from app.pipeline.operators.rejections import grouped_rejections, list_rejections_page, show_rejection
from app.pipeline.services import Services
from app.web.forms import given
from app.web.guards import page_size, require_token
from app.web.openapi.described import BAD_LIST, CHANNEL, PAGED, SINCE, described, query
from app.web.openapi.words import (
    BASE64,
    TEXT,
    TIME,
    WHOLE,
    either,
    list_of,
    many,
    maybe,
    one_of,
    page_of,
    text,
    thing,
)

ABOUT = "Refused deliveries"
BOTH = thing("InBothLanguages", en=TEXT, zh=TEXT)
REJECTION = thing(
    "Rejection",
    id=WHOLE,
    channel=TEXT,
    status=WHOLE,
    error=TEXT,
    reason=TEXT,
    cause=maybe(BOTH),
    cure=maybe(BOTH),
    method=TEXT,
    path=TEXT,
    remote_addr=TEXT,
    received_at=TIME,
    headers=many(many(TEXT)),
    body_base64=BASE64,
    body_length=WHOLE,
    trace_id=TEXT,
)
REJECTIONS = page_of("Rejections", REJECTION)
CAUSE = thing(
    "CauseOfRejections",
    channel=TEXT,
    error=TEXT,
    reason=TEXT,
    count=WHOLE,
    example=TEXT,
    last_id=WHOLE,
    first_at=TIME,
    last_at=TIME,
)
CAUSES = list_of("CausesOfRejections", CAUSE)
TELLS_REJECTIONS = described(
    ABOUT,
    {200: either(REJECTIONS, CAUSES)},
    query=(
        CHANNEL,
        SINCE,
        query("reason", "Only this cause: the word that reasons begin with.", text(most=64)),
        query("group", "reason: the causes with their numbers, not the deliveries.", one_of(["reason"])),
        *PAGED,
    ),
    refusals={400: BAD_LIST},
)


def rejections_blueprint(services: Services) -> Blueprint:
    """Return the routes about what was refused."""
    blueprint = Blueprint("rejections_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/rejections")
    @require_token(services, "read")
    @TELLS_REJECTIONS
    def rejections() -> Response:
        """List refused deliveries, newest first, or their causes, the most frequent first."""
        wanted = given("channel", "since", "reason", "group", "cursor")
        channel, since = wanted.get("channel"), wanted.get("since")
        if "group" in wanted:
            if wanted["group"] != "reason":
                raise RequestError("bad_filter", "group must be reason, or be left out.")
            return jsonify(grouped_rejections(services, channel=channel, since=since))
        page = list_rejections_page(
            services,
            channel,
            since=since,
            reason=wanted.get("reason"),
            cursor=request.args.get("cursor"),
            limit=page_size(),
        )
        return jsonify(page)

    @blueprint.get("/rejections/<rejection_id>")
    @require_token(services, "read")
    @described(ABOUT, {200: REJECTION}, refusals={404: "unknown_rejection"})
    def rejection(rejection_id: str) -> Response:
        """Show one refused delivery."""
        return jsonify(show_rejection(services, rejection_id))

    return blueprint
