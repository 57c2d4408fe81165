"""The rejections: why callbacks were refused, grouped by cause, each with what to do; and one of them with its evidence."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from app.pipeline.operators.console_views import saved_views
from app.pipeline.operators.rejections import grouped_rejections, list_rejections_page, show_rejection
from app.pipeline.operators.source_trials import source_of_channel
from app.pipeline.services import Services
from app.storage.inbox.rejections import NO_CHANNEL
from app.web.console.access import the_operator
from app.web.console.bodies import raw_of
from app.web.console.events import SHOWN, channel_names
from app.web.console.listing import own_query, wanted
from app.web.console.refusals import Refusal, remedy_for

FILTERS = ("channel", "reason", "since")
MOST_GROUPS = 30


def add_rejections(blueprint: Blueprint, services: Services) -> None:
    """Add the list and the page of one."""
    _add_list(blueprint, services)
    _add_detail(blueprint, services)


def _add_list(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/rejections")
    def rejections() -> Response:
        """Show the causes, then one page of what was refused."""
        filters = wanted(FILTERS)
        channel, reason, since = (filters.get(name) for name in FILTERS)
        page = list_rejections_page(
            services,
            channel,
            cursor=request.args.get("cursor") or None,
            limit=SHOWN,
            since=since,
            reason=reason,
        )
        groups = grouped_rejections(services, channel=channel, since=since)["items"]
        shown = render_template(
            "console/rejections.html",
            page=page,
            groups=[_with_remedy(services, each) for each in groups[:MOST_GROUPS]],
            more_groups=max(0, len(groups) - MOST_GROUPS),
            items=[_split(each) for each in page["items"]],
            wanted=filters,
            channels=[*channel_names(services)[:-1], NO_CHANNEL],
            saved=saved_views(services, the_operator(), "rejections"),
            query=own_query(),
        )
        return make_response(shown)


def _add_detail(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/rejections/<rejection_id>")
    def rejection(rejection_id: str) -> Response:
        """Show one refused delivery."""
        found = _split(show_rejection(services, rejection_id))
        refusal = Refusal(found["word"], found["channel"], found["headers"], found["body_length"])
        page = render_template(
            "console/rejection.html",
            item=found,
            remedy=remedy_for(services, refusal),
            raw=raw_of(base64.b64decode(found["body_base64"]), found["body_length"]),
            is_unknown_channel=found["channel"] == NO_CHANNEL,
            source=source_of_channel(services, found["channel"]),
        )
        return make_response(page)


def _with_remedy(services: Services, group: dict[str, Any]) -> dict[str, Any]:
    return group | {"remedy": remedy_for(services, Refusal(group["reason"], group["channel"]))}


def _split(item: dict[str, Any]) -> dict[str, Any]:
    """Return a rejection with the word and the sentence of its reason apart."""
    word, _, sentence = item["reason"].partition(": ")
    return item | {"word": word, "sentence": sentence}
