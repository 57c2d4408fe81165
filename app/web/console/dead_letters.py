"""The dead letters: events that failed for good, each with its last error, and the way to replay many of them."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from app.core.states import EventState
from app.pipeline.operators.console_views import saved_views
from app.pipeline.operators.dead_letters import list_dead_letters_page
from app.pipeline.operators.events import known_types
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.bodies import to_choose
from app.web.console.event import DEAD_LETTERS, LIST
from app.web.console.events import LOOKING_SECONDS, SHOWN, channel_names
from app.web.console.listing import own_query, wanted

FILTERS = ("q", "channel", "type", "since", "until")


def add_dead_letters(blueprint: Blueprint, services: Services) -> None:
    """Add the page."""

    @blueprint.get("/dead-letters")
    def dead_letters() -> Response:
        """Show one page of dead letters."""
        filters, cursor = wanted(FILTERS), request.args.get("cursor") or None
        page = render_template(
            "console/dead_letters.html",
            page=list_dead_letters_page(
                services, filters, cursor=cursor, limit=SHOWN, seconds=LOOKING_SECONDS, as_shown=True
            ),
            wanted=filters,
            behind=filters | {"state": EventState.DEAD.value, LIST: DEAD_LETTERS},
            channels=channel_names(services),
            types=to_choose(known_types(services)),
            saved=saved_views(services, the_operator(), "dead_letters"),
            query=own_query(),
        )
        return make_response(page)
