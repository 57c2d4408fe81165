"""Fields of the console's forms, bounded before they are read."""

from __future__ import annotations

from flask import request

from app.core.errors import RefusedError

MOST_BYTES = 262_144
FORM = "application/x-www-form-urlencoded"


def field(name: str) -> str:
    """Return a field of the form as it was written, empty where there is none; raises RefusedError 413 for a form that is too large."""
    if request.mimetype != FORM:
        return ""
    if request.content_length is None or request.content_length > MOST_BYTES:
        message = f"The form is larger than {MOST_BYTES} bytes."
        raise RefusedError("body_too_large", message, http_status=413)
    return request.form.get(name, "")
