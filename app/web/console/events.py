"""The events: looked for by filters that live in the address, newest first, while new ones appear."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from app.core.states import EventState
from app.pipeline.operators.console_views import saved_views
from app.pipeline.operators.events import known_types, list_events_page
from app.pipeline.operators.replay_order import FILTER_KEYS
from app.pipeline.own_events import OWN_CHANNEL
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.bodies import to_choose
from app.web.console.listing import own_query, wanted

FILTERS = ("q", "data", "channel", "type", "state", "since", "until")
SHOWN = 50
LOOKING_SECONDS = 0.1
"""So long a page looks for what no index finds; the next one goes on from there."""


def add_events(blueprint: Blueprint, services: Services) -> None:
    """Add the page."""

    @blueprint.get("/events")
    def events() -> Response:
        """Show one page of events."""
        filters = wanted(FILTERS)
        cursor = request.args.get("cursor") or None
        page = list_events_page(
            services, filters, cursor=cursor, limit=SHOWN, seconds=LOOKING_SECONDS, as_shown=True
        )
        shown = render_template(
            "console/events.html",
            page=page,
            wanted=filters,
            channels=channel_names(services),
            types=to_choose(known_types(services)),
            states=list(EventState),
            may_replay="state" in filters and filters.keys() <= set(FILTER_KEYS),
            saved=saved_views(services, the_operator(), "events"),
            query=own_query(),
        )
        return make_response(shown)


def channel_names(services: Services) -> list[str]:
    """Return the channels that events may be of."""
    named = {channel.name for channel in services.channels}
    named |= {channel.config.name for channel in services.channels.disabled}
    return [*sorted(named), OWN_CHANNEL]
