"""API tokens: those of the database with their last use, made and revoked; those of the settings by name. For admins."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.config.api_tokens import SCOPES
from app.core.errors import CallgateError, RefusedError, RequestError
from app.core.roles import Role
from app.pipeline.api_tokens import NewToken, create_api_token, end_api_token_of_id
from app.pipeline.operators.api_tokens import api_tokens_view
from app.pipeline.services import Services
from app.web.console.access import needs, the_operator
from app.web.console.forms import field
from app.web.console.words import explain
from app.web.people.login_errors import see_other

MOST_DAYS = 3650
MOST_LINES = 100


def add_api_tokens(blueprint: Blueprint, services: Services) -> None:
    """Add the list and its forms."""

    @blueprint.get("/api-tokens")
    @needs(Role.ADMIN)
    def api_tokens() -> Response:
        """Show the tokens."""
        return _page(services)

    @blueprint.post("/api-tokens")
    @needs(Role.ADMIN)
    def make_api_token() -> Response:
        """Make a token and show its text, this once."""
        try:
            token, text = create_api_token(services, _new(), actor=the_operator().name)
        except CallgateError as error:
            return _page(services, error=error)
        return _page(services, made=(token.name, text))

    @blueprint.post("/api-tokens/<token_id>/revoke")
    @needs(Role.ADMIN)
    def revoke_api_token(token_id: str) -> Response:
        """End a token."""
        if not end_api_token_of_id(services, token_id, actor=the_operator().name):
            error = RefusedError("unknown_token", "No token of this id works.", http_status=404)
            return _page(services, error=error)
        return see_other(url_for("console.api_tokens", done="api_token_revoked"))


def _page(
    services: Services, *, made: tuple[str, str] | None = None, error: CallgateError | None = None
) -> Response:
    page = render_template(
        "console/api_tokens.html",
        items=api_tokens_view(services),
        scopes=sorted(SCOPES),
        channels=[each.name for each in services.channels],
        made=made,
        error=None if error is None else explain(error),
    )
    return make_response(page, 200 if error is None else error.http_status)


def _new() -> NewToken:
    """Read the form; what the values may be is the pipeline's to say."""
    days = field("days").strip()
    if days and not (days.isascii() and days.isdigit() and len(days) < 5 and 1 <= int(days) <= MOST_DAYS):  # noqa: PLR2004
        raise RequestError("bad_token", f"The days must be a number from 1 to {MOST_DAYS}, or be left out.")
    paths = [line.strip() for line in field("paths").splitlines() if line.strip()]
    return NewToken(
        name=field("name").strip(),
        scopes=request.form.getlist("scopes")[:MOST_LINES],
        channels=request.form.getlist("channels")[:MOST_LINES],
        paths=paths[: MOST_LINES + 1],
        rate=field("rate").strip(),
        days=int(days) if days else None,
    )
