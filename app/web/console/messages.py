"""Messages: what was sent and what became of each recipient; sending one, sending again what failed, stopping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.errors import CallgateError
from app.core.sending import FORMATS, Sender
from app.core.states import MessageState
from app.pipeline.operators.console_views import saved_views
from app.pipeline.operators.messages import (
    Resend,
    list_messages_page,
    resend_message,
    show_message,
    stop_sending,
)
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.sending.wanted import APP, KINDS
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.forms import field
from app.web.console.listing import own_query, wanted
from app.web.console.words import explain
from app.web.errors import trace_id
from app.web.people.login_errors import see_other

FILTERS = ("state", "channel", "since")
PAGE_SIZE = 50
MOST_TO = 100


def add_messages(blueprint: Blueprint, services: Services) -> None:
    """Add the list, one message, and the forms."""

    @blueprint.get("/messages")
    def messages() -> Response:
        """List messages, newest first."""
        found = list_messages_page(
            services, wanted(FILTERS), cursor=request.args.get("cursor"), limit=PAGE_SIZE
        )
        page = render_template(
            "console/messages.html",
            found=found,
            filters=wanted(FILTERS),
            states=list(MessageState),
            senders=_senders(services),
            saved=saved_views(services, the_operator(), "messages"),
            query=own_query(),
        )
        return make_response(page)

    @blueprint.get("/messages/<message_id>")
    def message(message_id: str) -> Response:
        """Show one message with a page of its recipients."""
        found = show_message(services, message_id, cursor=request.args.get("cursor"), limit=PAGE_SIZE)
        return make_response(render_template("console/message.html", message=found))

    _add_forms(blueprint, services)


def _add_forms(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/messages/new")
    def new_message() -> Response:
        """Show the form."""
        return _form(services, request.args)

    @blueprint.post("/messages/new")
    def send_message() -> Response:
        """Send what the form says, and go to the message."""
        given = {name: field(name) for name in ("channel", "to", "title", "text", "format")}
        try:
            accepted = accept_message(services, _body(given), Order(f"console:{the_operator().name}"))
        except CallgateError as error:
            return _form(services, given, error)
        return see_other(url_for("console.message", message_id=accepted.id))

    @blueprint.post("/messages/<message_id>/resend")
    def resend(message_id: str) -> Response:
        """Send again what failed, and where asked for what may have arrived."""
        what = Resend(unknown=field("unknown") == "1")
        resend_message(services, message_id, what, actor=the_operator().name, trace_id=trace_id())
        return see_other(url_for("console.message", message_id=message_id, done="message_resent"))

    @blueprint.post("/messages/<message_id>/stop")
    def stop_message(message_id: str) -> Response:
        """Send no more of it."""
        stop_sending(services, message_id, actor=the_operator().name, trace_id=trace_id())
        return see_other(url_for("console.message", message_id=message_id, done="message_stopped"))


def _form(services: Services, given: Mapping[str, str], error: CallgateError | None = None) -> Response:
    page = render_template(
        "console/message_form.html",
        given=given,
        error=None if error is None else explain(error),
        senders=_senders(services),
        formats=FORMATS,
        kinds=(*KINDS, APP),
    )
    return make_response(page, 200 if error is None else error.http_status)


def _body(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what a request to the API would say; recipients stand one in a line, as kind:value."""
    lines = [line.strip() for line in given["to"].splitlines() if line.strip()][: MOST_TO + 1]
    to = [{kind.strip(): value.strip()} for kind, _, value in (line.partition(":") for line in lines)]
    body: dict[str, Any] = {"channel": given["channel"], "text": given["text"], "format": given["format"]}
    body |= {"title": given["title"]} if given["title"] else {}
    return body | ({"to": to} if to else {})


def _senders(services: Services) -> list[str]:
    """Return the channels that send, and the groups of them."""
    able = [each.name for each in services.channels if each.as_capability(Sender) is not None]
    return [*able, *(group.name for group in services.message_groups)]
