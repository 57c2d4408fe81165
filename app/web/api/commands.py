"""The routes of commands (CONTRACT §10): asking for one is signed, looking at one is signed or takes an API token."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.states import DispatchState
from app.core.values import InboundRequest
from app.pipeline.commands.accept import accept_command, show_command, show_signed
from app.pipeline.services import Services
from app.web.callbacks.reading import read_delivery
from app.web.errors import trace_id
from app.web.guards import check_token
from app.web.openapi.described import Proof, described
from app.web.openapi.words import ANY, ID, TEXT, TIME, maybe, one_of, text, thing

ABOUT = "Commands"
WANTED = thing(
    "Command",
    ["payload", "callbackUrl"],
    command=text(least=1, most=128),
    payload=ANY,
    callbackUrl=text(most=2000),
) | {"additionalProperties": True}
TAKEN = thing("TakenCommand", id=ID)
SHOWN = thing(
    "CommandState",
    id=ID,
    command=TEXT,
    state=one_of(DispatchState),
    result=ANY,
    error=maybe(TEXT),
    callback_state=maybe(one_of(DispatchState)),
    created_at=TIME,
    finished_at=maybe(TIME),
)


def commands_blueprint(services: Services) -> Blueprint:
    """Return the route that takes commands; it counts bad signatures by itself."""
    blueprint = Blueprint("commands", __name__)

    @blueprint.post("/api/v1/commands")
    @described(
        ABOUT,
        {202: TAKEN},
        body=WANTED,
        refusals={
            400: "bad_command bad_callback_url callback_not_public unknown_command bad_payload *",
            401: "bad_signature nonce_reused",
            403: "address_not_allowed",
            404: "unknown_channel",
            503: "under_pressure",
        },
        proof=Proof.SIGNATURE,
    )
    def accept() -> tuple[Response, int]:
        """Take a command."""
        inbound = _inbound(services)
        return jsonify({"id": accept_command(services, inbound, trace_id=trace_id())}), 202

    return blueprint


def command_status_blueprint(services: Services) -> Blueprint:
    """Return the route that shows a command."""
    blueprint = Blueprint("command_status", __name__)

    @blueprint.get("/api/v1/commands/<command_id>")
    @described(
        ABOUT,
        {200: SHOWN},
        refusals={
            400: "unexpected_body bad_payload *",
            401: "bad_signature nonce_reused",
            403: "address_not_allowed",
            404: "unknown_command_id unknown_channel",
        },
    )
    def show(command_id: str) -> Response:
        """Say where a command stands, and its result."""
        if request.headers.get("X-Signature") is not None:
            shown = show_signed(services, command_id, _inbound(services))
        else:
            check_token(services, "read")
            shown = show_command(services, command_id)
        response = jsonify(shown)
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint


def _inbound(services: Services) -> InboundRequest:
    """Read the request, bounded as callbacks of the same channel are."""
    name = services.settings.callback_default_channel
    return read_delivery(services, request.environ, name, trace_id=trace_id(), version="v1")
