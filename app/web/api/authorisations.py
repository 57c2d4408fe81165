"""Accounts that authorise a channel over HTTP: links for their owners, and how the accounts are doing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RequestError
from app.core.moments import as_text
from app.pipeline.operators.accounts import accounts_view
from app.pipeline.services import Services
from app.pipeline.tokens.authorisation_links import USUAL, make_link
from app.web.guards import json_body, require_token
from app.web.openapi.described import UPSTREAM, described, query
from app.web.openapi.words import TEXT, TIME, body, list_of, maybe, one_of, text, thing, whole

ABOUT = "Authorised accounts"
LINK_WANTED = body("MakeAuthorisationLink", ttl=whole(least=1, most=10**9 - 1))
LINK = thing("AuthorisationLink", url=TEXT, expires_at=TIME)
ACCOUNT = thing(
    "AuthorisedAccount",
    account=TEXT,
    title=maybe(TEXT),
    original_id=maybe(TEXT),
    authorised_at=maybe(TIME),
    ended_at=maybe(TIME),
    expires_at=maybe(TIME),
    last_error=maybe(TEXT),
    state=one_of(["ended", "failing", "valid", "expired"]),
)
ACCOUNTS = list_of("AuthorisedAccounts", ACCOUNT)


def authorisations_blueprint(services: Services) -> Blueprint:
    """Return the routes about authorised accounts that need an API token."""
    blueprint = Blueprint("authorisations", __name__)

    @blueprint.post("/api/v1/authorisations/<channel>")
    @require_token(services, "bind")
    @described(
        ABOUT,
        {201: LINK},
        body=LINK_WANTED,
        may_lack_body=True,
        refusals={400: "bad_ttl unknown_field", 404: "unknown_channel"} | UPSTREAM,
    )
    def create(channel: str) -> tuple[Response, int]:
        """Make a link to hand to the owner of an account."""
        link = make_link(services, channel, _lasts(json_body() if request.content_length else {}))
        return jsonify({"url": link.url, "expires_at": as_text(link.ends_at)}), 201

    @blueprint.get("/api/v1/authorisations/<channel>")
    @require_token(services, "read")
    @described(
        ABOUT,
        {200: ACCOUNTS},
        query=(query("after", "The last account of the page before.", text(most=255)),),
        refusals={404: "unknown_channel"},
    )
    def accounts(channel: str) -> Response:
        """List the accounts of a channel; never their tokens."""
        items = accounts_view(services, channel, after=request.args.get("after", ""))
        return jsonify({"items": items})

    return blueprint


def _lasts(body: dict[str, Any]) -> timedelta:
    """Return how long a link is to last; raises RequestError."""
    if set(body) - {"ttl"}:
        raise RequestError("unknown_field", "The body may hold ttl and nothing else.")
    ttl = body.get("ttl", int(USUAL.total_seconds()))
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not 0 < ttl < 10**9:
        raise RequestError("bad_ttl", "ttl must be a whole number of seconds.")
    return timedelta(seconds=ttl)
