"""Reading what callers choose in a query: filters, and the form of an answer."""

from __future__ import annotations

from flask import request

from app.core.errors import RequestError


def given(*names: str) -> dict[str, str]:
    """Return the parameters of these names that are there and not empty."""
    return {name: request.args[name] for name in names if request.args.get(name)}


def wants_form(media_type: str, word: str) -> bool:
    """Say whether the answer is wanted in another form than JSON: by `format=`, else by Accept; raises RequestError."""
    wanted = request.args.get("format")
    if wanted is None:
        return request.accept_mimetypes.best_match(["application/json", media_type]) == media_type
    if wanted not in ("json", word):
        raise RequestError("bad_format", f"format must be json or {word}.")
    return wanted == word
