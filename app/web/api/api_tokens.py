"""API tokens over HTTP (CONTRACT §9c): those of the database listed, made and revoked. A text is told once, when it is made."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify

from app.config.api_tokens import MOST_CHANNELS, MOST_PATTERNS, SCOPES
from app.core.errors import RefusedError, RequestError
from app.pipeline.api_tokens import (
    NewToken,
    end_api_token_of_id,
    grant_api_token,
    stored_api_tokens,
    token_view,
)
from app.pipeline.services import Services
from app.web.guards import known_members, page_size, require_token
from app.web.openapi.described import LIMIT, described
from app.web.openapi.words import (
    ID,
    TEXT,
    TIME,
    body,
    extended,
    list_of,
    many,
    maybe,
    one_of,
    said,
    text,
    thing,
    whole,
)

ABOUT = "API tokens"
LONGEST_RATE, LONGEST_TEXT, MOST_DAYS = 64, 1000, 3650
TOKEN = thing(
    "ApiToken",
    id=ID,
    name=TEXT,
    prefix=TEXT,
    state=one_of(["works", "revoked", "expired"]),
    scopes=many(TEXT),
    channels=many(TEXT),
    paths=many(TEXT),
    rate=TEXT,
    created_at=TIME,
    expires_at=maybe(TIME),
    revoked_at=maybe(TIME),
    last_used_at=maybe(TIME),
)
TOKENS = list_of("ApiTokens", TOKEN)
MADE = extended("MadeApiToken", TOKEN, token=said("The token's text, told this once.", TEXT))
WANTED = body(
    "MakeApiToken",
    needed=["name", "scopes"],
    name=text(least=1, most=64, pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
    scopes=many(one_of(sorted(SCOPES)), most=len(SCOPES)) | {"minItems": 1},
    channels=many(text(most=64), most=MOST_CHANNELS),
    paths=many(text(most=LONGEST_TEXT), most=MOST_PATTERNS),
    rate=text(most=LONGEST_RATE),
    days=said("When it ends by itself; never where it is left out.", whole(least=1, most=MOST_DAYS)),
)
LISTS = {"scopes": len(SCOPES), "channels": MOST_CHANNELS, "paths": MOST_PATTERNS}


def api_tokens_blueprint(services: Services) -> Blueprint:
    """Return the routes about API tokens."""
    blueprint = Blueprint("api_tokens_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/api-tokens")
    @require_token(services, "tokens")
    @described(ABOUT, {200: TOKENS}, query=(LIMIT,), refusals={400: "bad_limit"})
    def tokens() -> Response:
        """List the tokens of the database, newest first, with their last use."""
        found = stored_api_tokens(services, limit=page_size(200))
        return jsonify({"items": [token_view(services, each) for each in found]})

    @blueprint.post("/api-tokens")
    @require_token(services, "tokens")
    @described(
        ABOUT,
        {201: MADE},
        body=WANTED,
        refusals={400: "bad_token unknown_field", 403: "beyond_own_token"},
    )
    def make() -> tuple[Response, int]:
        """Make a token that may do no more than the one that asks, and lasts no longer."""
        token, written = grant_api_token(services, g.api_token, _new(known_members(WANTED["properties"])))
        response = jsonify(token_view(services, token) | {"token": written})
        response.headers["Cache-Control"] = "no-store"
        return response, 201

    @blueprint.delete("/api-tokens/<token_id>")
    @require_token(services, "tokens")
    @described(ABOUT, {204: None}, refusals={404: "unknown_token"})
    def revoke(token_id: str) -> tuple[str, int]:
        """End a token of the database; relay tokens that it got end with it."""
        if not end_api_token_of_id(services, token_id, actor=g.api_token.name):
            raise RefusedError("unknown_token", "No token of this id works.", http_status=404)
        return "", 204

    return blueprint


def _new(given: dict[str, Any]) -> NewToken:
    name, rate, days = given.get("name"), given.get("rate", ""), given.get("days")
    if not isinstance(name, str) or not isinstance(rate, str) or len(rate) > LONGEST_RATE:
        raise RequestError("bad_token", "name is needed and must be text, and so must rate.")
    if days is not None and (
        not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS
    ):
        raise RequestError("bad_token", f"days must be a whole number from 1 to {MOST_DAYS}.")
    lists = {each: _texts(each, given.get(each, []), most) for each, most in LISTS.items()}
    return NewToken(name, lists["scopes"], lists["channels"], lists["paths"], rate, days)


def _texts(name: str, given: object, most: int) -> tuple[str, ...]:
    fits = isinstance(given, list) and len(given) <= most
    if not fits or not all(isinstance(each, str) and len(each) <= LONGEST_TEXT for each in given):  # type: ignore[attr-defined]
        raise RequestError("bad_token", f"{name} must be a list of {most} texts at most.")
    return tuple(given)  # type: ignore[arg-type]
