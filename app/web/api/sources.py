"""Sources over HTTP (CONTRACT §9): senders described by data, the keys of one, and judging one recorded request."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify

from app.core.errors import RequestError
from app.pipeline.operators.sources import every_source, find_source, source_line, source_view, try_source
from app.pipeline.services import Services
from app.web.guards import known_members, require_token
from app.web.openapi.described import described
from app.web.openapi.words import (
    FLAG,
    NUMBER,
    TEXT,
    body,
    extended,
    list_of,
    many,
    maybe,
    one_of,
    said,
    table,
    text,
    thing,
)

ABOUT = "Sources"
MOST_REQUEST = 262_144
MOST_KEYS, LONGEST_KEY = 50, 20_000
LATEST = 253_402_300_799
"""The last second of the year 9999."""

SOURCE = thing(
    "Source",
    slug=TEXT,
    name=TEXT,
    name_zh=TEXT,
    region=one_of(["cn", "global"]),
    confidence=one_of(["source", "unconfirmed"]),
    kind=TEXT,
)
SOURCES = list_of("Sources", SOURCE)
SOURCE_DETAIL = extended(
    "SourceDetail",
    SOURCE,
    callback_url=TEXT,
    console=maybe(TEXT),
    covers=TEXT,
    event_key=maybe(TEXT),
    event_type=maybe(TEXT),
    deadline_s=maybe(NUMBER),
    facts=maybe(TEXT),
    read=maybe(TEXT),
    note=maybe(TEXT),
    note_zh=maybe(TEXT),
    keys=table(TEXT),
)
TRIAL_WANTED = body(
    "TrySource",
    request=said("The request as it stands on the wire.", text(most=MOST_REQUEST)),
    request_base64=said("The same in Base64, where it is no text.", text(most=MOST_REQUEST)),
    keys=said(
        "Keys of the channel; made-up ones where none are given. They are kept nowhere.",
        table(text(most=LONGEST_KEY)),
    ),
    at=said(
        "When it came, in Unix seconds; now where it is left out.",
        {"type": "number", "minimum": 0, "maximum": LATEST},
    ),
)
TRIAL = thing("Trial", slug=TEXT, taken=FLAG, sentences=many(TEXT))
MEMBERS = frozenset(TRIAL_WANTED["properties"])


def sources_blueprint(services: Services) -> Blueprint:
    """Return the routes about sources."""
    blueprint = Blueprint("sources_api", __name__, url_prefix="/api/v1")
    base = services.settings.public_base_url

    @blueprint.get("/sources")
    @require_token(services, "read")
    @described(ABOUT, {200: SOURCES})
    def sources() -> Response:
        """List senders that are described by data."""
        return jsonify({"items": [source_line(each) for each in every_source().values()]})

    @blueprint.get("/sources/<slug>")
    @require_token(services, "read")
    @described(ABOUT, {200: SOURCE_DETAIL}, refusals={404: "unknown_source"})
    def source(slug: str) -> Response:
        """Show one source: the keys of a channel, what is proven, and where the facts come from."""
        return jsonify(source_view(find_source(slug), base))

    @blueprint.post("/sources/<slug>/try")
    @require_token(services, "read")
    @described(
        ABOUT,
        {200: TRIAL},
        body=TRIAL_WANTED,
        refusals={400: "bad_request bad_keys bad_time unknown_field", 404: "unknown_source"},
    )
    def try_one(slug: str) -> Response:
        """Judge one recorded request and say what was signed; nothing is stored."""
        chosen, wanted = find_source(slug), known_members(MEMBERS, most=2 * MOST_REQUEST)
        now = _time(wanted["at"]) if "at" in wanted else services.clock.now()
        trial = try_source(chosen, _request(wanted), _keys(wanted.get("keys", {})), now=now, base=base)
        response = jsonify({"slug": chosen.slug, "taken": trial.is_taken, "sentences": trial.sentences})
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint


def _request(wanted: dict[str, Any]) -> bytes:
    given = [wanted[name] for name in ("request", "request_base64") if name in wanted]
    if len(given) != 1 or not isinstance(given[0], str) or len(given[0]) > MOST_REQUEST:
        raise RequestError(
            "bad_request",
            f"Give request or request_base64, one of the two, {MOST_REQUEST} characters at most.",
        )
    if "request" in wanted:
        return given[0].encode("utf-8", "replace")
    try:
        return base64.b64decode(given[0], validate=True)
    except (binascii.Error, ValueError):
        raise RequestError("bad_request", "request_base64 must be Base64.") from None


def _keys(given: object) -> dict[str, str]:
    fits = isinstance(given, dict) and len(given) <= MOST_KEYS
    if not fits or not all(isinstance(each, str) and len(each) <= LONGEST_KEY for each in given.values()):  # type: ignore[attr-defined]
        raise RequestError("bad_keys", "keys must be an object whose members are texts.")
    return given  # type: ignore[return-value]


def _time(at: object) -> datetime:
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at <= LATEST:
        raise RequestError("bad_time", "at must be a time in Unix seconds.")
    return datetime.fromtimestamp(at, UTC)
