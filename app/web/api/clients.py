"""The routes of clients (docs/contract.md §7a): which systems log people in through this gateway, registered and removed."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify

from app.config.clients import LONGEST_ADDRESS, LONGEST_SCOPES, MOST_ADDRESSES
from app.pipeline.issuer.clients import client_view, list_clients, register_client, remove_client
from app.pipeline.services import Services
from app.web.guards import known_members, require_token
from app.web.openapi.described import described
from app.web.openapi.words import (
    FLAG,
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
)

ABOUT = "Clients of the OpenID provider"
PKCE, ALGORITHMS = one_of(["required", "optional"]), one_of(["RS256", "ES256"])
CLIENT = thing(
    "Client",
    client_id=ID,
    title=TEXT,
    public=FLAG,
    redirect_uris=many(TEXT),
    scopes=many(TEXT),
    first_party=FLAG,
    pkce=PKCE,
    id_token_alg=ALGORITHMS,
    logins=many(TEXT),
    post_logout_redirect_uris=many(TEXT),
    backchannel_logout_uri=TEXT,
    created_by=said("Who registered it; null for a client of the channels file.", maybe(TEXT)),
    created_at=maybe(TIME),
)
CLIENTS = list_of("Clients", CLIENT)
MADE = extended(
    "RegisteredClient",
    CLIENT,
    client_secret=said("Told this once; null for a public client.", maybe(TEXT)),
)
ADDRESSES = many(text(least=1, most=LONGEST_ADDRESS), most=MOST_ADDRESSES)
WANTED = body(
    "RegisterClient",
    needed=["redirect_uris"],
    client_id=said(
        "One is made where it is left out.",
        text(least=1, most=64, pattern="^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$"),
    ),
    title=text(most=100),
    public=said("true for a program that cannot keep a secret; it gets none.", FLAG),
    redirect_uris=ADDRESSES | {"minItems": 1},
    scopes=many(text(least=1, most=64, pattern="^[a-z][a-z0-9_.:-]{0,63}$"), most=LONGEST_SCOPES),
    first_party=said("May only be false: people are asked.", FLAG),
    pkce=PKCE,
    id_token_alg=ALGORITHMS,
    logins=many(text(most=64)),
    post_logout_redirect_uris=ADDRESSES,
    backchannel_logout_uri=text(most=LONGEST_ADDRESS),
)


def clients_blueprint(services: Services) -> Blueprint:
    """Return the routes of clients."""
    blueprint = Blueprint("clients_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/clients")
    @require_token(services, "clients")
    @described(ABOUT, {200: CLIENTS})
    def clients() -> Response:
        """List the clients, those of the channels file first."""
        return jsonify({"items": [client_view(client) for client in list_clients(services)]})

    @blueprint.post("/clients")
    @require_token(services, "clients")
    @described(
        ABOUT,
        {201: MADE},
        body=WANTED,
        refusals={400: "bad_client unknown_field", 403: "registration_off", 409: "name_taken"},
    )
    def register() -> tuple[Response, int]:
        """Register a client; its secret is in this answer alone."""
        keys = known_members(WANTED["properties"])
        client, secret = register_client(services, keys, actor=g.api_token.name)
        response = jsonify(client_view(client) | {"client_secret": secret})
        response.headers["Cache-Control"] = "no-store"
        return response, 201

    @blueprint.delete("/clients/<client_id>")
    @require_token(services, "clients")
    @described(ABOUT, {204: None}, refusals={404: "unknown_client"})
    def remove(client_id: str) -> tuple[str, int]:
        """Remove a registered client; its tokens are good no more."""
        remove_client(services, client_id, actor=g.api_token.name)
        return "", 204

    return blueprint
