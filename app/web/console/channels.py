"""Channels: the list; one with its set-up, its checklist and what arrives; the switch; the reload with its difference first."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.errors import CallgateError, RefusedError
from app.core.moments import as_text
from app.pipeline.operators.channel_check import Checked, check_now
from app.pipeline.operators.channel_list import list_channels
from app.pipeline.operators.reload import ask_for_reload, check_can_reload, compare
from app.pipeline.operators.setup import Setup, channel_setup, console_entries
from app.pipeline.operators.switches import SwitchOrder, switch_off, switch_on
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.channel_words import (
    COVERS,
    NEEDS,
    PURPOSES,
    STEPS,
    in_language,
    name_of,
    outcome_words,
    reason_words,
    step_detail,
    with_code,
)
from app.web.console.forms import field
from app.web.console.words import explain
from app.web.errors import trace_id
from app.web.people.login_errors import see_other
from app.web.qr import qr_svg

LONGEST_NAME = 64


def add_channels(blueprint: Blueprint, services: Services) -> None:
    """Add the list, the page of one channel, its buttons, and the reload."""

    @blueprint.get("/channels")
    def channels() -> Response:
        """List every channel with what came last."""
        page = render_template(
            "console/channels.html",
            items=list_channels(services),
            covers=COVERS,
            said=in_language,
            why=reason_words,
            name_of=name_of,
            iso=as_text,
        )
        return make_response(page)

    @blueprint.get("/channels/<name>")
    def channel(name: str) -> Response:
        """Show what a channel needs and how far it has come."""
        return _page(services, name)

    @blueprint.get("/channels/<name>/qr.svg")
    def channel_qr(name: str) -> Response:
        """Draw one of a channel's addresses."""
        setup = channel_setup(services, name[:LONGEST_NAME])
        address = setup.urls.get(request.args.get("of", ""))
        if address is None:
            raise RefusedError("not_found", "This channel has no such address.", http_status=404)
        return Response(qr_svg(address), mimetype="image/svg+xml")

    _add_buttons(blueprint, services)
    _add_reload(blueprint, services)


def _add_buttons(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/channels/<name>/check")
    def check_channel(name: str) -> Response:
        """Ask the platform whether it takes the keys, and show what it said."""
        return _page(services, name, checked=check_now(services, name[:LONGEST_NAME]))

    @blueprint.post("/channels/<name>/disable")
    def disable_channel(name: str) -> Response:
        """Switch a channel off beside its file."""
        return _switched(services, name, enabled=False)

    @blueprint.post("/channels/<name>/enable")
    def enable_channel(name: str) -> Response:
        """Take back that a channel is switched off."""
        return _switched(services, name, enabled=True)


def _switched(services: Services, name: str, *, enabled: bool) -> Response:
    order = SwitchOrder(the_operator().name, field("reason").strip(), trace_id())
    try:
        (switch_on if enabled else switch_off)(services, name[:LONGEST_NAME], order)
    except CallgateError as error:
        return _page(services, name, error=error)
    done = "channel_enabled" if enabled else "channel_disabled"
    return see_other(url_for("console.channel", name=name, done=done))


def _add_reload(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/reload")
    def reload_page() -> Response:
        """Show what a reload would change."""
        return _reload_page(services)

    @blueprint.post("/reload")
    def reload_now() -> Response:
        """Have every serving process replaced."""
        try:
            check_can_reload(services)
            ask_for_reload(services, actor=the_operator().name, trace_id=trace_id())
        except CallgateError as error:
            return _reload_page(services, error)
        return see_other(url_for("console.reload_page", done="reload_asked_for"))


def _reload_page(services: Services, error: CallgateError | None = None) -> Response:
    page = render_template(
        "console/reload.html",
        difference=compare(services),
        can_reload=services.runtime.main_process is not None,
        error=None if error is None else explain(error),
    )
    return make_response(page, 200 if error is None else error.http_status)


def _page(
    services: Services, name: str, *, checked: Checked | None = None, error: CallgateError | None = None
) -> Response:
    setup = channel_setup(services, name[:LONGEST_NAME])
    page = render_template(
        "console/channel.html",
        setup=setup,
        fields=console_entries(setup),
        is_link=setup.console is not None and setup.console.address.startswith("https://"),
        is_in_file=_is_on_in_file(services, setup),
        checked=checked,
        error=None if error is None else explain(error),
        covers=COVERS,
        needs=NEEDS,
        purposes=PURPOSES,
        steps=STEPS,
        said=in_language,
        why=reason_words,
        told=step_detail,
        outcome=outcome_words,
        with_code=with_code,
        name_of=name_of,
        iso=as_text,
    )
    return make_response(page, 200 if error is None else error.http_status)


def _is_on_in_file(services: Services, setup: Setup) -> bool:
    """Say whether the file lets the channel take part, so that a switch has a meaning."""
    return services.channels.get(setup.name) is not None
