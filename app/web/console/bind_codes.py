"""Bind codes: making one, showing its QR code, watching it; and the index of OpenIDs that came of them."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.errors import CallgateError, RefusedError, RequestError
from app.core.ports import BindSource
from app.core.states import BindStatus
from app.pipeline.binding.codes import bind_code_status, create_bind_code, default_ttl
from app.pipeline.operators.bindings import (
    bindcode_view,
    list_openids_page,
    page_address,
    remove_openid,
)
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.forms import field
from app.web.console.listing import wanted
from app.web.console.words import explain
from app.web.errors import trace_id
from app.web.people.login_errors import see_other

PAGE_SIZE = 50
LONGEST_TTL = 10


def add_bind_codes(blueprint: Blueprint, services: Services) -> None:
    """Add the list of OpenIDs with the form for a code, one code, and taking an entry out."""

    @blueprint.get("/bind-codes")
    def bind_codes() -> Response:
        """List who is bound, newest first."""
        return _list(services)

    @blueprint.post("/bind-codes")
    def make_bind_code() -> Response:
        """Make a code and go to its page."""
        try:
            made = create_bind_code(
                services,
                app=field("app").strip(),
                channel_name=field("channel"),
                ttl=_ttl(field("ttl")),
                user_ref=field("user_ref").strip() or None,
            )
        except CallgateError as error:
            return _list(services, error)
        return see_other(url_for("console.bind_code", code=made.bindcode.code))

    _add_one(blueprint, services)


def _add_one(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/bind-codes/<code>")
    def bind_code(code: str) -> Response:
        """Show one code, its QR code, and how it stands."""
        found = bind_code_status(services, code)
        if found is None:
            raise RefusedError("unknown_bindcode", "There is no such bind code.", http_status=404)
        page = render_template(
            "console/bind_code.html",
            code=bindcode_view(found),
            page_url=page_address(services, found),
            has_qr=found.qr_content is not None and found.status is BindStatus.PENDING,
            page_key=found.page_key,
        )
        return make_response(page)

    @blueprint.post("/bind-codes/remove")
    def remove_entry() -> Response:
        """Take one person out of an app's index."""
        app, open_id = field("app"), field("open_id")
        remove_openid(services, app=app, open_id=open_id, actor=the_operator().name, trace_id=trace_id())
        return see_other(url_for("console.bind_codes", done="openid_removed"))


def _list(services: Services, error: CallgateError | None = None) -> Response:
    filters = wanted(("app", "channel"))
    found = list_openids_page(
        services,
        app=filters.get("app"),
        channel=filters.get("channel"),
        cursor=request.args.get("cursor") or None,
        limit=PAGE_SIZE,
    )
    page = render_template(
        "console/bind_codes.html",
        found=found,
        filters=filters,
        channels=[each.name for each in services.channels if each.as_capability(BindSource) is not None],
        ttl=default_ttl(services.settings),
        error=None if error is None else explain(error),
    )
    return make_response(page, 200 if error is None else error.http_status)


def _ttl(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < LONGEST_TTL):
        raise RequestError("bad_ttl", "The time must be a whole number of seconds.")
    return int(text)
