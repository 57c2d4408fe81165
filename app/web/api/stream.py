"""What happens, as server-sent events (CONTRACT §9), for programs with an API token."""

from __future__ import annotations

from flask import Blueprint, Response, g

from app.pipeline.api_tokens import caller_of_id
from app.pipeline.operators.live import TOPICS
from app.pipeline.services import Services
from app.web.guards import require_token
from app.web.live_answers import live_response
from app.web.openapi.described import EVENT_STREAM, Answer, described, header, query
from app.web.openapi.words import text

SCOPE = "read"
PATTERN = f"^({'|'.join(TOPICS)})(,({'|'.join(TOPICS)}))*$"


def stream_blueprint(services: Services) -> Blueprint:
    """Return the route."""
    blueprint = Blueprint("stream_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/stream")
    @require_token(services, SCOPE)
    @described(
        "Live",
        {200: Answer(EVENT_STREAM)},
        query=(
            query(
                "topics",
                "Topics with commas between them; all where it is left out.",
                text(most=100, pattern=PATTERN),
            ),
            header("Last-Event-ID", "The id of the last one that was heard.", text(most=40)),
        ),
        refusals={400: "bad_topic"},
    )
    def stream() -> Response:
        """Tell what happens, as server-sent events, until the caller leaves."""
        caller_id = g.api_token.id

        def may_listen() -> bool:
            caller = caller_of_id(services, caller_id)
            return caller is not None and SCOPE in caller.scopes

        return live_response(services, may_listen)

    return blueprint
