"""Errors as pages, for people who opened an address in a browser; programs get the JSON of errors.py."""

from __future__ import annotations

from flask import Response, render_template, request
from flask_babel import gettext as _

PROGRAM_PATHS = ("/api/", "/dev/", "/webhooks/", "/wechat", "/send/", "/auth/", "/.well-known/", "/static/")
PROGRAM_ENDINGS = (".json", ".svg", "/status")


def wants_page() -> bool:
    """Say whether the caller is a browser that was opened at an address for people."""
    path = request.path
    if (
        request.method not in ("GET", "HEAD")
        or path.startswith(PROGRAM_PATHS)
        or path.endswith(PROGRAM_ENDINGS)
    ):
        return False
    wishes = request.accept_mimetypes
    return "text/html" in wishes.values() and wishes["text/html"] >= wishes["application/json"]


def as_page(response: Response, trace_id: str) -> Response:
    """Turn an error's answer into a page that says in the reader's language what happened and what to do."""
    title, sentence = _words(response.status_code)
    response.set_data(
        render_template(
            "error.html", status=response.status_code, title=title, sentence=sentence, trace_id=trace_id
        )
    )
    response.mimetype = "text/html"
    return response


def _words(status: int) -> tuple[str, str]:
    if status in (404, 405):
        return _("There is nothing here"), _("The address may be mistyped, or what it led to is over.")
    if status in (401, 403):
        return _("This is not for you to see"), _(
            "You may have to log in, or somebody else may have to let you in."
        )
    if status == 429:  # noqa: PLR2004
        return _("Too many tries"), _("Please wait a moment, then try again.")
    if status >= 500:  # noqa: PLR2004
        return _("Something went wrong here"), _(
            "It is not your doing. Try again; if it stays, tell us the trace id below."
        )
    return _("This cannot be understood"), _("Go back and try again from the start.")
