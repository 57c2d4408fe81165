"""The routes of messages (docs/contract.md §9a): sending one, what became of it, sending it again, stopping it."""

from __future__ import annotations

from threading import BoundedSemaphore

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RequestError
from app.core.states import MessageState, RecipientState
from app.pipeline.operators.messages import (
    Resend,
    list_messages_page,
    resend_message,
    show_message,
    stop_sending,
    wait_for_end,
)
from app.pipeline.operators.sent_messages import ask_what_became, recall_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.web.errors import trace_id
from app.web.guards import json_body, page_size, require_token
from app.web.openapi.described import BAD_LIST, CHANNEL, PAGED, SINCE, UPSTREAM, described, header, query
from app.web.openapi.words import (
    FLAG,
    ID,
    OBJECT,
    TEXT,
    TIME,
    WHOLE,
    body,
    either,
    extended,
    many,
    maybe,
    one_of,
    page_of,
    table,
    text,
    thing,
)

BODY_BYTES = 1_048_576
WAIT_SECONDS = 5.0
MOST_WAITING = 8
"""How many requests may wait for their results at a time: each holds one of the threads that answer all other requests too."""

FILTERS = ("state", "channel", "since")
FLAGS = ("", "0", "1")


ABOUT = "Messages"
FLAG_WORD = one_of(["", "0", "1"])
MESSAGE_WANTED = body(
    "SendMessage",
    channel=text(most=64),
    channels=many(text(most=64), most=16),
    to=either(table(TEXT), many(table(TEXT), most=1000)),
    title=TEXT,
    text=TEXT,
    format=one_of(["markdown", "text", "html", ""]),
    mentions=many(TEXT, most=100),
    type=TEXT,
    content=OBJECT,
    fallback=FLAG,
    repeat_unknown=FLAG,
)
MESSAGE_CHANNEL = thing(
    "MessageChannel",
    channel=TEXT,
    position=WHOLE,
    state=one_of(MessageState),
    counts=table(WHOLE),
    is_complete=FLAG,
    waits_until=maybe(TIME),
    error=maybe(TEXT),
    message=maybe(TEXT),
    finished_at=maybe(TIME),
)
MESSAGE = thing(
    "Message",
    id=ID,
    state=one_of(MessageState),
    caller=TEXT,
    fallback=FLAG,
    channels=many(MESSAGE_CHANNEL),
    resends=WHOLE,
    created_at=TIME,
    finished_at=maybe(TIME),
    stopped_at=maybe(TIME),
)
MESSAGES = page_of("Messages", MESSAGE)
RECIPIENT = thing(
    "Recipient",
    channel=TEXT,
    to=table(TEXT),
    part=WHOLE,
    state=one_of(RecipientState),
    attempt=WHOLE,
    platform_id=maybe(TEXT),
    error=maybe(TEXT),
    message=maybe(TEXT),
    changed_at=TIME,
)
MESSAGE_DETAIL = extended("MessageDetail", MESSAGE, recipients=many(RECIPIENT), next_cursor=maybe(TEXT))
TAKEN = thing("TakenMessage", id=ID)
RESENT = thing("ResentMessage", id=ID, recipients=WHOLE)
BAD_MESSAGE = (
    "bad_channels bad_recipient bad_message no_text no_recipient text_too_long channel_cannot_send "
    "bad_idempotency_key unknown_field *"
)
TELLS_SEND = described(
    ABOUT,
    {200: MESSAGE_DETAIL, 202: TAKEN},
    query=(
        query("wait", "1: wait up to five seconds for the result.", FLAG_WORD),
        header(
            "Idempotency-Key",
            "The same key with the same request is the first message again.",
            text(most=255),
        ),
    ),
    body=MESSAGE_WANTED,
    refusals={
        400: f"{BAD_MESSAGE} bad_request",
        403: "other_channel",
        404: "unknown_channel",
        409: "idempotency_key_reused",
        503: "under_pressure",
    },
)
TELLS_MESSAGES = described(
    ABOUT,
    {200: MESSAGES},
    query=(query("state", "Only this state.", one_of(MessageState)), CHANNEL, SINCE, *PAGED),
    refusals={400: f"{BAD_LIST} bad_state"},
)
TELLS_MESSAGE = described(
    ABOUT,
    {200: MESSAGE_DETAIL},
    query=PAGED,
    refusals={400: "bad_limit bad_cursor", 404: "unknown_message"},
)
TELLS_RESEND = described(
    ABOUT,
    {202: RESENT},
    query=(
        query("unknown", "1: also what may have arrived.", FLAG_WORD),
        query("all", "1: everything, also what arrived.", FLAG_WORD),
    ),
    refusals={
        400: "bad_request",
        403: "other_channel",
        404: "unknown_message",
        409: "message_not_ended nothing_to_resend body_pruned",
    },
)
TELLS_STOP = described(
    ABOUT,
    {202: TAKEN},
    refusals={403: "other_channel", 404: "unknown_message", 409: "message_ended"},
)


def messages_blueprint(services: Services) -> Blueprint:
    """Return the routes of messages."""
    blueprint = Blueprint("messages_api", __name__, url_prefix="/api/v1")
    places = BoundedSemaphore(MOST_WAITING)

    @blueprint.post("/messages")
    @require_token(services, "send")
    @TELLS_SEND
    def send() -> tuple[Response, int]:
        """Take a message; with wait=1 its result, if it is there within five seconds."""
        waits = _flag("wait")
        key, caller = request.headers.get("Idempotency-Key"), g.api_token
        order = Order(caller.name, key, check_channel=caller.require_channel)
        accepted = accept_message(services, json_body(most=BODY_BYTES), order)
        has_ended = waits and _wait(services, accepted.id, places)
        response = jsonify(show_message(services, accepted.id) if has_ended else {"id": accepted.id})
        if not accepted.is_new:
            response.headers["Idempotent-Replayed"] = "true"
        return response, 200 if has_ended else 202

    @blueprint.get("/messages")
    @require_token(services, "read")
    @TELLS_MESSAGES
    def messages() -> Response:
        """List messages, newest first."""
        wanted = {name: request.args[name] for name in FILTERS if request.args.get(name)}
        return jsonify(
            list_messages_page(services, wanted, cursor=request.args.get("cursor"), limit=page_size())
        )

    @blueprint.get("/messages/<message_id>")
    @require_token(services, "read")
    @TELLS_MESSAGE
    def message(message_id: str) -> Response:
        """Show one message with a page of its recipients."""
        cursor = request.args.get("cursor")
        return jsonify(show_message(services, message_id, cursor=cursor, limit=page_size()))

    _add_changes(blueprint, services)
    return blueprint


def _add_changes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/messages/<message_id>/resend")
    @require_token(services, "send")
    @TELLS_RESEND
    def resend(message_id: str) -> tuple[Response, int]:
        """Send again what failed; with unknown=1 also what may have arrived, with all=1 everything."""
        _check_channels(services, message_id)
        what = Resend(everything=_flag("all"), unknown=_flag("unknown"))
        done = resend_message(services, message_id, what, actor=g.api_token.name, trace_id=trace_id())
        return jsonify(done), 202

    @blueprint.post("/messages/<message_id>/stop")
    @require_token(services, "send")
    @TELLS_STOP
    def stop(message_id: str) -> tuple[Response, int]:
        """Send no more of it."""
        _check_channels(services, message_id)
        stop_sending(services, message_id, actor=g.api_token.name, trace_id=trace_id())
        return jsonify({"id": message_id}), 202

    @blueprint.post("/messages/<message_id>/recall")
    @require_token(services, "send")
    @described(
        ABOUT, {200: OBJECT}, refusals={403: "other_channel", 404: "unknown_message", 409: "*"} | UPSTREAM
    )
    def recall(message_id: str) -> Response:
        """Take it back from everybody who got it, where the platform does that."""
        _check_channels(services, message_id)
        return jsonify(recall_message(services, message_id, actor=g.api_token.name, trace_id=trace_id()))

    @blueprint.post("/messages/<message_id>/check")
    @require_token(services, "send")
    @described(
        ABOUT, {200: OBJECT}, refusals={403: "other_channel", 404: "unknown_message", 409: "*"} | UPSTREAM
    )
    def check(message_id: str) -> Response:
        """Ask the platforms what became of what they took without a word."""
        _check_channels(services, message_id)
        return jsonify(ask_what_became(services, message_id, actor=g.api_token.name, trace_id=trace_id()))


def _check_channels(services: Services, message_id: str) -> None:
    """Let a token with channels of its own change only messages through these."""
    if g.api_token.channels:
        for each in show_message(services, message_id)["channels"]:
            g.api_token.require_channel(each["channel"])


def _wait(services: Services, message_id: str, places: BoundedSemaphore) -> bool:
    """Say whether a message has ended; it is waited for only while fewer than MOST_WAITING others are."""
    if not places.acquire(blocking=False):
        return wait_for_end(services, message_id, seconds=0)
    try:
        return wait_for_end(services, message_id, seconds=WAIT_SECONDS)
    finally:
        places.release()


def _flag(name: str) -> bool:
    text = request.args.get(name, "")
    if text not in FLAGS:
        raise RequestError("bad_request", f"{name} must be 1 or be left out.")
    return text == "1"
