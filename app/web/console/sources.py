"""Sources: senders that are described by data, which channels take callbacks of them; trying one request, which stores nothing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from app.core.errors import CallgateError, RequestError
from app.core.roles import Role
from app.pipeline.operators.source_trials import Wish, channels_of_source, try_at_source
from app.pipeline.operators.sources import every_source, find_source, source_line, source_view
from app.pipeline.services import Services
from app.web.console.access import needs
from app.web.console.bodies import Node, shown_text, tree_of
from app.web.console.forms import field
from app.web.console.listing import wanted
from app.web.console.words import explain
from app.wire.sources.catalogue import Source
from app.wire.sources.explaining import Trial

FILTERS = ("q", "used")
GIVEN = ("event", "rejection")
MOST_KEYS, LONGEST_KEYS, LONGEST_SHORT = 50, 40_000, 64


def add_sources(blueprint: Blueprint, services: Services) -> None:
    """Add the list, one source, and the trial."""

    @blueprint.get("/sources")
    def sources() -> Response:
        """List the sources; those that channels use come first."""
        filters = wanted(FILTERS)
        items = [each for each in _lines(services) if _fits(each, filters)]
        return make_response(render_template("console/sources.html", items=items, wanted=filters))

    @blueprint.get("/sources/<slug>")
    def source(slug: str) -> Response:
        """Show one source and the form of the trial; `event` and `rejection` in the address fill it in."""
        given = {name: request.args.get(name, "")[:LONGEST_SHORT] for name in GIVEN}
        return _page(services, find_source(slug), given)

    @blueprint.post("/sources/<slug>/try")
    @needs(Role.OPERATOR)
    def try_source(slug: str) -> Response:
        """Judge a request and say in words how that ended."""
        chosen, given = find_source(slug), _given()
        try:
            trial = try_at_source(services, chosen, _wish(given))
        except CallgateError as error:
            return _page(services, chosen, given, error=error)
        return _page(services, chosen, given, trial=trial)


def _page(
    services: Services,
    source: Source,
    given: dict[str, str],
    *,
    trial: Trial | None = None,
    error: CallgateError | None = None,
) -> Response:
    page = render_template(
        "console/source.html",
        source=source_view(source, services.settings.public_base_url),
        channels=channels_of_source(services, source),
        given=given,
        trial=trial,
        data=_data(trial),
        error=None if error is None else explain(error),
        in_full="" if error is None else shown_text(error.message),
    )
    return make_response(page, 200 if error is None else error.http_status)


def _lines(services: Services) -> list[dict[str, Any]]:
    """Return every source with the channels that name it as their platform, on and off."""
    used: dict[str, list[dict[str, Any]]] = {}
    for is_on, configs in (
        (True, [channel.config for channel in services.channels]),
        (False, [channel.config for channel in services.channels.disabled]),
    ):
        for config in configs:
            slug = config.platform.replace("_", "-")
            used.setdefault(slug, []).append({"name": config.name, "is_on": is_on})
    lines = [source_line(each) | {"channels": used.get(each.slug, [])} for each in every_source().values()]
    return sorted(lines, key=lambda each: (not each["channels"], each["slug"]))


def _fits(line: dict[str, Any], filters: dict[str, str]) -> bool:
    named = " ".join((line["slug"], line["name"], line["name_zh"])).casefold()
    return filters.get("q", "").casefold() in named and ("used" not in filters or bool(line["channels"]))


def _given() -> dict[str, str]:
    short = {name: field(name).strip()[:LONGEST_SHORT] for name in (*GIVEN, "at", "channel", "in_base64")}
    return short | {"request": field("request")}


def _wish(given: dict[str, str]) -> Wish:
    """Return what the form asks for; the keys are read for this once and go into no page."""
    return Wish(
        request=given["request"],
        in_base64=given["in_base64"] == "1",
        event=given["event"],
        rejection=given["rejection"],
        at=given["at"],
        channel=given["channel"],
        keys=_keys(field("keys")),
    )


def _keys(text: str) -> dict[str, str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(text) > LONGEST_KEYS or len(lines) > MOST_KEYS or not all("=" in line for line in lines):
        raise RequestError("bad_keys", f"Keys stand one in a line as name=value, {MOST_KEYS} at most.")
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _data(trial: Trial | None) -> tuple[Node, ...]:
    return () if trial is None or trial.event is None else tree_of(trial.event.data)
