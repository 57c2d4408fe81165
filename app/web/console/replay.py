"""Replay: one event or many run again. What would happen is shown first; who does it says why; how it goes on is a page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, url_for

from app.core.errors import RefusedError, RequestError
from app.core.roles import Role
from app.core.states import EventState
from app.pipeline.operators.events import event_detail
from app.pipeline.operators.filters import MAX_REASON
from app.pipeline.operators.replay import check_size, replay_event, replay_events
from app.pipeline.operators.replay_choice import events_by_type, route_names, ways_of_event
from app.pipeline.operators.replay_order import (
    DEFAULT_RATE,
    FILTER_KEYS,
    LEAST_RATE,
    MOST_AT_ONCE,
    MOST_RATE,
    ReplayOrder,
    bulk_defaults,
    read_filter,
    read_limit,
    read_order,
)
from app.pipeline.operators.replay_progress import replay_progress
from app.pipeline.services import Services
from app.web.console.access import needs, the_operator
from app.web.console.event import came_from
from app.web.console.forms import field
from app.web.console.listing import wanted
from app.web.errors import trace_id
from app.web.people.login_errors import see_other


def add_replay(blueprint: Blueprint, services: Services) -> None:
    """Add the pages of both kinds of replay."""
    _add_one(blueprint, services)
    _add_many(blueprint, services)

    @blueprint.get("/replays/<replay_id>")
    def replay_of(replay_id: str) -> Response:
        """Show how a replay of many goes on."""
        progress = replay_progress(services, replay_id[:64])
        return make_response(render_template("console/replay_progress.html", progress=progress))


def _add_one(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/events/<event_id>/replay")
    @needs(Role.OPERATOR)
    def replay_one(event_id: str) -> Response:
        """Show what a replay of one event would do."""
        ways, detail = ways_of_event(services, event_id), event_detail(services, event_id)
        if detail is None:
            raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
        page = render_template(
            "console/event_replay.html", event=detail, ways=ways, back=came_from(), longest=MAX_REASON
        )
        return make_response(page)

    @blueprint.post("/events/<event_id>/replay")
    def do_replay_one(event_id: str) -> Response:
        """Let one event run again."""
        replay_event(services, event_id, _order(services, {}))
        query: dict[str, Any] = came_from().query
        return see_other(url_for("console.event", event_id=event_id, **query, done="replayed"))


def _add_many(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/replay")
    @needs(Role.OPERATOR)
    def replay_many() -> Response:
        """Show what a replay of all that a filter finds would do."""
        filters = {"state": EventState.DEAD.value} | wanted(FILTER_KEYS)
        found = events_by_type(services, read_filter(filters), most=MOST_AT_ONCE + 1)
        page = render_template(
            "console/replay.html",
            filters=filters,
            found=found,
            count=min(sum(each.number for each in found), MOST_AT_ONCE),
            is_more=sum(each.number for each in found) > MOST_AT_ONCE,
            most=MOST_AT_ONCE,
            is_dead=filters["state"] == EventState.DEAD.value,
            routes=route_names(services),
            rates=(LEAST_RATE, DEFAULT_RATE, MOST_RATE),
            longest=MAX_REASON,
        )
        return make_response(page)

    @blueprint.post("/replay")
    def do_replay_many() -> Response:
        """Let all that a filter finds run again, and lead to the page that shows how it goes on."""
        filters = {name: value for name in FILTER_KEYS if (value := field(name))}
        chosen = read_filter(filters)
        limit = read_limit(_number("limit", int))
        order = _order(services, bulk_defaults(chosen))
        if limit is None:
            check_size(services, chosen)
        replay_events(services, chosen, order, limit=limit)
        return see_other(url_for("console.replay_of", replay_id=order.trace_id))


def _order(services: Services, defaults: dict[str, Any]) -> ReplayOrder:
    """Read what the form says."""
    given = {name: field(name) or None for name in ("reason", "route", "dispatches")}
    values = {name: value for name, value in given.items() if value is not None}
    rate = _number("rate", float)
    asked = defaults | values | ({} if rate is None else {"rate": rate})
    return read_order(services, asked, actor=the_operator().name, trace_id=trace_id())


def _number(name: str, kind: type[int] | type[float]) -> int | float | None:
    text = field(name)
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise RequestError(f"bad_{name}", f"{name} must be a number.") from None
