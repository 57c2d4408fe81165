"""Expected payments over HTTP: an order is waited for, and asked for at the platform when no notice tells of it in time."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RequestError
from app.pipeline.payments.expect import expect_payment, list_payments_page, payment_status
from app.pipeline.services import Services
from app.storage.expected_payments import ARRIVED, NOT_PAID, RECONCILED, WAITING
from app.web.guards import json_body, page_size, require_token
from app.web.openapi.described import CHANNEL, LIMIT, described, query
from app.web.openapi.words import TEXT, TIME, WHOLE, body, either, list_of, maybe, one_of, text, thing

KEYS = frozenset({"channel", "order", "by"})
STATES = (WAITING, ARRIVED, RECONCILED, NOT_PAID)


ABOUT = "Expected payments"
PAYMENT = thing(
    "ExpectedPayment",
    channel=TEXT,
    order=TEXT,
    state=one_of(STATES),
    by=maybe(TIME),
    event_id=maybe(TEXT),
    event_type=maybe(TEXT),
    last_error=maybe(TEXT),
)
PAYMENTS = list_of("ExpectedPayments", PAYMENT)
WANTED = body(
    "ExpectPayment",
    needed=["channel", "order", "by"],
    channel=text(least=1, most=64),
    order=text(least=1, most=64),
    by=either(WHOLE, TEXT),
)


def payments_blueprint(services: Services) -> Blueprint:
    """Return the routes of expected payments."""
    blueprint = Blueprint("payments", __name__)
    _add_expecting(blueprint, services)
    _add_looking(blueprint, services)
    return blueprint


def _add_expecting(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/api/v1/expected-payments")
    @require_token(services, "send")
    @described(
        ABOUT,
        {202: PAYMENT},
        body=WANTED,
        refusals={
            400: "bad_channel bad_order bad_by unknown_field",
            403: "other_channel",
            404: "unknown_channel",
        },
    )
    def expect() -> tuple[Response, int]:
        """Wait for the notice of an order."""
        body = json_body()
        if unknown := sorted(set(body) - KEYS):
            raise RequestError(
                "unknown_field",
                f"The body may hold {', '.join(sorted(KEYS))} and not {', '.join(unknown)[:200]}.",
            )
        channel = _text(body.get("channel"))
        g.api_token.require_channel(channel)
        wanted = expect_payment(services, channel, body.get("order", ""), body.get("by"))
        return jsonify(wanted), 202


def _add_looking(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/api/v1/expected-payments")
    @require_token(services, "read")
    @described(
        ABOUT,
        {200: PAYMENTS},
        query=(
            CHANNEL,
            query("state", "Only this state.", one_of(STATES)),
            query(
                "after",
                "Channel and order of the last one of the page before, with / between.",
                text(most=200),
            ),
            LIMIT,
        ),
        refusals={400: "bad_limit bad_state"},
    )
    def listed() -> Response:
        """List expected orders by channel and number; `after=<channel>/<order>` goes on."""
        state = request.args.get("state") or None
        if state is not None and state not in STATES:
            raise RequestError("bad_state", f"state must be one of {', '.join(STATES)}.")
        channel, _, order = request.args.get("after", "").partition("/")
        items = list_payments_page(
            services,
            channel=request.args.get("channel") or None,
            state=state,
            after=(channel, order) if order else None,
            limit=page_size(),
        )
        return jsonify({"items": items})

    @blueprint.get("/api/v1/expected-payments/<channel>/<path:order>")
    @require_token(services, "read")
    @described(ABOUT, {200: PAYMENT}, refusals={404: "unknown_order"})
    def show(channel: str, order: str) -> Response:
        """Say how an order stands."""
        return jsonify(payment_status(services, channel, order))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RequestError("bad_channel", "channel is needed and must be text.")
    return value
