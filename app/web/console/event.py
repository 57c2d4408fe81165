"""One event: what came, what became of it on each way, its neighbours in the list; proving it again, and its curl command."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.errors import RefusedError
from app.core.values import JSON
from app.pipeline.operators.as_curl import curl_of_event
from app.pipeline.operators.cures import CURES
from app.pipeline.operators.event_neighbours import neighbours_of
from app.pipeline.operators.events import ID_LENGTH, event_detail
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.security.redaction import redact_query
from app.web.console.bodies import Raw, masked_text, raw_of, shown_text, tree_of
from app.web.console.events import FILTERS
from app.web.console.listing import wanted
from app.web.console.refusals import Refusal, Remedy, remedy_for

LIST = "list"
DEAD_LETTERS = "dead_letters"
LONGEST_CURL = 65_536


class Back(NamedTuple):
    """Where the reader came from: the list, and the filters in its address."""

    link: str
    query: dict[str, str]
    is_dead_letters: bool


def add_event(blueprint: Blueprint, services: Services) -> None:
    """Add the page of one event and those that lie behind its buttons."""

    @blueprint.get("/events/<event_id>")
    def event(event_id: str) -> Response:
        """Show one event."""
        detail, back = _detail(services, event_id), came_from()
        page = render_template(
            "console/event.html",
            event=detail,
            back=back,
            neighbours=neighbours_of(services, wanted(FILTERS), event_id),
            tree=None if detail["data"] is None else tree_of(detail["data"]),
            raw=_raw(detail),
            query_string=shown_text(redact_query(detail["query"])),
        )
        return make_response(page)

    @blueprint.get("/events/<event_id>/proof")
    def event_proof(event_id: str) -> Response:
        """Prove an event once more and say in words how that ended."""
        said, detail = verify_event(services, event_id[:ID_LENGTH]), _detail(services, event_id)
        reason = said["reason"] or ""
        word, colon, sentence = reason.partition(": ")
        page = render_template(
            "console/event_proof.html",
            event=detail,
            said=said,
            word=word if colon else "",
            sentence=sentence if colon else reason,
            remedy=_remedy(services, word if colon else "", detail["channel"]),
            back=came_from(),
        )
        return make_response(page)

    @blueprint.get("/events/<event_id>/curl")
    def event_curl(event_id: str) -> Response:
        """Show an event as a command for curl."""
        made = curl_of_event(services, event_id)
        page = render_template(
            "console/event_curl.html",
            event=_detail(services, event_id),
            command=_command(made["curl"]),
            left_out=made["left_out"],
            back=came_from(),
        )
        return make_response(page)


def came_from() -> Back:
    """Return the list that the reader came from, as this page's address tells it."""
    filters, is_dead = wanted(FILTERS), request.args.get(LIST) == DEAD_LETTERS
    query = filters | {LIST: DEAD_LETTERS} if is_dead else filters
    own = {name: value for name, value in filters.items() if not (is_dead and name == "state")}
    link = url_for("console.dead_letters" if is_dead else "console.events", **own)  # type: ignore[arg-type]
    return Back(link, query, is_dead)


def _detail(services: Services, event_id: str) -> JSON:
    detail: dict[str, Any] | None = event_detail(services, event_id)
    if detail is None:
        raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
    return detail


def _raw(detail: JSON) -> Raw | None:
    return None if detail["body_base64"] is None else raw_of(base64.b64decode(detail["body_base64"]))


def _command(text: str) -> str | None:
    """Return the command without what nobody may read, None where it is too long to be copied from a page."""
    return None if len(text) > LONGEST_CURL else masked_text(text)


def _remedy(services: Services, word: str, channel: str) -> Remedy | None:
    return remedy_for(services, Refusal(word, channel)) if word in CURES else None
