"""The first page: what needs a person now, each with its button, then how much there is to do."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, Response, make_response, render_template, url_for
from flask_babel import gettext as _

from app.core.moments import as_text
from app.core.states import EventState
from app.pipeline.operators.attention import Load, Want, current_load, what_needs_a_person
from app.pipeline.services import Services


class ShownWant(NamedTuple):
    """One line of what needs a person: in words, with the page on which it is mended."""

    tone: str
    title: str
    detail: str
    link: str
    button: str


class Tile(NamedTuple):
    """One number with its name, what to know about it, and the page behind it."""

    title: str
    value: str
    detail: str
    link: str


def add_overview(blueprint: Blueprint, services: Services) -> None:
    """Add the page."""

    @blueprint.get("/")
    def overview() -> Response:
        """Show what needs a person now."""
        load = current_load(services)
        wants = [_shown(want) for want in what_needs_a_person(services, load)]
        return make_response(render_template("console/overview.html", wants=wants, tiles=_tiles(load)))


def _shown(want: Want) -> ShownWant:
    about, here = want.about, url_for("console.overview")
    if want.kind == "under_pressure":
        title = _("New callbacks are refused: %(limit)s is passed.", limit=about)
        return ShownWant("bad", title, _("Measured: %(measured)s", measured=want.number), here, _("Look"))
    if want.kind == "destination_paused":
        title = _("Destination %(name)s is paused.", name=about)
        waiting = _("Events that wait: %(number)s.", number=want.number)
        page = url_for("console.destinations")
        return ShownWant("bad", title, f"{waiting} {want.detail}", page, _("Look"))
    if want.kind == "token_failing":
        title = _("The app token of %(channel)s cannot be renewed.", channel=about)
        return ShownWant("bad", title, want.detail, here, _("Look"))
    if want.kind == "dead_letters":
        title = _("Events that failed for good: %(number)s", number=want.number)
        page = url_for("console.dead_letters")
        return ShownWant("warn", title, _("Mend the cause, then replay them."), page, _("Look"))
    if want.kind == "channel_begun":
        title = _("Channel %(name)s is begun and takes no part.", name=about)
        return ShownWant("warn", title, want.detail, url_for("console.channel", name=about), _("Set up"))
    return ShownWant("warn", _("A file in handlers/ takes no part."), want.detail, here, _("Look"))


def _tiles(load: Load) -> list[Tile]:
    waiting = url_for("console.events", state=EventState.RECEIVED.value)
    oldest = _("none")
    if load.oldest_due_at is not None:
        oldest = as_text(load.oldest_due_at) or ""
    return [
        Tile(_("Waiting to run"), _number(load.waiting, load), _("dispatches that are due"), waiting),
        Tile(_("Oldest waiting"), oldest, _("due since"), waiting),
        Tile(
            _("Dead letters"),
            _number(load.dead, load),
            _("events that failed for good"),
            url_for("console.dead_letters"),
        ),
    ]


def _number(count: int, load: Load) -> str:
    return f"{count:,}+" if load.is_more else f"{count:,}"
